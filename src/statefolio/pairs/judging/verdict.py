"""Does a hedged basket revert, or has its tuning fooled itself? A p-value that knows what the tuning does.

A tuned hedge makes the spread of any prices look stationary: its weights move so that it should. Two things are done
about it. The series that decides is the value held, what somebody earns who holds the hedge under the ratios predicted
for each date; moving weights cannot make that revert. And its statistic is set beside those of baskets that are not
cointegrated, made from the same price changes and tuned in the same way:

    p = (1 + draws with a statistic as low or lower) / (1 + draws)

That is exact for draws like the basket under the null (Davison and Hinkley 1997, Bootstrap Methods, chapter 4).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from statefolio._arrays.types import Array
from statefolio._options import is_number, is_whole
from statefolio.exceptions import DataTypeError, InputError
from statefolio.pairs.cointegration.mackinnon import p_values
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.judging.bootstrap import ChangeBootstrap, default_block
from statefolio.pairs.judging.measures import Measures, Progress, measure, measure_all
from statefolio.pairs.judging.verdict_sentence import FOOLED, NOTHING, REVERTS, Judged, Row, sentence
from statefolio.pairs.prices import read_basket
from statefolio.pairs.recipe.collapse import NO_REVERSION, Collapse

FEWEST_DRAWS = 19
"""With fewer none could be judged at 5 %."""
MEANINGS = {
    "adf_held": "value held under predicted ratios: decides",
    "half_life_held": "of the value held, in dates",
    "adf_predicted": "spread under predicted ratios: not what anybody earns",
    "adf_filtered": "spread under filtered ratios: not tradable",
}


@dataclass(frozen=True, eq=False)
class Verdict:
    """Whether what the holder of a hedge earns reverts.

    Attributes
    ----------
    outcome : str
        "reverts": the value held does, at `level`. "fooled itself": it does not, and the filter memorised its prices
        (the tuning collapsed, other than for a level that does not revert), or a nominal test calls the spread
        stationary where the calibrated one does not. "no evidence": neither.
    p_value : float
        Calibrated, of the value held.
    table : DataFrame (measure x "value", "nominal_p", "calibrated_p", "false_alarms", "meaning")
        "adf_held" decides. `nominal_p` is MacKinnon's, as if nothing had been tuned; `false_alarms` is the share of the
        draws, none of them cointegrated, that this p-value calls stationary at `level`.
    draws : DataFrame (draw x measure)
        `collapsed_at` is the first pass that is not sound, 0 without.
    hedge : Hedge
        Tuned as the draws were, and run.
    collapse : Collapse, optional
        How the tuning collapsed on the basket itself.
    dates : DatetimeIndex
        That are judged: those after `tune_until`, or all.
    in_sample : bool
        Whether the hedge was tuned on the dates that are judged.
    level : float
    block : int
        Price changes in a block of the bootstrap.
    sentence : str
        All this in words and numbers.
    """

    outcome: str
    p_value: float
    table: pd.DataFrame
    draws: pd.DataFrame
    hedge: Hedge
    collapse: Collapse | None
    dates: pd.DatetimeIndex
    in_sample: bool
    level: float
    block: int
    sentence: str

    def __str__(self) -> str:
        return self.sentence


def judge_basket(
    hedge: Hedge,
    prices: Any,
    *,
    tune_until: Any = None,
    draws: int = 500,
    passes: int = 200,
    seed: int = 0,
    level: float = 0.05,
    block: int | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Judge a hedge on a basket.

    Parameters
    ----------
    hedge : Hedge
        Any; it is tuned here and not written to.
    prices : DataFrame (date x asset)
        The hedged asset first.
    tune_until : date, optional
        Tune on the dates up to it, and judge the later ones. Without, tune and judge all: the draws are tuned alike,
        so the p-value holds for that too.
    draws : int
        Baskets that are not cointegrated, 19 at least.
    passes : int
        At most so many of the adaptive recipe, or the hedge's own if these are fewer, for the basket and for the draws.
    seed : int
    level : float
        Probability of calling a basket that does not revert one that does.
    block : int, optional
        Price changes in a block of the bootstrap; the cube root of their number by default.
    progress : callable, optional
        Called with how many draws are done, and of how many.

    Raises
    ------
    InputError, DataTypeError
        For options, and for prices that cannot be hedged. No cointegration is a result.
    """
    _check(hedge, draws, passes, seed, level)
    tuned = clone(hedge)
    if is_whole(getattr(tuned, "passes", None)):
        tuned.set_params(passes=min(tuned.passes, passes))
    tuned.fit(prices, tune_until=tune_until)
    basket = read_basket(prices, logs=tuned.logs)
    learned = len(basket.until(tune_until).dates)
    _check_judged(int((~np.isnan(basket.values[learned:, 0])).sum()), learned < len(basket.dates))
    bootstrap = ChangeBootstrap(basket.values, _block(block, len(basket.complete) - 1), seed)
    drawn = measure_all(tuned, bootstrap.draw, draws, basket, learned, progress)
    rows = _rows(measure(tuned, basket, learned), drawn, level)
    collapse: Collapse | None = getattr(tuned, "collapse_", None)
    in_sample = learned == len(basket.dates)
    dates = basket.dates if in_sample else basket.dates[learned:]
    collapsed_draws = float((drawn["collapsed_at"] > 0).mean())
    said = Judged(
        outcome_of(rows, collapse, level), rows, draws, collapsed_draws, tuned, collapse, dates, in_sample, level
    )
    return Verdict(
        said.outcome,
        rows["adf_held"].calibrated_p,
        pd.DataFrame(rows.values(), index=pd.Index(rows, name="measure"), columns=list(Row._fields)),
        drawn,
        tuned,
        collapse,
        dates,
        in_sample,
        float(level),
        bootstrap.block,
        sentence(said),
    )


