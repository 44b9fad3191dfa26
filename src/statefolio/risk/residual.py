"""Defines the interface of residual structure, and converts its loadings to the covariance of returns."""

from typing import Any, Protocol, Self

import numpy as np
import pandas as pd

from statefolio._arrays.panel import RESIDUAL
from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio.exceptions import InputError
from statefolio.loadings.base import LoadingsModel
from statefolio.risk.track_record import EXACT

LARGEST_SHARE = 0.95
"""Largest share of an asset's idiosyncratic variance that residual factors may explain, so that D is positive."""


class ResidualStructure(Protocol):
    """An estimator of the correlation between residuals; scikit-learn's `clone` must work on it.

    Attributes
    ----------
    loadings_ : DataFrame (asset x R)
        G: loadings of standardised residuals on R uncorrelated factors of unit variance, so that correlations off the
        diagonal are G G'. R may be 0. Assets that are not in it have zero loadings. Columns are named, e.g.
        "residual 1", or by sector.
    """

    loadings_: pd.DataFrame

    def fit(self, residuals: pd.DataFrame, tune_until: Any = None) -> Self:
        """Estimate from standardised innovations (date x asset; NaN where missing).

        Hyper-parameters are chosen on dates up to and including `tune_until` only.
        """

    def partial_fit(self, residuals: pd.DataFrame) -> Self:
        """Continue over later dates with the same hyper-parameters."""


CAP = 4.0
"""Standardised residuals are capped at this many standard deviations, so that one bad price is not a common factor."""


def residual_loadings(correlation_loadings: Array, variance: Array) -> tuple[Array, Array]:
    """Convert loadings of standardised residuals to loadings of returns, and compute the remaining variance.

    Parameters
    ----------
    correlation_loadings : (N, R) array
        G. Where an asset's squares add up to more than `LARGEST_SHARE`, its row is scaled down to that.
    variance : (N,) array
        Idiosyncratic variances, which are the sum of both parts.

    Returns
    -------
    loadings : (N, R) array
        sqrt(variance) G.
    remaining : (N,) array
        variance (1 - sum G^2).
    """
    share = np.einsum("nr,nr->n", correlation_loadings, correlation_loadings)
    scale = np.where(share > LARGEST_SHARE, np.sqrt(LARGEST_SHARE / np.where(share > 0.0, share, 1.0)), 1.0)
    loadings: Array = correlation_loadings * (scale * np.sqrt(variance))[:, None]
    return loadings, variance * (1.0 - share * scale**2)


def check_names_differ(factors: pd.Index, residual_factors: pd.Index) -> None:
    """Raise InputError where a residual factor has the name of another factor, or is called "residual"."""
    both = pd.Index([*factors, *residual_factors, RESIDUAL])
    if not both.is_unique:
        again = list(dict.fromkeys(both[both.duplicated()]))
        raise InputError(
            f"factors and residual factors must have different names, got {listed(again)} twice. Rename the factors, "
            "or the sectors."
        )


def standardised_innovations(model: LoadingsModel, mean_square: Any = 0.0) -> pd.DataFrame:
    """Innovations over their predicted standard deviations (date x asset), on the dates of a model's results.

    NaN where the variance is zero but for rounding, next to the mean square of the asset's returns (N,): so is that of
    an asset that the factors explain exactly.
    """
    found = model.innovations_
    error, variance = found["innovation"].to_numpy(), found["innovation_variance"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.where(variance > EXACT * mean_square, error / np.sqrt(variance), np.nan)
    return pd.DataFrame(values, index=model.dates_, columns=model.assets_)


def capped_innovations(model: LoadingsModel) -> Array:
    """Innovations (T, N) on the dates of a model's results, capped at `CAP` predicted standard deviations."""
    found = model.innovations_
    most = CAP * np.sqrt(np.maximum(found["innovation_variance"].to_numpy(), 0.0))
    capped: Array = np.clip(found["innovation"].to_numpy(), -most, most)
    return capped
