"""Assesses predictive distributions: probability integral transforms, coverage of intervals, tests of uniformity."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from statefolio._arrays.types import Array
from statefolio.kalman.paths import freedom
from statefolio.kalman.specification import PRIOR_OBSERVATIONS
from statefolio.loadings.base import LoadingsModel

LEVELS = (0.90, 0.95, 0.99)
FEWEST = 30
"""Least number of returns for a test of uniformity."""
_LEAST = 1e-12


def predictive_degrees_of_freedom(model: LoadingsModel, errors: Array) -> Any:
    """Return the degrees of freedom of a fitted model's Student-t, infinite where it is Gaussian.

    A number, or by date and asset (T, N) for `noise="discount"`, where they depend on the returns observed so far.
    """
    parameters = model.parameters_
    if getattr(model, "noise", None) == "discount":
        prior = np.full(errors.shape[1], PRIOR_OBSERVATIONS)
        return freedom(float(parameters["memory"].iloc[0]), np.isfinite(errors), prior)
    if "degrees_of_freedom" not in parameters:
        return np.inf
    return float(parameters["degrees_of_freedom"].iloc[0])


def probabilities(errors: Array, variance: Array, degrees_of_freedom: Any = np.inf) -> Array:
    """Probability integral transform: the model's distribution function at every error.

    Parameters
    ----------
    errors, variance : arrays of one shape
        Return minus its prediction, and the model's variance of it; NaN where missing.
    degrees_of_freedom : float or array
        Of the Student-t with that variance, above 2; infinite is Gaussian.

    Returns
    -------
    array
        Uniform on 0 to 1 and independent through time if the model is correct (Diebold, Gunther and Tay,
        1998, International Economic Review 39).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        z = errors / np.sqrt(variance)
    z = np.where(np.isfinite(z), z, np.nan)
    nu = np.asarray(degrees_of_freedom, dtype=np.float64)
    if np.isinf(nu).all():
        return np.asarray(special.ndtr(z))
    return np.asarray(special.stdtr(nu, z * np.sqrt(nu / (nu - 2.0))))


def coverage_by_column(probability: Array, levels: tuple[float, ...] = LEVELS) -> Array:
    """Share of each column's values inside the central interval of each level, (levels, columns)."""
    known = np.isfinite(probability)
    distance = np.abs(np.where(known, probability, 0.0) - 0.5)
    count = known.sum(axis=0)
    inside = np.stack([(known & (distance <= level / 2)).sum(axis=0) for level in levels])
    return np.where(count > 0, inside / np.maximum(count, 1), np.nan)


def uniformity(probability: pd.DataFrame) -> pd.DataFrame:
    """Test each column of probability integral transforms for uniformity and autocorrelation.

    Parameters
    ----------
    probability : DataFrame (T dates, N columns)
        NaN where missing.

    Returns
    -------
    DataFrame
        One row per column: `count`; Kolmogorov's `kolmogorov_statistic` and its p-value; and Berkowitz's
        likelihood ratio of normal scores against independent standard normals, within Gaussian
        autoregressions of order one, `berkowitz_statistic`, its p-value by chi-squared with 3 degrees of
        freedom, and the fitted `mean`, `variance` and `autocorrelation`. The likelihood is conditional, over
        pairs of successive dates that both have a value. NaN for a column with fewer than 30 of them.

    Notes
    -----
    Parameters of the model are treated as known. Kolmogorov's test assumes independent values; Berkowitz's tests
    this too.

    References
    ----------
    Berkowitz (2001), Journal of Business and Economic Statistics 19, 465-474, equations 11 to 13.
    """
    values = probability.to_numpy(dtype=np.float64)
    columns = {"count": np.isfinite(values).sum(axis=0), **_kolmogorov(values), **_berkowitz(values)}
    return pd.DataFrame(columns, index=probability.columns)


def _kolmogorov(values: Array) -> dict[str, Array]:
    """Kolmogorov's limit distribution at Vrbik's (2018) argument, which corrects it to order 1/n."""
    ordered = np.sort(np.where(np.isfinite(values), values, np.inf), axis=0)  # missing values last
    known = np.isfinite(ordered)
    count = known.sum(axis=0).astype(float)
    count[count < FEWEST] = np.nan
    place = np.arange(1, len(values) + 1)[:, None]
    ordered = np.where(known, ordered, 0.0)
    apart = np.maximum(place / count - ordered, ordered - (place - 1) / count)
    statistic = np.where(np.isnan(count), np.nan, np.where(known, apart, 0.0).max(axis=0, initial=0.0))
    limit = np.sqrt(count) * statistic
    p_value = special.kolmogorov(limit + 1.0 / (6.0 * np.sqrt(count)) + (limit - 1.0) / (4.0 * count))
    return {"kolmogorov_statistic": statistic, "kolmogorov_p_value": p_value}


def _berkowitz(values: Array) -> dict[str, Array]:
    """Berkowitz's test; its maximum likelihood is least squares of each normal score on a constant and the previous."""
    z = special.ndtri(np.clip(values, _LEAST, 1.0 - _LEAST))
    pairs = np.isfinite(z[1:]) & np.isfinite(z[:-1])
    count = pairs.sum(axis=0).astype(float)
    count[count < FEWEST] = np.nan
    later, before = np.where(pairs, z[1:], 0.0), np.where(pairs, z[:-1], 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_later, mean_before = later.sum(axis=0) / count, before.sum(axis=0) / count
        spread = (before**2).sum(axis=0) - count * mean_before**2
        rho = ((later * before).sum(axis=0) - count * mean_later * mean_before) / spread
        constant = mean_later - rho * mean_before
        errors = np.where(pairs, later - constant - rho * before, 0.0)
        variance = (errors**2).sum(axis=0) / count
        statistic = (later**2).sum(axis=0) - count * (np.log(variance) + 1.0)
        mean = constant / (1.0 - rho)
    return {
        "berkowitz_statistic": statistic,
        "berkowitz_p_value": special.chdtrc(3, np.maximum(statistic, 0.0)),
        "mean": mean,
        "variance": variance / (1.0 - rho**2),
        "autocorrelation": rho,
    }
