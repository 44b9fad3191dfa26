"""Turns past factor returns and innovations into scenarios of the next date."""

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio.risk.factor_risk import FactorRisk


@dataclass(frozen=True, eq=False)
class History:
    """Factor returns and innovations of N assets on T dates.

    Attributes
    ----------
    observations : (T,) array
        Labels of the dates.
    factor_returns : (T, K) array
    innovation, innovation_variance : (T, N) array
        Returns less their predictions, and the predicted variance; NaN where there is none.
    """

    observations: Any
    factor_returns: Array
    innovation: Array
    innovation_variance: Array

    def followed_by(self, later: Self) -> Self:
        """Append a later history."""
        parts = (np.concatenate([getattr(self, f.name), getattr(later, f.name)]) for f in fields(self))
        return type(self)(*parts)

    def last(self, count: int | None) -> Self:
        """Return the last dates; all for None."""
        if count is None or count >= len(self.observations):
            return self
        return type(self)(*(getattr(self, f.name)[-count:] for f in fields(self)))

    def standardised(self) -> Array:
        """Return innovations divided by their predicted standard deviations, (T, N); NaN where there is none."""
        with np.errstate(divide="ignore", invalid="ignore"):
            z: Array = self.innovation / np.sqrt(self.innovation_variance)
        z[~np.isfinite(z)] = np.nan
        return z


def history_of(risk: FactorRisk, factors: pd.DataFrame, observations: Any) -> History:
    """Return the history in a fitted FactorRisk; a factor that is NaN on a date without returns is 0."""
    model = risk.model_
    found = model.innovations_
    known = factors.loc[model.dates_, list(risk.factors_)].to_numpy(dtype=np.float64)
    return History(
        observations,
        np.where(np.isnan(known), 0.0, known),
        found["innovation"].to_numpy(),
        found["innovation_variance"].to_numpy(),
    )


def fill_gaps(z: Array) -> Array:
    """Fill missing standardised innovations of an asset with its other ones, in order and repeated as needed.

    Zeros would understate the risk of late listings. Dates on which no asset has an innovation, the first ones of a
    diffuse start, are filled with whole later dates, which keeps the dependence across assets. An asset without any
    innovation stays NaN.

    Parameters
    ----------
    z : (T, N) array
        Changed in place.
    """
    missing = np.isnan(z)
    empty = missing.all(axis=1)
    if empty.any() and not empty.all():
        z[empty] = z[np.resize(np.flatnonzero(~empty), empty.sum())]
        missing = np.isnan(z)
    for column in np.flatnonzero(missing.any(axis=0) & ~missing.all(axis=0)):
        gaps = missing[:, column]
        z[gaps, column] = np.resize(z[~gaps, column], gaps.sum())
    return z


def residual_factor_returns(innovation: Array, loadings: Array, variance: Array) -> Array:
    """Return the returns of residual factors, (T, R): their mean given the innovations, for unit factor variances.

        (I + G' D^-1 G)^-1 G' D^-1 v    over the assets observed on the date (Lawley and Maxwell 1971, chapter 8)

    Parameters
    ----------
    innovation : (T, N) array
        NaN where there is none.
    loadings, variance : (N, R) and (N,) array
        G and D.
    """
    seen = ~np.isnan(innovation)
    scaled = loadings / variance[:, None]
    squares = np.einsum("nr,ns->nrs", scaled, loadings).reshape(len(loadings), -1)
    count = loadings.shape[1]
    precision = np.eye(count) + (seen @ squares).reshape(-1, count, count)
    found: Array = np.linalg.solve(precision, (np.where(seen, innovation, 0.0) @ scaled)[:, :, None])[:, :, 0]
    return found
