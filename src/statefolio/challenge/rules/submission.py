"""A submission: data, never code. Reads it from the wire, or from TOML on the participant's machine."""

import hashlib
import json
import math
from dataclasses import dataclass
from typing import Any, Literal

from statefolio.challenge.rules.checks import NO_DATES, InvalidSubmission, SubmissionTables, check_submission
from statefolio.challenge.rules.repairs import repair as repaired
from statefolio.challenge.rules.strict_json import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_NODES,
    BodyTooLarge,
    InvalidBody,
    strict_json,
)
from statefolio.challenge.rules.universe import Universe
from statefolio.commands.studies.study_text import parse_toml
from statefolio.exceptions import FileFormatError

__all__ = ["InvalidSubmission", "Submission", "read_submission", "submission_of_toml"]


@dataclass(frozen=True)
class Submission:
    """A checked submission.

    Attributes
    ----------
    tables : SubmissionTables
        The fields, with the defaults of those left out.
    canonical : bytes
        The fields as given, as JSON with sorted names: equal content has equal bytes.
    warnings : tuple of str
        What was repaired, in a tutorial.

    Examples
    --------
    >>> first = read_submission(b'{"name": "mine", "track": "forecast"}')
    >>> second = read_submission(b'{"track":"forecast","name":"mine"}')
    >>> first.hash == second.hash
    True
    """

    tables: SubmissionTables
    canonical: bytes
    warnings: tuple[str, ...] = ()

    @property
    def track(self) -> Literal["forecast", "portfolio"]:
        """The track it is for."""
        return self.tables.track

    @property
    def name(self) -> str:
        """Its name, shown on the team's page."""
        return self.tables.name

    @property
    def note(self) -> str:
        """The team's own note."""
        return self.tables.note

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical bytes, in hexadecimal digits."""
        return hashlib.sha256(self.canonical).hexdigest()

    @property
    def portfolio_name(self) -> str:
        """The name of its portfolio; empty in the forecast track."""
        return self.tables.portfolio_name


def read_submission(raw: bytes, universe: Universe | None = None, *, repair: bool = False) -> Submission:
    """Read a submission from the wire and check it.

    Parameters
    ----------
    raw
        Strict JSON of at most 16,384 bytes, 16 levels and 500 values; see `strict_json`. A limit without an end is the
        text "inf" or "-inf".
    universe : Universe, optional
        Names of the public data. Without it, names and the options that depend on them are not checked.
    repair
        Repair mistakes with a warning, as in a tutorial.

    Returns
    -------
    Submission

    Raises
    ------
    BodyTooLarge
        If there are too many bytes.
    InvalidSubmission
        If it is not valid; the faults depend on the submission and the public data alone.

    Examples
    --------
    >>> read_submission(b'{"track": "forecast", "name": "mine", "loadings": {"tails": "gaussian"}}').track
    'forecast'
    """
    try:
        given = strict_json(raw, max_bytes=MAX_BYTES, max_depth=MAX_DEPTH, max_nodes=MAX_NODES)
    except BodyTooLarge:
        raise
    except InvalidBody as error:
        raise InvalidSubmission(error.faults) from None
    if not isinstance(given, dict):
        raise InvalidSubmission(["it must be an object with track, name and the tables, got another value. Add them."])
    notes: list[str] = []
    if repair:
        given, notes = repaired(given, universe)
    tables = check_submission(given, universe)
    canonical = json.dumps(given, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return Submission(tables, canonical.encode(), tuple(notes))


def submission_of_toml(text: str) -> bytes:
    r"""Return the wire form of a submission written in TOML, the language of study files.

    Raises
    ------
    InvalidSubmission
        If the text is too long, is not TOML, or has more brackets or dots than `parse_toml` parses.

    Examples
    --------
    >>> submission_of_toml('track = "forecast"\nname = "mine"\n[loadings]\ntails = "gaussian"')
    b'{"track":"forecast","name":"mine","loadings":{"tails":"gaussian"}}'
    """
    if len(text.encode()) > MAX_BYTES:
        raise BodyTooLarge([f"it must have at most {MAX_BYTES:,} bytes, got {len(text.encode()):,}. Shorten it."])
    try:
        given = parse_toml(text, "it")
    except FileFormatError as error:
        raise InvalidSubmission([str(error)]) from None
    return json.dumps(_plain(given, ""), separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _plain(value: Any, where: str) -> Any:
    """TOML's values as JSON has them."""
    if isinstance(value, dict):
        return {name: _plain(each, f"{where}.{name}".lstrip(".")) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, where) for each in value]
    if isinstance(value, float) and math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if isinstance(value, str | bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise InvalidSubmission([f"{where} must be text, a number, true or false, got {value}. {NO_DATES}"])
