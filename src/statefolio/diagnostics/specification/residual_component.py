"""Describes the first principal component of the residuals by sector, and tests whether sectors differ."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio._arrays.types import Array
from statefolio.diagnostics.blocks import p_value


@dataclass(frozen=True, eq=False)
class Component:
    """First principal component of a correlation matrix of N assets.

    Attributes
    ----------
    loadings : (N,) array
        Correlation of each asset's residual with the component; their squares sum to the eigenvalue.
    share : float
        Share of all residual variance that it explains.
    """

    loadings: Array
    share: float


def first_component(correlation: Array) -> Component:
    """Largest eigenvalue and its eigenvector, with the sign that makes most of its weight positive."""
    values, vectors = np.linalg.eigh(correlation)
    vector = vectors[:, -1]
    vector = vector if (vector * np.abs(vector)).sum() >= 0.0 else -vector
    value = max(float(values[-1]), 0.0)
    return Component(np.sqrt(value) * vector, value / len(correlation))


def sector_table(component: Component, sectors: pd.Series) -> pd.DataFrame:
    """Summarise the component with one row per sector, the strongest first.

    Returns
    -------
    DataFrame
        Index sector: `assets`; `mean_loading`; `share_of_component`, the sector's part in the sum of squared
        loadings; `variance_explained`, the mean share of its assets' residual variance that the component explains.
    """
    squares = pd.Series(component.loadings**2, index=sectors.index)
    groups = squares.groupby(sectors)
    table = pd.DataFrame(
        {
            "assets": groups.size(),
            "mean_loading": pd.Series(component.loadings, index=sectors.index).groupby(sectors).mean(),
            "share_of_component": groups.sum() / max(float(squares.sum()), np.finfo(float).tiny),
            "variance_explained": groups.mean(),
        }
    )
    return table.rename_axis("sector").sort_values("share_of_component", ascending=False, kind="stable")


def share_between(loadings: Array, codes: npt.NDArray[np.int64]) -> float:
    """Share of the loadings' variance across assets that lies between sectors."""
    member = np.eye(codes.max() + 1)[codes]
    return float(_shares(loadings[None, :], member)[0])


def sector_test(
    loadings: Array, codes: npt.NDArray[np.int64], replications: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Share between sectors, and its p-value by permuting the assets."""
    member = np.eye(codes.max() + 1)[codes]
    order = rng.permuted(np.tile(loadings, (replications, 1)), axis=1)
    share = share_between(loadings, codes)
    return share, p_value(share, _shares(order, member) * (1.0 + 1e-12))


def _shares(loadings: Array, member: Array) -> Array:
    centred = loadings - loadings.mean(axis=1, keepdims=True)
    total = (centred**2).sum(axis=1)
    between: Array = ((centred @ member) ** 2 / member.sum(axis=0)).sum(axis=1)
    return between / np.where(total > 0.0, total, np.inf)
