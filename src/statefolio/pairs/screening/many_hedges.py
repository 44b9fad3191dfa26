"""Fits Kalman hedges to thousands of pairs: the maximum likelihood of each, and its state on the last date.

    x_1,t = b_1,t + b_2,t x_2,t + e_t,    level b_1 and ratio b_2 random walks, exact diffuse

The search for the maximum (searches.py) starts from moments of u = dx_1 - b dx_2, b the regression coefficient:

    R = -cov(u_t, u_t-1),    V_1 and V_2 x_2^2 share the rest, var(u) - 2 R

A search that does not converge, or ends with a zero variance of the level or the ratio, is repeated from a second
start. `KalmanHedge` fits one basket of any size, with the states of all dates, a stationary level and standard errors.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio._options import Flag, check
from statefolio._plausible.warn import warn_caller
from statefolio._threads import get_num_threads
from statefolio.exceptions import InputError
from statefolio.kalman.blocks import over_blocks, own_regressors, pad_last
from statefolio.kalman.lanes import WIDTH
from statefolio.kalman.likelihood_ratio import likelihood_ratios
from statefolio.kalman.panel import new_filter
from statefolio.kalman.quasi_newton import CONVERGED
from statefolio.pairs.hedges.engine import motion
from statefolio.pairs.prices import read_prices
from statefolio.pairs.progress import Progress
from statefolio.pairs.screening.baskets import Members, all_pairs, labels, named_baskets
from statefolio.pairs.screening.scaling import FEWEST_DATES, RATIO, ScaledPairs, scale_pairs
from statefolio.pairs.screening.scoring import VARIANCES
from statefolio.pairs.screening.searches import Searches, new_searches, run_searches

Part = TypeVar("Part")

_AT_ONCE, _PARTS = 1024, 3  # most pairs of a part, and fewest parts of a thread
_STARTS = ((0.02, 0.5), (0.2, 0.8))  # smallest R as a share of var(u), and the level's share of the rest
_LEAST_NOISE = 1e-12  # replaces R = 0, which the exact diffuse start excludes; as a share of var(u)
_ROUNDING = 1e-20  # an R that is rounding error, as a share of the variance of price changes


def hedge_pairs(
    prices: Any,
    pairs: Sequence[tuple[Any, Any]] | None = None,
    *,
    logs: bool = False,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Fit a Kalman hedge with random-walk level and ratio to every pair, by exact diffuse maximum likelihood.

    Parameters
    ----------
    prices : DataFrame (date x asset)
        NaN where there is no price; a date without both prices of a pair is a prediction without an update.
    pairs : list of (hedged, hedging) names, optional
        By default all pairs; the first asset in alphabetical order is hedged.
    logs : bool
        Hedge log prices; hedge ratios are then ratios of values.
    progress : callable (done, total), optional
        Called after every block of pairs.

    Returns
    -------
    DataFrame
        One row per pair ("A ~ B"): asset_1, asset_2, dates (with both prices), observation_variance, level_variance,
        ratio_variance, level, level_deviation, hedge_ratio, hedge_ratio_deviation (filtered, on the last date),
        log_likelihood, converged. NaN, with a warning, for pairs with too few dates, constant prices or prices that
        cannot be told apart.

    Raises
    ------
    InputError, UnknownNameError
        For prices, names or options that are not valid.

    Examples
    --------
    >>> import statefolio as sf
    >>> prices = sf.load_demo_prices()[["CVX", "KO", "PEP", "XOM"]].loc["2018":]
    >>> table = sf.pairs.hedge_pairs(prices)
    >>> table[["hedge_ratio", "hedge_ratio_deviation"]].round(2)
               hedge_ratio  hedge_ratio_deviation
    pair
    CVX ~ KO          1.50                   0.21
    CVX ~ PEP         0.45                   0.08
    CVX ~ XOM         1.47                   0.06
    KO ~ PEP          0.29                   0.01
    KO ~ XOM          0.12                   0.03
    PEP ~ XOM         0.27                   0.08
    """
    check("logs", logs, Flag())
    values, _, assets = read_prices(prices, logs=logs)
    members = all_pairs(assets) if pairs is None else named_baskets(pairs, assets, 2)
    if not len(members):
        if pairs is None:
            raise InputError(f"prices must have at least two assets, got {listed(assets)}. Add assets.")
        raise InputError("pairs must name at least one pair, got none. Name one, or leave pairs out to hedge all.")
    table = pd.concat(_by_parts(_hedge, values, members, progress), ignore_index=True)
    _warn_of_unfitted(table, names := labels(members, assets))
    table.insert(0, "asset_1", assets[members[:, 0]])
    table.insert(1, "asset_2", assets[members[:, 1]])
    return table.set_index(pd.Index(names, name="pair", dtype=object))


def _warn_of_unfitted(table: pd.DataFrame, names: list[str]) -> None:
    """Warn of pairs that could not be fitted, by name and with the reason."""
    unfitted = np.flatnonzero(table["log_likelihood"].isna())
    if not len(unfitted):
        return
    reasons = []
    for row in unfitted[:3]:
        few = f"{table['dates'].iloc[row]} dates with both prices, {FEWEST_DATES} are needed"
        alike = "constant prices, or prices that cannot be told apart"
        reasons.append(f"{names[row]} ({few if table['dates'].iloc[row] < FEWEST_DATES else alike})")
    more = f" and {len(unfitted) - 3} more" if len(unfitted) > 3 else ""
    warn_caller(
        f"prices must differ and have enough dates to hedge all {len(table)} pairs, got {len(unfitted)} that could not "
        f"be fitted: {', '.join(reasons)}{more}. Their rows are missing; leave them out of pairs, or pass more dates."
    )


