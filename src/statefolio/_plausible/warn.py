"""Warns of findings: one sentence for each kind, with the assets, the first date, and what to do."""

import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from statefolio._arrays.text import listed, show
from statefolio._plausible.finding import Finding
from statefolio.exceptions import StatefolioWarning

_warned: ContextVar[set[tuple[str, Any]] | None] = ContextVar("_warned", default=None)

_PASSED_OVER = ("statefolio", "contextlib")
_CODES = ("nonpositive_price", "vendor_code")
_SENTENCES = {
    "percent": (
        "{name} must be returns in decimals (0.01 = 1 %), got percent, it seems: {assets} {detail}. Use {name} / 100."
    ),
    "prices": (
        "{name} must be returns in decimals, got prices, it seems: {assets} {detail}. Use statefolio.to_returns, or "
        ".pct_change()."
    ),
    "yearly_rate": (
        "{name} must be returns of one date in decimals, got yearly rates, it seems: {assets} {detail}. Divide them by "
        "the number of dates per year, and by 100 if they are in percent."
    ),
    "vendor_code": (
        "{name} should be above -100 %, got {count} values that are not, or are a vendor's code for a missing value "
        "(first: {first}, {value:g}; columns: {assets}). Set them to NaN, or correct them."
    ),
    "extreme_move": (
        "{name} must not move to twenty times the price or a hundredth, got {count} such moves (first: {first}, "
        "{detail}): codes for missing values, or errors, it seems.{effect} Set them to NaN, or correct them."
    ),
    "split": (
        "{name} should be adjusted for splits, got {count} moves that look like splits (first: {first}, {detail}). "
        "Adjust the prices if they are."
    ),
    "undone_move": (
        "{name} should not jump and return, got {count} large moves that the next date undoes (first: {first}, "
        "{detail}; assets: {assets}). Set wrong values to NaN."
    ),
    "mostly_unchanged": (
        "{name} should not stand still, got {each}.{effect} Check whether the asset is delisted, suspended or "
        "padded, and leave it out if so."
    ),
    "near_duplicate": "{name} should have each asset once, got {each}. Drop one of them.",
}


@contextmanager
def warned_once() -> Iterator[None]:
    """Warn of a kind of finding about an asset once inside this context, for functions that pass a table on."""
    if _warned.get() is not None:
        yield
        return
    token = _warned.set(set())
    try:
        yield
    finally:
        _warned.reset(token)


def leave_out(kind: str, assets: Iterable[Any]) -> None:
    """Warn no more of a kind of finding about some assets, inside `warned_once`."""
    warned = _warned.get()
    if warned is not None:
        warned |= {(kind, asset) for asset in assets}


def warn_of(findings: Sequence[Finding], name: str, effect: str = "") -> None:
    """Warn of findings about the table `name`, one warning for each kind; `effect` says what becomes of them."""
    if not findings:
        return
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault("vendor_code" if finding.kind in _CODES else finding.kind, []).append(finding)
    for kind, sentence in _SENTENCES.items():
        if kind in groups and (new := _not_warned_of(groups[kind])):
            warn_caller(sentence.format(**_words(sorted(new, key=_by_date), name), effect=effect))


def _by_date(finding: Finding) -> tuple[int, int]:
    return finding.row, finding.place


def _not_warned_of(findings: list[Finding]) -> list[Finding]:
    warned = _warned.get()
    if warned is None:
        return findings
    new = [finding for finding in findings if (finding.kind, finding.asset) not in warned]
    warned |= {(finding.kind, finding.asset) for finding in findings}
    return new


def _words(findings: list[Finding], name: str) -> dict[str, Any]:
    first = findings[0]
    each = [f"{finding.asset!r} that {finding.detail}" for finding in findings]
    return {
        "name": name,
        "count": len(findings),
        "first": f"{first.asset!r} on {show(first.date)}",
        "value": first.value,
        "detail": first.detail,
        "assets": listed(dict.fromkeys(finding.asset for finding in findings)),
        "each": ", ".join(each[:3]) + (f" and {len(each) - 3} more" if len(each) > 3 else ""),
    }


def warn_caller(message: str) -> None:
    """Warn at the first line outside the library."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _PASSED_OVER:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, StatefolioWarning, stacklevel=level)
