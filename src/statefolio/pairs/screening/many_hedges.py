"""Kalman hedges of thousands of pairs: maximum likelihood of each (scoring.py), and where it stands now.

    x_1,t = b_1,t + b_2,t x_2,t + e_t,    level b_1 and ratio b_2 random walks, exact diffuse

A climb starts from moments of the differences u = dx_1 - b dx_2, b their regression:

    R = -cov(u_t, u_t-1),    what is left of var(u), less 2 R, shared by V_1 and V_2 x_2^2

One that does not settle, or ends with a level or a ratio that stands still, is climbed from a second start as well.
`KalmanHedge` does one basket of any size, with paths, reversion and standard errors of the variances.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.frames import read_values
from statefolio._arrays.types import Array
from statefolio.exceptions import InputError
from statefolio.kalman.blocks import over_blocks, own_regressors, pad_last
from statefolio.kalman.climb import CONVERGED
from statefolio.kalman.panel import new_filter
from statefolio.kalman.ratio import likelihood_ratios
from statefolio.pairs.cointegration.engle_granger import Report
from statefolio.pairs.hedges.engine import motion
from statefolio.pairs.prices import logarithms, warn_of_splits
from statefolio.pairs.screening.baskets import Members, all_pairs, labels, named_baskets
from statefolio.pairs.screening.climbs import Climbs, climb, new_climbs
from statefolio.pairs.screening.scoring import VARIANCES
from statefolio.pairs.screening.units import RATIO, PairUnits, in_units

_AT_ONCE = 2048
_STARTS = ((0.02, 0.5), (0.2, 0.8))  # least R as a share of var(u), share of the rest that is the level's
_LEAST_NOISE = 1e-12  # share of var(u) that stands for an R of zero, where the exact diffuse start needs one

_ROUNDING = 1e-20  # of the variance of a date's move


def hedge_pairs(
    prices: Any,
    pairs: Sequence[tuple[Any, Any]] | None = None,
    *,
    logs: bool = False,
    progress: Report | None = None,
) -> pd.DataFrame:
    """Fit a Kalman hedge to every pair, level and hedge ratio random walks, by exact diffuse maximum likelihood.

    Parameters
    ----------
    prices : DataFrame (date x asset)
        NaN where there is no price; a date that lacks one of a pair's is a prediction without an update.
    pairs : list of (hedged, hedging) names, optional
        All pairs where not given, the name that comes first in the alphabet hedged.
    logs : bool
        Hedge the prices' logarithms; hedge ratios are then ratios of value.
    progress : callable (done, total), optional

    Returns
    -------
    DataFrame
        A row a pair ("A ~ B"): asset_1, asset_2, dates (with both prices), observation_variance, level_variance,
        ratio_variance, level, level_deviation, hedge_ratio, hedge_ratio_deviation (filtered, on the last date),
        log_likelihood, converged. NaN where a price stands still, two are collinear, or there are too few dates.

    Raises
    ------
    InputError, UnknownNameError
    """
    values, dates, assets = read_values(prices, "prices")
    warn_of_splits(values, dates, assets)
    if logs:
        values = logarithms(values, dates, assets)
    members = all_pairs(assets) if pairs is None else named_baskets(pairs, assets, 2)
    if not len(members):
        raise InputError(f"there is no pair among {len(assets)} assets; one at least was expected.")
    parts = []
    for first in range(0, len(members), _AT_ONCE):
        parts.append(_hedge(values, members[first : first + _AT_ONCE]))
        if progress is not None:
            progress(min(first + _AT_ONCE, len(members)), len(members))
    table = pd.concat(parts, ignore_index=True)
    table.insert(0, "asset_1", assets[members[:, 0]])
    table.insert(1, "asset_2", assets[members[:, 1]])
    return table.set_index(pd.Index(labels(members, assets), name="pair", dtype=object))


def moving_ratio_likelihoods(values: Array, members: Members) -> Array:
    """Twice the log-likelihood that a moving hedge ratio adds to a moving level, (M,); NaN where there is no fit.

    Parameters
    ----------
    values : (T, N) array
        NaN where there is no price.
    members : (M, k) array of int
        Of more than two assets, the ratio that adds most, the others free to move (kalman/ratio.py); NaN where the
        observation variance is down to rounding, and with it what the likelihoods differ by.
    """
    if members.shape[1] > 2:
        basket = values[:, members]  # (T, M, k)
        X = basket.swapaxes(1, 2).copy()
        X[:, 0] = 1.0
        ratios = likelihood_ratios(*own_regressors(X, basket[:, :, 0]))
        rounding = ratios.level < _ROUNDING * np.nanvar(np.diff(basket[:, :, 0], axis=0), axis=0)
        return np.where(rounding, np.nan, ratios.ratio[1:].max(axis=0))
    found = np.full(len(members), np.nan)
    units = in_units(values[:, members[:, 1]], values[:, members[:, 0]])
    free, still = _maximise(units), _maximise(units, held=RATIO)
    found[units.usable] = 2.0 * np.maximum(free.value - still.value, 0.0)
    return found


def _maximise(units: PairUnits, held: int = -1) -> Climbs:
    """Climb every pair, the doubtful ones twice."""
    everyone = np.arange(len(units.usable))
    best = _climb(units, everyone, _STARTS[0], held)
    free = [i for i in range(1, VARIANCES) if i != held]
    doubtful = np.flatnonzero((best.reason != CONVERGED) | (best.theta[:, free] == 0.0).any(axis=1))
    again = _climb(units, doubtful, _STARTS[1], held)
    better = again.value > best.value[doubtful]
    for mine, other in ((best.theta, again.theta), (best.value, again.value), (best.reason, again.reason)):
        mine[doubtful[better]] = other[better]
    return best


def _climb(units: PairUnits, columns: NDArray[np.intp], start: tuple[float, float], held: int) -> Climbs:
    climbs = new_climbs(columns, units.start(*start)[columns], held)
    if len(columns):
        pieces = int(np.clip(len(columns) // 512, 1, 16))
        over_blocks(
            lambda first, last: climb(units.pairs, climbs, first, last),
            len(columns),
            float(len(columns)) * len(units.pairs.y),
            pieces=pieces,
        )
    return climbs


def _hedge(values: Array, members: Members) -> pd.DataFrame:
    """Variances, and the state after the last date by the panel engine."""
    x, y = values[:, members[:, 1]], values[:, members[:, 0]]
    units = in_units(x, y)
    columns = {"observation_variance": np.full(len(members), np.nan)}
    names = ["level_variance", "ratio_variance", "level", "level_deviation", "hedge_ratio", "hedge_ratio_deviation"]
    columns |= {name: np.full(len(members), np.nan) for name in [*names, "log_likelihood"]}
    converged = np.zeros(len(members), dtype=bool)
    count, usable = len(units.usable), units.usable
    if count:
        ends = _maximise(units)
        variances = units.variances(ends.theta)
        X, Y = own_regressors(np.stack([np.ones((len(y), count)), x[:, usable]], axis=1), y[:, usable])
        filter_ = new_filter(motion(False), variances[1:], np.maximum(variances[0], _LEAST_NOISE * units.deviation**2))
        paths = filter_.run(pad_last(X, 0.0), pad_last(Y, np.nan), store="likelihood")
        mean, covariance = filter_.state.mean[:, :count], filter_.state.covariance[:, :count]
        found = [*variances, mean[0], np.sqrt(covariance[0]), mean[1], np.sqrt(covariance[2])]
        for column, own in zip(columns.values(), [*found, paths.log_likelihood[:count]], strict=True):
            column[usable] = own
        converged[usable] = ends.reason == CONVERGED
    return pd.DataFrame({"dates": units.dates, **columns, "converged": converged})