def calibrated_p(value: float, draws: Array) -> float:
    """Share of draws as low as a value or lower, itself counted; one that could not be measured counts as lower."""
    if np.isnan(value):
        return 1.0
    return float((1 + np.count_nonzero(~(draws > value))) / (1 + len(draws)))


def _rows(found: Measures, drawn: pd.DataFrame, level: float) -> dict[str, Row]:
    rows = {}
    for name, meaning in MEANINGS.items():
        value, others = float(getattr(found, name)), drawn[name].to_numpy(dtype=float)
        nominal = alarms = np.nan
        if name.startswith("adf"):
            nominal = float(p_values(np.array([value]))[0])
            alarms = float((p_values(others) <= level).mean())
        rows[name] = Row(value, nominal, calibrated_p(value, others), alarms, meaning)
    return rows


def outcome_of(rows: Mapping[str, Row], collapse: Collapse | None, level: float) -> str:
    """What the table of a verdict, and the collapse of its tuning, come to; see `Verdict`."""
    if rows["adf_held"].calibrated_p <= level:
        return REVERTS
    spreads = rows["adf_predicted"], rows["adf_filtered"]
    misled = any(row.nominal_p <= level < row.calibrated_p for row in spreads)
    memorised = collapse is not None and collapse.reason != NO_REVERSION
    return FOOLED if misled or memorised else NOTHING


def _check(hedge: Any, draws: Any, passes: Any, seed: Any, level: Any) -> None:
    if not isinstance(hedge, Hedge):
        raise DataTypeError(f"hedge is a {type(hedge).__name__}; a hedge was expected, e.g. KalmanHedge().")
    for name, value, least in (("draws", draws, FEWEST_DRAWS), ("passes", passes, 1), ("seed", seed, 0)):
        if not is_whole(value) or value < least:
            raise InputError(f"{name}={value!r} came; a whole number from {least} was expected.")
    if not is_number(level) or not 0.0 < level < 1.0:
        raise InputError(f"level={level!r} came; a number between 0 and 1 was expected, e.g. 0.05.")
    if (1 + draws) * level < 1:
        raise InputError(
            f"draws={draws} came with level={level:g}; at least {int(np.ceil(1 / level)) - 1} were expected, or no "
            "basket could be found to revert."
        )


def _check_judged(later: int, split: bool) -> None:
    if split and later < 20:
        raise InputError(
            f"{later} dates with all prices come after tune_until; 20 at least were expected to judge. "
            "Tune until an earlier date, or leave tune_until out to tune on all dates and judge them all."
        )


def _block(block: int | None, changes: int) -> int:
    if block is None:
        return default_block(changes)
    if not is_whole(block) or not 1 <= block <= changes:
        raise InputError(
            f"block={block!r} came for {changes} price changes; a whole number from 1 to {changes} was "
            "expected, or None."
        )
    return int(block)