def moving_ratio_likelihoods(values: Array, members: Members) -> Array:
    """Return the likelihood ratios (M,) of a moving against a constant hedge ratio, the level free to move.

    Parameters
    ----------
    values : (T, N) array
        NaN where there is no price.
    members : (M, k) array of int
        Columns of each basket, the hedged asset first.

    Returns
    -------
    (M,) array
        Twice the difference of the log-likelihoods; NaN for baskets that cannot be fitted. With more than two assets it
        is the largest over the ratios, the others free to move (kalman/likelihood_ratio.py), and NaN if the observation
        variance, and with it the difference, is rounding error.
    """
    if members.shape[1] > 2:
        basket = values[:, members]  # (T, M, k)
        X = basket.swapaxes(1, 2).copy()
        X[:, 0] = 1.0
        ratios = likelihood_ratios(*own_regressors(X, basket[:, :, 0]))
        rounding = ratios.level < _ROUNDING * np.nanvar(np.diff(basket[:, :, 0], axis=0), axis=0)
        return np.where(rounding, np.nan, ratios.ratio[1:].max(axis=0))
    return np.concatenate(_by_parts(_moving_ratio_likelihoods, values, members))


def _moving_ratio_likelihoods(values: Array, members: Members) -> Array:
    found = np.full(len(members), np.nan)
    scaled = scale_pairs(values[:, members[:, 1]], values[:, members[:, 0]])
    moving, constant = _maximise(scaled), _maximise(scaled, fixed=RATIO)
    found[scaled.usable] = 2.0 * np.maximum(moving.value - constant.value, 0.0)
    return found


def _by_parts(
    work: Callable[[Array, Members], Part], values: Array, members: Members, progress: Progress | None = None
) -> list[Part]:
    """Return the results of `work` for parts of the pairs in turn; each part is one thread's from begin to end."""
    count, threads = len(members), get_num_threads()
    size = min(_AT_ONCE, max(-(-count // (_PARTS * threads)), WIDTH))
    parts: dict[int, Part] = {}

    def run(first: int, last: int) -> None:
        for part in range(first, last):
            parts[part] = work(values, members[part * size : (part + 1) * size])

    def report(done: int, total: int) -> None:
        if progress is not None and done < total:
            progress(done * size, count)

    number = max(-(-count // size), 1)
    over_blocks(run, number, float(count) * len(values), pieces=-(-number // threads), report=report)
    if progress is not None:
        progress(count, count)
    return [parts[part] for part in range(number)]


def _maximise(scaled: ScaledPairs, fixed: int = -1) -> Searches:
    """Search for every pair's maximum, and repeat doubtful searches from a second start."""
    everyone = np.arange(len(scaled.usable))
    best = _search(scaled, everyone, _STARTS[0], fixed)
    free = [i for i in range(1, VARIANCES) if i != fixed]
    doubtful = np.flatnonzero((best.reason != CONVERGED) | (best.theta[:, free] == 0.0).any(axis=1))
    again = _search(scaled, doubtful, _STARTS[1], fixed)
    better = again.value > best.value[doubtful]
    for mine, other in ((best.theta, again.theta), (best.value, again.value), (best.reason, again.reason)):
        mine[doubtful[better]] = other[better]
    return best


def _search(scaled: ScaledPairs, columns: NDArray[np.intp], start: tuple[float, float], fixed: int) -> Searches:
    searches = new_searches(columns, scaled.start(*start)[columns], fixed)
    run_searches(scaled.pairs, searches, 0, len(columns))
    return searches


def _hedge(values: Array, members: Members) -> pd.DataFrame:
    """Return variances, states on the last date (filtered by the panel engine) and log-likelihoods of pairs."""
    x, y = values[:, members[:, 1]], values[:, members[:, 0]]
    scaled = scale_pairs(x, y)
    columns = {"observation_variance": np.full(len(members), np.nan)}
    names = ["level_variance", "ratio_variance", "level", "level_deviation", "hedge_ratio", "hedge_ratio_deviation"]
    columns |= {name: np.full(len(members), np.nan) for name in [*names, "log_likelihood"]}
    converged = np.zeros(len(members), dtype=bool)
    count, usable = len(scaled.usable), scaled.usable
    if count:
        maxima = _maximise(scaled)
        variances = scaled.variances(maxima.theta)
        X, Y = own_regressors(np.stack([np.ones((len(y), count)), x[:, usable]], axis=1), y[:, usable])
        filter_ = new_filter(motion(False), variances[1:], np.maximum(variances[0], _LEAST_NOISE * scaled.deviation**2))
        paths = filter_.run(pad_last(X, 0.0), pad_last(Y, np.nan), store="likelihood")
        mean, covariance = filter_.state.mean[:, :count], filter_.state.covariance[:, :count]
        found = [*variances, mean[0], np.sqrt(covariance[0]), mean[1], np.sqrt(covariance[2])]
        for column, own in zip(columns.values(), [*found, paths.log_likelihood[:count]], strict=True):
            column[usable] = own
        converged[usable] = maxima.reason == CONVERGED
    return pd.DataFrame({"dates": scaled.dates, **columns, "converged": converged})
