"""Describes the verdict on a basket in a few sentences with its numbers."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from statefolio._arrays.text import show
from statefolio.pairs.adaptive.collapse import Collapse
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.static_hedges import RollingHedge, StaticHedge
from statefolio.pairs.verdict.calibration import NO_EVIDENCE, REVERTS, SPURIOUS, VerdictRow

_EXPLANATIONS = {
    REVERTS: "The held value",
    SPURIOUS: "The spread is misleading, and there is no evidence that the held value reverts: it",
    NO_EVIDENCE: "There is no evidence that the held value reverts: it",
}


class VerdictFacts(NamedTuple):
    """The facts that the sentences state; see `Verdict`."""

    outcome: str
    rows: dict[str, VerdictRow]
    draws: int
    collapsed_draws: float  # share of the draws
    hedge: Hedge
    collapse: Collapse | None
    dates: pd.DatetimeIndex
    in_sample: bool
    level: float


def sentence(facts: VerdictFacts) -> str:
    """Describe a verdict."""
    parts = [f"{_basket(facts)}: {facts.outcome}. {_EXPLANATIONS[facts.outcome]} {_held_value(facts)}", _spread(facts)]
    if facts.collapse is not None:
        parts.append(_collapse(facts, facts.collapse))
    return " ".join(parts)


def describe(hedge: Hedge) -> str:
    """Describe a hedge in a few words, with the article."""
    if isinstance(hedge, StaticHedge):
        return "constant ratios (Johansen's)" if hedge.method == "johansen" else "constant ratios (least squares)"
    if isinstance(hedge, RollingHedge):
        return f"least squares over {hedge.window} dates"
    if not isinstance(hedge, KalmanHedge):
        return f"a {type(hedge).__name__}"
    tuning = {
        "adaptive": f"tuned adaptively, at most {hedge.passes:,} passes",
        "mle": "tuned by maximum likelihood",
        "fixed": "parameters as given",
    }[hedge.tuning]
    level = ", the level a random walk" if hedge.transition == "identity" else ""
    return f"a Kalman filter ({tuning}{level})"


def _basket(facts: VerdictFacts) -> str:
    first, *others = [str(name) for name in facts.hedge.assets_]
    hedging = others[0] if len(others) == 1 else ", ".join(others[:-1]) + " and " + others[-1]
    return f"{first} hedged by {hedging} with {describe(facts.hedge)}"


def _held_value(facts: VerdictFacts) -> str:
    row, half_life = facts.rows["adf_held"], facts.rows["half_life_held"].value
    speed = f"has a half-life of {half_life:,.1f} dates" if np.isfinite(half_life) else "has no finite half-life"
    sample = "in sample" if facts.in_sample else "out of sample"
    lower = round(row.calibrated_p * (1 + facts.draws)) - 1
    return (
        f"{speed} (ADF statistic {row.value:.2f}, {len(facts.dates):,} dates from {show(facts.dates[0])} to "
        f"{show(facts.dates[-1])}, {sample}). Of {facts.draws:,} baskets with the same price changes that are not "
        f"cointegrated, tuned in the same way, {lower:,} {'reaches' if lower == 1 else 'reach'} as low a statistic "
        f"(calibrated p = {row.calibrated_p:.2g})."
    )


def _spread(facts: VerdictFacts) -> str:
    rows = [facts.rows["adf_predicted"], facts.rows["adf_filtered"]]
    ratios = [" under predicted ratios", " under filtered ratios (not tradable)"]
    if rows[0].value == rows[1].value:  # constant ratios
        rows, ratios = rows[:1], [""]
    nominal = " and ".join(f"{row.nominal_p:.2g}{which}" for row, which in zip(rows, ratios, strict=True))
    alarms = " and ".join(f"{100 * row.false_alarms:.0f} %" for row in rows)
    calibrated = " and ".join(f"{row.calibrated_p:.2g}" for row in rows)
    text = (
        f"The nominal p-value of the spread is {nominal}; at {100 * facts.level:g} % this test calls {alarms} of those "
        f"baskets stationary (calibrated p = {calibrated})."
    )
    if facts.outcome == NO_EVIDENCE and min(row.calibrated_p for row in rows) <= facts.level:
        text += " The spread itself reverts more than by chance, but it is not a profit that an investor can earn."
    return text


def _collapse(facts: VerdictFacts, collapse: Collapse) -> str:
    used = f"the parameters are those of pass {max(collapse.last_sound, 1)}"
    if getattr(facts.hedge, "on_collapse", "") == "continue":
        used = "it continued nevertheless"
    return (
        f"The tuning collapsed in pass {collapse.at_pass} ({collapse.reason}; {used}), as it did on "
        f"{100 * facts.collapsed_draws:.0f} % of those baskets."
    )
