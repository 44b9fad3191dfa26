"""Says in sentences what limits back-tests: decisions that fell back, notes on decisions, the look-ahead check."""

import re
from collections.abc import Mapping

import pandas as pd

from statefolio.report.backtest.protocols import Backtest, LookAheadCheck

MOST_REASONS = 3
_VARYING = re.compile(r"'[^']*'|[-+]?\d[\d.,%]*")
"""Names and numbers in a reason, which differ between decisions of the same kind."""


def fallback_sentences(results: Mapping[str, Backtest]) -> list[str]:
    """Return one sentence per strategy with decisions that fell back: their share, and the most frequent reasons."""
    return [
        f"{name}: {int(result.fallbacks['decisions'].sum()):,} of {result.decision_count:,} decisions "
        f"({result.fallbacks['share'].sum():.0%}) fell back: {_reasons(result.fallbacks)}."
        for name, result in results.items()
        if len(result.fallbacks)
    ]


def note_sentences(results: Mapping[str, Backtest]) -> list[str]:
    """Return one sentence per strategy with notes on its decisions: the most frequent ones."""
    return [f"{name}: {_reasons(result.notes)}." for name, result in results.items() if len(result.notes)]


def look_ahead_sentence(checks: Mapping[str, LookAheadCheck]) -> str:
    """Return what the look-ahead checks found; once, if it is the same for all strategies."""
    found = dict.fromkeys(check.sentence for check in checks.values())
    if len(found) <= 1:
        return next(iter(found), "not run")
    clean = [name for name, check in checks.items() if check.verdict == "causal"]
    parts = [f"{name}: {check.sentence}" for name, check in checks.items() if name not in clean]
    if clean:
        parts.append(f"{', '.join(clean)}: {checks[clean[0]].sentence}")
    return ". ".join(parts)


def _reasons(table: pd.DataFrame) -> str:
    """The most frequent reasons with the number of decisions and their dates; numbers and names are of the first."""
    kinds = [_VARYING.sub("", str(reason)) for reason in table.index]
    told = table.assign(reason=[str(reason) for reason in table.index]).groupby(kinds, sort=False)
    found = told.agg(decisions=("decisions", "sum"), first=("first", "min"), last=("last", "max"))
    found.index = pd.Index(told["reason"].first())
    found = found.assign(several=told.size().to_numpy() > 1)
    found = found.sort_values("decisions", ascending=False, kind="stable")
    parts = [
        f"{str(reason).rstrip('.')} ({row.decisions:,} decision{'' if row.decisions == 1 else 's'}, {_dates(row)}"
        f"{'; numbers of the first' if row.several else ''})"
        for reason, row in zip(found.index, found.itertuples(), strict=True)
    ]
    left = found["decisions"].iloc[MOST_REASONS:].sum()
    return "; ".join(parts[:MOST_REASONS]) + (f"; {left:,} for other reasons" if left else "")


def _dates(row: object) -> str:
    first, last = row.first, row.last  # type: ignore[attr-defined]
    return f"{first:%Y-%m-%d}" if first == last else f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
