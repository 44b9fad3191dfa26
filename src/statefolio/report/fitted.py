"""What the report needs of a fitted model, and its loadings as plain arrays."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from statefolio.exceptions import UnknownNameError
from statefolio.loadings.results import HALF_BAND

Floats = NDArray[np.float64]
ALPHA = "alpha"
"""The name of the loading on the constant."""
SETTLED = 2.0
"""A loading has settled where its standard error is at most this many times its median."""


class FittedLoadings(Protocol):
    """A fitted loadings model: the part of its contract that is drawn."""

    @property
    def loadings_(self) -> xr.Dataset:
        """Dataset (date, asset, factor): filtered and filtered_variance among others."""

    @property
    def innovations_(self) -> xr.Dataset:
        """Dataset (date, asset): innovation and innovation_variance."""


@dataclass(frozen=True)
class AssetLoadings:
    """The loadings of one asset: dates, and arrays (date, factor)."""

    asset: str
    factors: list[str]
    dates: pd.DatetimeIndex
    mean: Floats
    standard_error: Floats
    other: Floats | None
    tuned_until: pd.Timestamp | None


def asset_loadings(model: FittedLoadings, asset: str, other: FittedLoadings | None = None) -> AssetLoadings:
    """Take one asset's filtered loadings out of a model, and another model's on the same dates."""
    known = names(model, "asset")
    if asset not in known:
        some = ", ".join(known[:5]) + (", ..." if len(known) > 5 else "")
        raise UnknownNameError(f"asset {asset!r} is not in the model, which has {some}. Choose one of those.")
    factors = drawn_factors(model)
    mine = model.loadings_.isel(asset=known.index(asset)).sel(factor=factors).transpose("date", "factor", ...)
    return AssetLoadings(
        asset=asset,
        factors=factors,
        dates=dates(model),
        mean=np.asarray(mine["filtered"], dtype=float),
        standard_error=np.sqrt(np.asarray(mine["filtered_variance"], dtype=float)),
        other=None if other is None else beside(other, dates(model), [asset], factors)[:, 0, :],
        tuned_until=tuned_until(model),
    )


def beside(other: FittedLoadings, on: pd.DatetimeIndex, assets: list[str], factors: list[str]) -> Floats:
    """Return another model's filtered loadings (date, asset, factor) at these labels; NaN for none."""
    theirs = other.loadings_["filtered"]
    theirs = theirs.assign_coords(factor=names(other, "factor"), asset=names(other, "asset"))
    wanted = theirs.reindex(date=on, asset=assets, factor=factors).transpose("date", "asset", "factor")
    return np.asarray(wanted, dtype=float)


def names(model: FittedLoadings, dim: str) -> list[str]:
    """Return the names along one dimension as text."""
    return [str(name) for name in model.loadings_.indexes[dim]]


def drawn_factors(model: FittedLoadings) -> list[str]:
    """Return the factors in the order they are drawn: the constant last."""
    return sorted(names(model, "factor"), key=lambda factor: factor == ALPHA)


def dates(model: FittedLoadings) -> pd.DatetimeIndex:
    """Return the dates of a model's results."""
    return pd.DatetimeIndex(model.loadings_.indexes["date"])


def tuned_until(model: FittedLoadings) -> pd.Timestamp | None:
    """Return the last date the hyper-parameters were learned from; None where nothing says so."""
    attrs: Mapping[Any, Any] = model.loadings_.attrs
    value = attrs.get("tuned_until")
    return None if value is None or value == "" else pd.Timestamp(str(value))


def settled(standard_error: Floats) -> NDArray[np.bool_]:
    """Return where each loading has settled (dates along the first axis)."""
    ordered = np.sort(np.where(np.isfinite(standard_error), standard_error, np.nan), axis=0)  # NaN comes last
    count = np.isfinite(ordered).sum(axis=0, keepdims=True)
    below, above = (np.take_along_axis(ordered, place, axis=0) for place in (np.maximum(count - 1, 0) // 2, count // 2))
    return np.asarray(standard_error <= SETTLED * np.where(count > 0, (below + above) / 2, np.nan))


def view_range(mean: Floats, standard_error: Floats, other: Floats | None) -> tuple[float, float]:
    """Return the range worth looking at: the settled band and most of the other estimate."""
    where = settled(standard_error[:, None])[:, 0] & np.isfinite(mean)
    low, high = (
        mean[where] - HALF_BAND * standard_error[where],
        mean[where] + HALF_BAND * standard_error[where],
    )
    parts = [low, high]
    if other is not None and np.isfinite(other).any():
        parts.append(np.nanpercentile(other, [2.0, 98.0]))
    values = np.concatenate(parts)
    if values.size == 0:
        return -1.0, 1.0
    bottom, top = float(values.min()), float(values.max())
    room = 0.06 * (top - bottom) or 0.5
    return bottom - room, top + room
