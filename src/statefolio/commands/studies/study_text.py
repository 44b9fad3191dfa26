"""Reads the text of a study file, within bounds that are checked before it is parsed.

Parsing takes time that grows with the square of some of these, or more memory than there is; the check reads the text
once, from left to right.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

from statefolio.exceptions import FileFormatError

MOST_BYTES = 1 << 18
MOST_FIELDS = 5_000
"""Fields, tables and lists."""
MOST_DEPTH = 30
MOST_PARTS = 20
"""Parts of a dotted key."""
MOST_LETTERS = 1_000
"""Letters or digits of a word or number without quotes."""
_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|"""|"(?:[^"\\\n]|\\[^\n])*"|'
    r"'''.*?'{3,5}|'''|'[^'\n]*'|#[^\n]*|[A-Za-z0-9_+-]+|[^\S\n]+|.",
    re.DOTALL,
)
_OPEN = frozenset({'"', "'", '"""', "'''"})
"""Quotes that open a string which does not end."""
_LONG = frozenset("\"'# \t\r")
"""First letters of strings, comments and spaces, which may be long."""


def read_source(path: str | Path) -> str:
    """Return the text of a study file, without the mark that some editors put before it.

    Raises
    ------
    FileFormatError
        If it cannot be read, is too large, or is not UTF-8.
    """
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise FileFormatError(
            f"{path} does not exist. Check the path, or write a study file with `statefolio init`."
        ) from error
    except (OSError, ValueError, TypeError) as error:  # ValueError: a zero byte in the path
        reason = getattr(error, "strerror", None) or error
        raise FileFormatError(f"{str(path)!r} cannot be read ({reason}). Check the path.") from error
    if len(raw) > MOST_BYTES:
        raise FileFormatError(
            f"{path} must have at most {MOST_BYTES:,} bytes, got more. Check that it is a study file."
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileFormatError(f"{path} must be UTF-8 text. Save it as UTF-8.") from error


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """Parse TOML; messages begin with `name`.

    Raises
    ------
    FileFormatError
        If the text is not TOML or is beyond the bounds; the message has the line.
    """
    _check_bounds(text, name)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileFormatError(f"{name} must be TOML: {str(error)[:200]}. Correct that line.") from error


def _check_bounds(text: str, name: str) -> None:
    """Raise FileFormatError where brackets, dotted keys, words or tables exceed the bounds."""
    if len(text) > MOST_BYTES:
        raise FileFormatError(
            f"{name} must have at most {MOST_BYTES:,} characters, got {len(text):,}. Make it shorter."
        )
    depth, dots, fields, before = 0, 0, 0, ""
    for match in _TOKEN.finditer(text):
        token = match[0]
        first = token[0]
        if first in " \t\r":
            continue
        if first in "[{":
            depth += 1
        elif first in "]}":
            depth = max(depth - 1, 0)
        fields += first in "[{="
        if first == ".":
            dots += 1
        elif before != ".":
            dots = 0
        before = first
        too_long = len(token) > MOST_LETTERS and first not in _LONG
        if too_long or depth > MOST_DEPTH or dots >= MOST_PARTS or fields > MOST_FIELDS or token in _OPEN:
            line = text.count("\n", 0, match.start()) + 1
            raise FileFormatError(f"{name} {_reason(token, depth, dots, fields)} in line {line}. Correct it.")


def _reason(token: str, depth: int, dots: int, fields: int) -> str:
    if token in _OPEN:
        return "must have a closing quote for each opening one, got none"
    bounds = (
        (depth > MOST_DEPTH, MOST_DEPTH, "brackets within brackets"),
        (dots >= MOST_PARTS, MOST_PARTS, "parts in a dotted key"),
        (fields > MOST_FIELDS, MOST_FIELDS, "fields, tables and lists"),
        (True, MOST_LETTERS, "letters or digits in a row without quotes"),
    )
    most, what = next((most, what) for beyond, most, what in bounds if beyond)
    return f"must have at most {most:,} {what}, got more"
