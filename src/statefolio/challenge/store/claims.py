"""What a scorer holds while it works, and what it hands in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Claim:
    """A submission that one scorer holds until `lease_until`.

    Attributes
    ----------
    submission, team, track, body : str
        What to score.
    benchmark : bool
        Whether it is a benchmark entry.
    window, engine_version : str
        What to score it on, with which engine.
    lease_token : str
        Who holds it.
    attempt : int
        1 for the first.
    """

    submission: str
    team: str
    benchmark: bool
    track: str
    body: str
    window: str
    engine_version: str
    lease_token: str
    lease_until: datetime
    attempt: int


@dataclass(frozen=True, kw_only=True)
class Scored:
    """The result of a scoring.

    Attributes
    ----------
    value, standard_error : float or None
        None where they are undefined.
    details : mapping of str to float or None
        Further measures.
    failed_gates, reasons : tuple of str
        Gates of the rules that it fails; a sentence for each.
    series_hash : str
        SHA-256 of the per-date results, which lie with the hidden data.
    """

    value: float | None
    standard_error: float | None
    details: Mapping[str, float | None]
    failed_gates: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    series_hash: str
