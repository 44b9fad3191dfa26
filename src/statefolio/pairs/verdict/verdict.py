"""Judges whether a hedged basket reverts, with a p-value that accounts for the tuning of the hedge.

A time-varying hedge ratio makes almost any spread look stationary, because it adapts until the spread does. The verdict
therefore tests the held value, the profit of an investor who holds the hedge under the predicted ratios of each date;
changing weights cannot make it revert. Its statistic is compared with those of bootstrap draws, baskets with the same
price changes that are not cointegrated, tuned in the same way:

    p = (1 + draws with a statistic as low or lower) / (1 + draws)

This p-value is exact if the draws have the distribution of the basket under the null hypothesis (Davison and Hinkley
1997, Bootstrap Methods, chapter 4).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio._estimator import clone
from statefolio._options import Kind, Number, Whole, check, check_options, is_whole
from statefolio.exceptions import InputError
from statefolio.pairs.adaptive.collapse import Collapse
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.progress import Progress
from statefolio.pairs.verdict.bootstrap import ChangeBootstrap, default_block
from statefolio.pairs.verdict.calibration import VerdictRow, calibrated_rows, outcome_of
from statefolio.pairs.verdict.showing import ShownVerdict
from statefolio.pairs.verdict.statistics import hedge_statistics, statistics_of_baskets
from statefolio.pairs.verdict.verdict_sentence import VerdictFacts, sentence

FEWEST_DRAWS = 19
"""With fewer draws no p-value can be as low as 5 %."""
RULES = {
    "hedge": Kind(Hedge, "a hedge", "KalmanHedge()"),
    "draws": Whole(at_least=FEWEST_DRAWS, example=500),
    "passes": Whole(at_least=1, example=200),
    "seed": Whole(at_least=0),
    "level": Number(above=0.0, below=1.0, example=0.05),
}


@dataclass(frozen=True, eq=False, repr=False)
class Verdict(ShownVerdict):
    """Result of `judge_basket`: whether the held value of a hedge reverts.

    Attributes
    ----------
    outcome : str
        * "reverts": the held value reverts at `level`.
        * "fooled itself": it does not, and the spread is misleading: a nominal test calls it stationary where the
          calibrated test does not, or the tuning collapsed and the filter reproduces the prices. (A collapse because
          the level does not revert does not count.)
        * "no evidence": neither.
    p_value : float
        Calibrated p-value of the held value.
    table : DataFrame (measure x "value", "nominal_p", "calibrated_p", "false_alarms", "meaning")
        The row "adf_held" decides the outcome. `nominal_p` is MacKinnon's p-value, which ignores the tuning;
        `false_alarms` is the share of the draws, none of them cointegrated, with a nominal p-value of at most `level`.
    draws : DataFrame (draw x measure)
        `collapsed_at` is the first pass that collapsed, or 0.
    hedge : Hedge
        The hedge, tuned as on the draws and fitted to the basket.
    collapse : Collapse, optional
        Collapse of the tuning on the basket itself.
    dates : DatetimeIndex
        The tested dates: those with all prices after `tune_until`, or all with all prices.
    in_sample : bool
        The hedge was tuned on the tested dates.
    level : float
    block : int
        Length of a bootstrap block in price changes.
    sentence : str
        The verdict in words and numbers.

    Examples
    --------
    >>> import statefolio as sf
    >>> prices = sf.load_demo_prices()[["CVX", "XOM"]].loc["2021":]
    >>> verdict = sf.judge_basket(sf.pairs.StaticHedge(), prices, draws=19)
    >>> verdict.outcome, round(verdict.p_value, 2), verdict.in_sample, len(verdict.draws)
    ('no evidence', 0.55, True, 19)
    >>> print(verdict)
    CVX hedged by XOM with constant ratios (least squares): no evidence. There is no evidence that the held value
    reverts: it has a half-life of 59.9 dates (ADF statistic -1.82, 501 dates from 2021-01-04 to 2022-12-28, in sample).
    ...
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
    """Judge whether a hedged basket reverts, against draws of the same prices that are not cointegrated.

    The verdict describes the tested dates. It does not predict: real pairs with evidence in a first half of their dates
    reverted in the second half no more often than others.

    Parameters
    ----------
    hedge : Hedge
        Any hedge; a copy of it is tuned.
    prices : DataFrame (date x asset)
        The hedged asset first.
    tune_until : date, optional
        Tune on the dates up to it and test the later ones. By default tune and test on all dates, which the p-value
        accounts for because the draws are tuned in the same way.
    draws : int
        Number of bootstrap draws, at least 19.
    passes : int
        Maximum number of passes of adaptive tuning, on the basket and on the draws; `hedge` may set a smaller one.
    seed : int
    level : float
        Probability of the outcome "reverts" for a basket that does not revert.
    block : int, optional
        Length of a bootstrap block in price changes. By default the cube root of their number.
    progress : callable (done, total), optional
        Called with the number of draws.

    Returns
    -------
    Verdict

    Raises
    ------
    InputError, DataTypeError
        For invalid options, and for prices that cannot be hedged. No cointegration is a result, not an error.

    Examples
    --------
    A Kalman hedge whose ratio moves fast makes the spread of two oil stocks look stationary. The test that knows about
    the moving ratio disagrees, because most baskets without cointegration look just as stationary:

    >>> import statefolio as sf
    >>> prices = sf.load_demo_prices()[["CVX", "XOM"]].loc["2021":]
    >>> hedge = sf.pairs.KalmanHedge("identity", "fixed")
    >>> verdict = sf.judge_basket(hedge, prices, draws=19)
    >>> verdict.outcome
    'fooled itself'
    >>> verdict.table.loc[["adf_held", "adf_predicted"], ["nominal_p", "calibrated_p", "false_alarms"]].round(2)
                   nominal_p  calibrated_p  false_alarms
    measure
    adf_held            0.47          0.55          0.05
    adf_predicted       0.00          0.15          0.95
    """
    given = {"hedge": hedge, "draws": draws, "passes": passes, "seed": seed, "level": level}
    check_options(given, RULES)
    _check_level(draws, level)
    fitted = clone(hedge)
    if is_whole(getattr(fitted, "passes", None)):
        fitted.set_params(passes=min(fitted.passes, passes))
    basket = fitted.fit_basket(prices, tune_until)
    tuned = len(basket.until(tune_until).dates)
    in_sample = tuned == len(basket.dates)
    later = int((~np.isnan(basket.values[tuned:, 0])).sum())
    if not in_sample:
        _check_tested(later)
    bootstrap = ChangeBootstrap(basket.values, _block(block, len(basket.complete) - 1), seed)
    drawn = statistics_of_baskets(fitted, bootstrap.draw, draws, basket, tuned, progress)
    rows = calibrated_rows(hedge_statistics(fitted, basket, tuned), drawn, level)
    collapse: Collapse | None = getattr(fitted, "collapse_", None)
    dates = basket.complete_dates if in_sample else basket.complete_dates[-later:]
    collapsed_draws = float((drawn["collapsed_at"] > 0).mean())
    outcome = outcome_of(rows, collapse, level)
    facts = VerdictFacts(outcome, rows, draws, collapsed_draws, fitted, collapse, dates, in_sample, level)
    return Verdict(
        outcome,
        rows["adf_held"].calibrated_p,
        pd.DataFrame(rows.values(), index=pd.Index(rows, name="measure"), columns=list(VerdictRow._fields)),
        drawn,
        fitted,
        collapse,
        dates,
        in_sample,
        float(level),
        bootstrap.block,
        sentence(facts),
    )


def _check_level(draws: int, level: float) -> None:
    if (1 + draws) * level < 1:
        fewest = int(np.ceil(1 / level)) - 1
        raise InputError(
            f"draws must be at least {fewest} for level={level:g}, or no p-value could be that low, got {draws}. "
            f"Pass draws={fewest} or more."
        )


def _check_tested(later: int) -> None:
    if later < 20:
        raise InputError(
            f"tune_until must be followed by at least 20 dates with all prices to test, got {later}. "
            "Pass an earlier date, or leave tune_until out to tune and test on all dates."
        )


def _block(block: int | None, changes: int) -> int:
    check("block", block, Whole(at_least=1, at_most=changes, example=default_block(changes)) | None)
    return default_block(changes) if block is None else int(block)
