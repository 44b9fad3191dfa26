"""Forecasts covariances by common methods, to compare a factor risk model with."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.dates import split_row
from statefolio._arrays.frames import read_values
from statefolio._arrays.types import Array
from statefolio._options import OneOf, Whole, check
from statefolio._plausible.warn import warn_caller
from statefolio.exceptions import InputError
from statefolio.loadings.least_squares import RollingLoadings
from statefolio.risk.dynamic_correlation import DynamicCorrelation
from statefolio.risk.factor_risk import FactorRisk
from statefolio.risk.nonlinear_shrinkage import quadratic_shrinkage
from statefolio.validation.covariance_forecast import CovarianceForecast, DenseCovariance
from statefolio.validation.risk_walk import walk_risk

WINDOW = 504
"""Dates of the sample that Ledoit-Wolf and the exponential weights use."""
HALF_LIFE = 40.0
SHRINKAGE = 0.1
OLS_WINDOW = 250
_MOST_MISSING = 0.05
LEDOIT_WOLF, EXPONENTIAL, ROLLING = "Ledoit-Wolf", "exponentially weighted", "rolling OLS"
QUADRATIC, DYNAMIC, DYNAMIC_SHRUNK = "QIS", "DCC", "DCC-NL"
Forecasts = dict[pd.Timestamp, CovarianceForecast]


def rival_covariances(
    returns: Any, factors: Any, test_from: Any, refit_every: int = 21, methods: str = "common"
) -> dict[str, Forecasts]:
    """Forecast covariances through a test by other methods, without look-ahead.

    - "Ledoit-Wolf": shrinkage of the sample covariance of the last 504 dates towards a multiple of the identity.
    - "exponentially weighted": half-life of 40 dates, correlations shrunk by 10 %, so that it is positive definite.
    - "rolling OLS": a factor model with loadings of a rolling regression on 250 dates and uncorrelated residuals.
    - "QIS", "DCC" and "DCC-NL", with `methods="all"`: non-linear shrinkage of the sample covariance of 504 dates, and
      dynamic conditional correlations with a GARCH(1,1) of each asset's own, without and with non-linear shrinkage
      (`DynamicCorrelation(pooling=0.0)`), estimated anew at each forecast on 1,260 dates.

    Ledoit-Wolf, the exponential weights and QIS leave out assets with more than 5 % of missing returns in their window,
    and other gaps count as zero; DCC leaves out assets with fewer than 252 returns. A method that too few dates rule
    out is not returned; a warning says so of the regression.

    Parameters
    ----------
    returns, factors, test_from, refit_every
        As for `walk_risk`.
    methods : {"common", "all"}
        "all" adds the last three, which take about a tenth of a second per forecast of 74 assets.

    Returns
    -------
    dict
        By method: forecasts by the first date they are for, as `score_covariances` takes them.

    References
    ----------
    Ledoit and Wolf (2004), Journal of Multivariate Analysis 88, 365-411; Ledoit and Wolf (2022) on QIS, Bernoulli 28,
    1519-1547; Engle, Ledoit and Wolf (2019) on DCC-NL, Journal of Business and Economic Statistics 37, 363-375.

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
    check("methods", methods, OneOf("common", "all"))
    values, dates, assets = read_values(returns, "returns")
    first = split_row(dates, test_from, "test_from")
    found: dict[str, Forecasts] = {}
    rows = range(first, len(dates), refit_every)
    samples = {LEDOIT_WOLF: _ledoit_wolf, EXPONENTIAL: _exponential}
    for name, estimate in (samples | {QUADRATIC: _quadratic} if methods == "all" else samples).items():
        made = {dates[row]: _forecast(values[:row], assets, estimate) for row in rows}
        found[name] = {date: forecast for date, forecast in made.items() if forecast is not None}
    model = FactorRisk(RollingLoadings(window=OLS_WINDOW), residual_structure=None)
    try:
        found[ROLLING] = walk_risk(model, returns, factors, test_from, refit_every)
    except InputError as error:
        warn_caller(f"returns should allow a comparison with {ROLLING}, which is left out: {error}")
    if methods == "all":
        frame = pd.DataFrame(values, index=dates, columns=assets)
        for name, shrinkage in ((DYNAMIC, False), (DYNAMIC_SHRUNK, True)):
            found[name] = _dynamic(frame, rows, DynamicCorrelation(refit_every, shrinkage, pooling=0.0))
    return {name: forecasts for name, forecasts in found.items() if forecasts}


def _dynamic(returns: pd.DataFrame, rows: range, model: DynamicCorrelation) -> Forecasts:
    found: Forecasts = {}
    for row in rows:
        known = returns.iloc[max(0, row - model.window) : row]
        if (known.notna().sum() >= model.min_observations).any():
            model.fit(known)
            found[returns.index[row]] = CovarianceForecast(model.assets_, model.covariance_)
    return found


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


def _quadratic(sample: Array) -> Array:
    return quadratic_shrinkage(np.cov(sample.T), len(sample) - 1)


def _exponential(sample: Array) -> Array:
    weight = 0.5 ** (np.arange(len(sample))[::-1] / HALF_LIFE)
    moment = (sample * weight[:, None]).T @ sample / weight.sum()
    matrix: Array = (1.0 - SHRINKAGE) * moment + SHRINKAGE * np.diag(np.diag(moment))
    return matrix
