"""Learns how fast alphas decay, for longs and shorts apart, from past dates alone.

Returns of a date s are regressed on the alphas that were forecast for the date s - j, on each side and for lags j of 0,
1, 2, 4, ... dates below the holding period: slopes b_j, with a covariance V clustered by date, as returns of one date
move together and serve all lags. With a half-life H the slopes are k 2^(-j/H), where k ~ N(1, 1/4) is the share that is
realised on the first date (`side_scales.py`), so that

    b | H ~ N(g, V + g g' / 4)      g_j = 2^(-j/H)

The prior has one half on no decay, and the other half spread evenly over `HALF_LIVES`. What is used is the mean of the
remaining share over the posterior, so that without evidence little decay is claimed, and never all or nothing.
"""

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio.portfolio.views.alpha_sides import remaining_share
from statefolio.portfolio.views.alpha_sources import AlphaPaths
from statefolio.portfolio.views.side_scales import LEAST_DATES, PRIOR_DEVIATION, weighted_sums

HALF_LIVES = (2.0, 5.0, 10.0, 21.0, 42.0, 84.0, 168.0)
"""Half-lives in dates that are weighed against each other and no decay."""
PRIOR = np.array([*[0.5 / len(HALF_LIVES)] * len(HALF_LIVES), 0.5])
_RIDGE = 1e-8


def lags_of(holding_period: float) -> tuple[int, ...]:
    """Return the lags that are used: 0, 1, 2, 4, ... below the holding period.

    >>> lags_of(21)
    (0, 1, 2, 4, 8, 16)
    """
    powers = (2**power for power in range(20))
    return (0, *(each for each in powers if each < holding_period))


def lagged_sums(paths: AlphaPaths, past: pd.DataFrame | None, lags: tuple[int, ...]) -> tuple[Array, pd.DataFrame]:
    """Return each date's sums of `weighted_sums` for every lag (T, L, 4), and the alphas that later calls need.

    Parameters
    ----------
    paths
        Of T dates.
    past : DataFrame (date x asset) or None
        Forecast alphas of dates before those of `paths`.
    lags
    """
    now = pd.DataFrame(paths.mean, paths.dates, paths.assets)
    before = now.iloc[:0] if past is None else past.loc[past.index < paths.dates[0]].reindex(columns=paths.assets)
    known = pd.concat([before, now]) if len(before) else now
    rows, alphas = np.arange(len(before), len(known)), known.to_numpy(dtype=np.float64)
    found = np.zeros((len(now), len(lags), 4))
    for place, lag in enumerate(lags):
        earlier = rows - lag
        x = np.where((earlier >= 0)[:, None], alphas[np.maximum(earlier, 0)], np.nan)
        found[:, place] = weighted_sums(x, paths)
    return found, known.iloc[max(0, len(known) - max(lags)) :]


def half_life_weights(sums: Array, lags: tuple[int, ...]) -> Array:
    """Return the posterior probabilities of `HALF_LIVES` and of no decay, by side (2, 8).

    Parameters
    ----------
    sums : (T, L, 4) array
        Of `lagged_sums`, any number of dates. With less than a year of dates on a side, the posterior is the prior.
    lags
    """
    return np.stack([_weights(sums[:, :, side], sums[:, :, 2 + side], lags) for side in (0, 1)])


def remaining_shares(weights: Array, dates: float) -> Array:
    """Return the mean remaining share over the posterior, by side (2,)."""
    shares = np.array([remaining_share(each, dates) for each in (*HALF_LIVES, None)])
    return np.asarray(weights @ shares)


def _weights(squares: Array, products: Array, lags: tuple[int, ...]) -> Array:
    used = (squares > 0.0).any(axis=1)
    if used.sum() < LEAST_DATES or not (squares > 0.0).any(axis=0).all():
        return PRIOR.copy()
    squares, products = squares[used], products[used]
    total = squares.sum(axis=0)
    slopes = products.sum(axis=0) / total
    scores = (products - squares * slopes) / total
    covariance = scores.T @ scores
    covariance += _RIDGE * np.diag(np.diagonal(covariance))
    logs = []
    for half_life in (*HALF_LIVES, np.inf):
        decay = 2.0 ** (-np.array(lags) / half_life)
        whole = covariance + PRIOR_DEVIATION**2 * np.outer(decay, decay)
        error = slopes - decay
        logs.append(-0.5 * (np.linalg.slogdet(whole)[1] + error @ np.linalg.solve(whole, error)))
    likelihood = np.exp(np.array(logs) - max(logs))
    posterior: Array = PRIOR * likelihood / float(PRIOR @ likelihood)
    return posterior
