"""Estimates the probability of back-test overfitting: how often the best in sample fails out of sample."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import shown
from statefolio._arrays.types import Array
from statefolio._options import is_whole
from statefolio.backtest.return_series import read_table
from statefolio.backtest.validation.criteria import Criterion, criterion_name, score
from statefolio.backtest.validation.showing import ShownOverfitting
from statefolio.exceptions import InputError

_MAXIMUM_BLOCKS = 20


@dataclass(frozen=True, eq=False, repr=False)
class Overfitting(ShownOverfitting):
    """Result of combinatorially symmetric cross-validation.

    Attributes
    ----------
    probability : float
        Probability of back-test overfitting: the share of combinations in which the best trial of one half is not
        better than the median of the other half. About 0.5 if all trials are noise; NaN if `reason` is not empty.
    slope : float
        Slope of the regression of the chosen trial's measure out of sample on that in sample, over combinations.
    loss_probability : float
        Share of combinations in which the chosen trial has a negative measure out of sample.
    logits : (combinations,) array
        log(w / (1 - w)), with w the chosen trial's rank out of sample over the number of trials + 1.
    chosen : Series
        Share of combinations in which each trial was the best in sample.
    measure : str
    blocks : int
    dates : int
        Number of dates used; the first few are left out so that blocks have equal lengths.
    reason : str
        Why there is no result; empty if there is one.
    """

    probability: float
    slope: float
    loss_probability: float
    logits: Array
    chosen: "pd.Series[float]"
    measure: str
    blocks: int
    dates: int
    reason: str = ""


def overfitting_probability(trials: Any, measure: Criterion = "sharpe", blocks: int = 16) -> Overfitting:
    """Estimate the probability of back-test overfitting (PBO) by combinatorially symmetric cross-validation (CSCV).

    Parameters
    ----------
    trials : DataFrame (T dates, N trials), mapping of returns, or `Trials`
        Returns of every configuration tried, in excess of cash. Only dates that all trials have are used.
    measure : str or callable
        "sharpe", "sortino", "calmar", "drawdown", "return", "volatility", or a function of a Series of returns. The
        Sharpe ratio takes milliseconds; other measures are computed for every combination.
    blocks : int
        Number of blocks of dates, even and at most 20. Every half of the blocks is one combination: 12,870 for 16.

    Returns
    -------
    Overfitting

    Raises
    ------
    InputError
        If `blocks` is not an even number from 2 to 20, or the measure is unknown.

    References
    ----------
    Bailey, Borwein, López de Prado and Zhu (2017), The Probability of Backtest Overfitting, Journal of Computational
    Finance 20(4), section 2.

    Examples
    --------
    Choosing one of ten stocks by its past Sharpe ratio:

    >>> import statefolio as sf
    >>> found = sf.backtest.overfitting_probability(sf.load_demo().returns.iloc[:, :10], blocks=8)
    >>> len(found.logits)
    70
    >>> f"{found.probability:.2f}"
    '0.69'
    """
    if not is_whole(blocks) or blocks not in range(2, _MAXIMUM_BLOCKS + 1, 2):
        raise InputError(
            f"blocks must be an even number from 2 to {_MAXIMUM_BLOCKS}, got {shown(blocks)}. Pass e.g. blocks=16."
        )
    table = read_table(trials, "trials")
    size, count = len(table) // blocks, table.shape[1]
    if count < 2 or size < 2:
        reason = f"{count} trial" if count < 2 else f"{len(table)} dates for {blocks} blocks of two or more"
        chosen, name = pd.Series(np.nan, index=table.columns), criterion_name(measure)
        return Overfitting(np.nan, np.nan, np.nan, np.empty(0), chosen, name, blocks, len(table), reason)
    used = table.iloc[len(table) - size * blocks :]
    halves = _halves(blocks)
    if measure == "sharpe":
        inside, outside = _sharpe_of(used.to_numpy(), halves), _sharpe_of(used.to_numpy(), ~halves)
    else:
        inside, outside = _score_of(used, halves, measure), _score_of(used, ~halves, measure)
    return _judge(inside, outside, used, criterion_name(measure), blocks)


def _judge(inside: Array, outside: Array, used: pd.DataFrame, measure: str, blocks: int) -> Overfitting:
    from scipy.stats import rankdata

    known = (~np.isnan(inside)).any(axis=1) & (~np.isnan(outside)).any(axis=1)
    inside, outside = inside[known], outside[known]
    chosen = np.nanargmax(inside, axis=1)
    filled = np.where(np.isnan(outside), -np.inf, outside)
    every = np.arange(len(inside))
    relative = rankdata(filled, axis=1)[every, chosen] / (inside.shape[1] + 1.0)
    before, after = inside[every, chosen], outside[every, chosen]
    both = np.isfinite(before) & np.isfinite(after)
    flat = both.sum() < 2 or np.ptp(before[both]) == 0.0
    return Overfitting(
        probability=float((relative <= 0.5).mean()) if len(relative) else np.nan,
        slope=np.nan if flat else float(np.polyfit(before[both], after[both], 1)[0]),
        loss_probability=float((after < 0.0).mean()) if len(after) else np.nan,
        logits=np.log(relative / (1.0 - relative)),
        chosen=pd.Series(np.bincount(chosen, minlength=inside.shape[1]) / max(len(chosen), 1), index=used.columns),
        measure=measure,
        blocks=blocks,
        dates=len(used),
        reason="" if len(relative) else "no trial's measure is defined",
    )


@lru_cache(maxsize=4)
def _halves(blocks: int) -> Any:
    """Return every choice of half of the blocks, as rows of a mask."""
    places = np.array(list(combinations(range(blocks), blocks // 2)))
    mask = np.zeros((len(places), blocks), dtype=bool)
    np.put_along_axis(mask, places, values=True, axis=1)
    mask.flags.writeable = False
    return mask


def _sharpe_of(r: Array, halves: Any) -> Array:
    """Return Sharpe ratios on every half, from sums and squares by block."""
    scale = np.abs(r).max(axis=0)
    scale[scale == 0.0] = 1.0
    parts = (r / scale).reshape(halves.shape[1], -1, r.shape[1])
    number = halves[0].sum() * parts.shape[1]
    pick = halves.astype(np.float64)
    mean = pick @ parts.sum(axis=1) / number
    variance = (pick @ (parts**2).sum(axis=1) - number * mean**2) / (number - 1.0)
    found = np.full(mean.shape, np.nan)
    np.divide(mean, np.sqrt(np.maximum(variance, 0.0)), out=found, where=variance > 1e-12 * np.maximum(mean**2, 1e-24))
    return found


def _score_of(used: pd.DataFrame, halves: Any, measure: Criterion) -> Array:
    size = len(used) // halves.shape[1]
    return np.array([score(used[np.repeat(half, size)], measure).to_numpy() for half in halves])
