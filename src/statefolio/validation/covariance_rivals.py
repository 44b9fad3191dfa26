"""Forecasts covariances by common methods, to compare a factor risk model with."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.dates import split_row
from statefolio._arrays.frames import read_values
from statefolio._arrays.types import Array
from statefolio._options import Whole, check
from statefolio._plausible.warn import warn_caller
from statefolio.exceptions import InputError
from statefolio.loadings.least_squares import RollingLoadings
from statefolio.risk.factor_risk import FactorRisk
from statefolio.validation.covariance_forecast import CovarianceForecast, DenseCovariance
from statefolio.validation.risk_walk import walk_risk

WINDOW = 504
"""Dates of the sample that Ledoit-Wolf and the exponential weights use."""
HALF_LIFE = 40.0
SHRINKAGE = 0.1
OLS_WINDOW = 250
_MOST_MISSING = 0.05
LEDOIT_WOLF, EXPONENTIAL, ROLLING = "Ledoit-Wolf", "exponentially weighted", "rolling OLS"
Forecasts = dict[pd.Timestamp, CovarianceForecast]


def rival_covariances(returns: Any, factors: Any, test_from: Any, refit_every: int = 21) -> dict[str, Forecasts]:
    """Forecast covariances through a test by three common methods, without look-ahead.

    - "Ledoit-Wolf": shrinkage of the sample covariance of the last 504 dates towards a multiple of the identity.
    - "exponentially weighted": half-life of 40 dates, correlations shrunk by 10 %, so that it is positive definite.
    - "rolling OLS": a factor model with loadings of a rolling regression on 250 dates and uncorrelated residuals.

    The first two leave out assets with more than 5 % of missing returns in their window; other gaps count as zero. A
    method that too few dates rule out is not returned; a warning says so of the last.

    Parameters
    ----------
    returns, factors, test_from, refit_every
        As for `walk_risk`.

    Returns
    -------
    dict
        By method: forecasts by the first date they are for, as `score_covariances` takes them.

    References
    ----------
    Ledoit and Wolf (2004), Journal of Multivariate Analysis 88, 365-411.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.iloc[:560, :5], demo.factors.iloc[:560]
    >>> rivals = sf.validation.rival_covariances(returns, factors, returns.index[520])
    >>> for name, forecasts in rivals.items():
    ...     scores = sf.validation.score_covariances(forecasts, returns, random_portfolios=0)
    ...     print(f"{name}: bias {scores.portfolios.loc['equal weight', 'bias']:.2f}")
    Ledoit-Wolf: bias 1.46
    exponentially weighted: bias 1.07
    rolling OLS: bias 1.03
    """
    check("refit_every", refit_every, Whole(at_least=1, example=21))
    values, dates, assets = read_values(returns, "returns")
    first = split_row(dates, test_from, "test_from")
    found: dict[str, Forecasts] = {}
    for name, estimate in ((LEDOIT_WOLF, _ledoit_wolf), (EXPONENTIAL, _exponential)):
        made = {dates[row]: _forecast(values[:row], assets, estimate) for row in range(first, len(dates), refit_every)}
        found[name] = {date: forecast for date, forecast in made.items() if forecast is not None}
    model = FactorRisk(RollingLoadings(window=OLS_WINDOW), residual_structure=None)
    try:
        found[ROLLING] = walk_risk(model, returns, factors, test_from, refit_every)
    except InputError as error:
        warn_caller(f"returns should allow a comparison with {ROLLING}, which is left out: {error}")
    return {name: forecasts for name, forecasts in found.items() if forecasts}


def _forecast(values: Array, assets: pd.Index, estimate: Callable[[Array], Array]) -> CovarianceForecast | None:
    sample = values[-WINDOW:]
    missing = np.isnan(sample)
    kept = (missing.mean(axis=0) <= _MOST_MISSING) & (np.nanvar(np.where(missing, 0.0, sample), axis=0) > 0.0)
    if not kept.any() or len(sample) < 2:
        return None
    matrix = estimate(np.where(missing, 0.0, sample)[:, kept])
    return CovarianceForecast(assets[kept], DenseCovariance(matrix))


def _ledoit_wolf(sample: Array) -> Array:
    from sklearn.covariance import ledoit_wolf

    matrix: Array = ledoit_wolf(sample)[0]
    return matrix


def _exponential(sample: Array) -> Array:
    weight = 0.5 ** (np.arange(len(sample))[::-1] / HALF_LIFE)
    moment = (sample * weight[:, None]).T @ sample / weight.sum()
    matrix: Array = (1.0 - SHRINKAGE) * moment + SHRINKAGE * np.diag(np.diag(moment))
    return matrix
