"""What residuals have in common: the form in which extra residual factors come to the covariance."""

from typing import Any, Protocol, Self

import numpy as np
import pandas as pd

from statefolio._arrays.panel import RESIDUAL
from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio.exceptions import InputError
from statefolio.loadings.base import LoadingsModel

LARGEST_SHARE = 0.95
"""Of an asset's idiosyncratic variance, what residual factors may explain at most: D stays positive."""


class ResidualStructure(Protocol):
    """An estimator of what the residuals have in common; scikit-learn's `clone` must work on it.

    Attributes
    ----------
    loadings_ : DataFrame (asset x R)
        G: loadings of standardised residuals on R uncorrelated factors of unit variance, so that their correlation is
        G G' off the diagonal. R may be 0. Assets that it lacks have no loadings. Columns are named (e.g. "residual 1",
        or a sector).
    """

    loadings_: pd.DataFrame

    def fit(self, residuals: pd.DataFrame, tune_until: Any = None) -> Self:
        """Learn from standardised innovations (date x asset; NaN where there is none).

        What is chosen on held-out dates sees dates up to and including `tune_until` only.
        """

    def partial_fit(self, residuals: pd.DataFrame) -> Self:
        """Go on over later dates, with what was chosen held."""


CAP = 4.0
"""Standardised residuals count at most this many standard deviations: one bad print is no common factor."""


def residual_loadings(correlation_loadings: Array, variance: Array) -> tuple[Array, Array]:
    """Turn loadings of standardised residuals into loadings of returns, and what variance is left.

    Parameters
    ----------
    correlation_loadings : (N, R) array
        G. Where an asset's squares add up to more than `LARGEST_SHARE`, its row is scaled down to that.
    variance : (N,) array
        Idiosyncratic variances; the sum of both parts stays this.

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


def check_distinct(factors: pd.Index, residual_factors: pd.Index) -> None:
    """Raise InputError where a residual factor has the name of another factor, or of what is left."""
    both = pd.Index([*factors, *residual_factors, RESIDUAL])
    if not both.is_unique:
        again = list(dict.fromkeys(both[both.duplicated()]))
        raise InputError(
            f"residual factors and factors are both called {listed(again)}; names of their own were expected. Rename "
            "the factors, or the sectors."
        )


def standardised_innovations(model: LoadingsModel) -> pd.DataFrame:
    """Innovations over their predicted standard deviations (date x asset), for the dates a model's results hold."""
    found = model.innovations_
    variance = found["innovation_variance"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.where(variance > 0.0, found["innovation"].to_numpy() / np.sqrt(variance), np.nan)
    return pd.DataFrame(values, index=model.dates_, columns=model.assets_)


def capped_innovations(model: LoadingsModel) -> Array:
    """Innovations (T, N) for the dates a model's results hold, at most `CAP` predicted standard deviations each."""
    found = model.innovations_
    most = CAP * np.sqrt(np.maximum(found["innovation_variance"].to_numpy(), 0.0))
    capped: Array = np.clip(found["innovation"].to_numpy(), -most, most)
    return capped
