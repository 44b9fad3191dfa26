"""Reads JSON that somebody sent: bounds are checked in one pass over the bytes, before any parser sees them."""

import json
import math
import re
from collections.abc import Iterable
from typing import Any

from statefolio.exceptions import InputError

MAX_BYTES = 16_384
MAX_DEPTH = 16
MAX_NODES = 500
_LONGEST_NUMBER = 40
_LARGEST_WHOLE = 10**9
_MARKS = re.compile(rb'["\\\\,\[\]{}]')


class InvalidBody(InputError):
    """Raised for a body that cannot be used.

    Attributes
    ----------
    faults : list of str
        One sentence per fault, each saying what to change. They depend on the body and on public data alone.

    Examples
    --------
    >>> InvalidBody(["name is missing. Add it."]).faults
    ['name is missing. Add it.']
    """

    what = "the body"

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = [printable(fault) for fault in faults]
        count = "one fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__(f"{self.what} has {count}.{''.join(f'{chr(10)}  {fault}' for fault in self.faults)}")

    def __reduce__(self) -> tuple[type["InvalidBody"], tuple[list[str]]]:
        """Pickle by the faults."""
        return type(self), (self.faults,)


class BodyTooLarge(InvalidBody):
    """Raised for a body of too many bytes.

    Examples
    --------
    >>> strict_json(b" " * 20_000)
    Traceback (most recent call last):
    statefolio.challenge.rules.strict_json.BodyTooLarge: the body has one fault...
    """


def strict_json(
    raw: bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH, max_nodes: int = MAX_NODES
) -> Any:
    """Read a JSON value within bounds.

    Refused are: other encodings than UTF-8, NaN and infinities, a name given twice in one object, half characters
    (lone surrogates), whole numbers above 1,000,000,000, and numbers of more than 40 characters.

    Parameters
    ----------
    raw
        The bytes. Depth and nodes are counted in one pass, in time proportional to their number.
    max_bytes, max_depth, max_nodes
        Most bytes, nested lists and objects, and values.

    Returns
    -------
    dict, list, str, int, float, bool or None

    Raises
    ------
    BodyTooLarge
        If there are too many bytes.
    InvalidBody
        If the bytes are not such JSON.

    References
    ----------
    RFC 8259, and RFC 7493 (I-JSON) for what of it is refused.

    Examples
    --------
    >>> strict_json(b'{"track": "forecast"}')
    {'track': 'forecast'}
    >>> strict_json(b'{"a": 1, "a": 2}')
    Traceback (most recent call last):
    statefolio.challenge.rules.strict_json.InvalidBody: the body has one fault.
      "a" must be given once in its object, got it twice. Leave one out.
    """
    if len(raw) > max_bytes:
        raise BodyTooLarge([f"it must have at most {max_bytes:,} bytes, got {len(raw):,}. Shorten it."])
    check_bounds(raw, max_depth, max_nodes)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidBody([f"it must be UTF-8, got another byte at place {error.start}. Save it as UTF-8."]) from None
    try:
        value = json.loads(
            text, object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_number, parse_int=_whole
        )
    except json.JSONDecodeError as error:
        raise InvalidBody(
            [f"it must be JSON: {error.msg} at line {error.lineno}, column {error.colno}. Correct it there."]
        ) from None
    _check_text(value)
    return value


def check_bounds(raw: bytes, max_depth: int = MAX_DEPTH, max_nodes: int = MAX_NODES) -> None:
    """Raise InvalidBody if brackets nest too deep, or there are too many values; passes over the bytes once."""
    depth, nodes, inside, escaped = 0, 1, False, -1
    for found in _MARKS.finditer(raw):
        mark, place = found.group(), found.start()
        if inside:
            if place == escaped:
                continue
            if mark == b"\\":
                escaped = place + 1
            elif mark == b'"':
                inside = False
            continue
        inside = mark == b'"'
        depth = depth + 1 if mark in b"[{" else max(depth - 1, 0) if mark in b"]}" else depth
        nodes += mark in b",[{"
        if depth > max_depth:
            raise InvalidBody([f"it must nest at most {max_depth} deep, got more. Flatten it."])
        if nodes > max_nodes:
            raise InvalidBody([f"it must have at most {max_nodes} values, got more. Leave some out."])


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise InvalidBody([f'"{short(name)}" must be given once in its object, got it twice. Leave one out.'])
        found[name] = value
    return found


def _no_constant(word: str) -> None:
    raise InvalidBody([f"numbers must be finite, got {word}. Leave the field out, or write a number."])


def _number(digits: str) -> float:
    value = float(digits) if len(digits) <= _LONGEST_NUMBER else math.inf
    if not math.isfinite(value):
        raise InvalidBody(
            [f"numbers must be finite and have at most {_LONGEST_NUMBER} characters, got {short(digits)}. Shorten it."]
        )
    return value


def _whole(digits: str) -> int:
    if len(digits) > 11 or abs(int(digits)) > _LARGEST_WHOLE:
        raise InvalidBody([f"whole numbers must be at most {_LARGEST_WHOLE:,}, got {short(digits)}. Lower it."])
    return int(digits)


def _check_text(value: Any) -> None:
    """Refuse text that is not Unicode: an escape can stand for half a character."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str) and any("\ud800" <= letter <= "\udfff" for letter in each):
            raise InvalidBody(["text must be Unicode, got half a character (a lone surrogate). Write it whole."])


def short(text: str, most: int = 40) -> str:
    """Return a text for a message, shortened."""
    return text if len(text) <= most else f"{text[:most]}..."


def printable(text: str) -> str:
    """Return a text with a replacement for each character that is not shown, or that turns the direction of writing."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
