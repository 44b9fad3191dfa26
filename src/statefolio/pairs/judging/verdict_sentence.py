"""The verdict on a basket in one sentence, with its numbers."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from statefolio._arrays.text import show
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.static_hedges import RollingHedge, StaticHedge
from statefolio.pairs.recipe.collapse import Collapse

REVERTS, FOOLED, NOTHING = "reverts", "fooled itself", "no evidence"


class Row(NamedTuple):
    """One measure of a basket, and where it falls among the draws."""

    value: float
    nominal_p: float
    calibrated_p: float
    false_alarms: float
    meaning: str


class Judged(NamedTuple):
    """What a sentence is made of; see `Verdict`."""

    outcome: str
    rows: dict[str, Row]
    draws: int
    collapsed_draws: float  # share of them
    hedge: Hedge
    collapse: Collapse | None
    dates: pd.DatetimeIndex
    in_sample: bool
    level: float


def sentence(found: Judged) -> str:
    """Say what was found."""
    opening = {
        REVERTS: "reverts: what its holder earned",
        FOOLED: "fooled itself: what its holder earned is not seen to revert; it",
        NOTHING: "shows no evidence that what is held reverts: it",
    }[found.outcome]
    parts = [f"{_whom(found)} {opening} {_held(found)}", _spread(found)]
    if found.collapse is not None:
        parts.append(_collapsed(found, found.collapse))
    return "; ".join(parts) + "."


def describe(hedge: Hedge) -> str:
    """A hedge in a few words, with the article."""
    if isinstance(hedge, StaticHedge):
        return "constant ratios (Johansen's)" if hedge.method == "johansen" else "constant ratios (least squares)"
    if isinstance(hedge, RollingHedge):
        return f"least squares over {hedge.window} dates"
    if not isinstance(hedge, KalmanHedge):
        return f"a {type(hedge).__name__}"
    how = {
        "adaptive": f"tuned adaptively, {hedge.passes:,} passes at most",
        "mle": "tuned by maximum likelihood",
        "fixed": "parameters as given",
    }[hedge.tuning]
    level = ", the level a random walk" if hedge.transition == "identity" else ""
    return f"a Kalman filter ({how}{level})"


def _whom(found: Judged) -> str:
    first, *others = [str(name) for name in found.hedge.assets_]
    by = others[0] if len(others) == 1 else ", ".join(others[:-1]) + " and " + others[-1]
    return f"{first} hedged by {by} with {describe(found.hedge)}"


def _held(found: Judged) -> str:
    row, life = found.rows["adf_held"], found.rows["half_life_held"].value
    back = f"comes half way back in {life:,.1f} dates" if np.isfinite(life) else "does not come back"
    when = "on which it was tuned" if found.in_sample else "after those it was tuned on"
    reach = round(row.calibrated_p * (1 + found.draws)) - 1
    return (
        f"{back} (ADF statistic {row.value:.2f}, {len(found.dates):,} dates from {show(found.dates[0])} to "
        f"{show(found.dates[-1])}, {when}), and of {found.draws:,} baskets with the same price changes that are not "
        f"cointegrated, tuned alike, {reach:,} {'does' if reach == 1 else 'do'} as well or better "
        f"(calibrated p = {row.calibrated_p:.2g})"
    )


def _spread(found: Judged) -> str:
    rows = [found.rows["adf_predicted"], found.rows["adf_filtered"]]
    under = [" under predicted ratios", " under filtered ones, which are not tradable,"]
    if rows[0].value == rows[1].value:  # ratios that never move
        rows, under = rows[:1], [""]
    nominal = " and ".join(f"{row.nominal_p:.2g}{which}" for row, which in zip(rows, under, strict=True))
    alarms = " and ".join(f"{100 * row.false_alarms:.0f} %" for row in rows)
    calibrated = " and ".join(f"{row.calibrated_p:.2g}" for row in rows)
    unearned = found.outcome == NOTHING and min(row.calibrated_p for row in rows) <= found.level
    return (
        f"the nominal p-value of its spread is {nominal} where the same test at {100 * found.level:g} % calls {alarms} "
        f"of those baskets stationary (calibrated p = {calibrated})"
        + unearned
        * ": the spread reverts beyond chance, but nobody earns it"
    )


def _collapsed(found: Judged, collapse: Collapse) -> str:
    used = f"parameters are those of pass {max(collapse.last_sound, 1)}"
    if getattr(found.hedge, "on_collapse", "") == "continue":
        used = "it went on all the same"
    return (
        f"the tuning collapsed in pass {collapse.at_pass} ({collapse.reason}; {used}), as on "
        f"{100 * found.collapsed_draws:.0f} % of those baskets"
    )
