"""Reads the loadings of a fitted model as plain arrays, and declares what a report needs of a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from statefolio._arrays.text import listed, shown
from statefolio.exceptions import UnknownNameError
from statefolio.loadings.movement import settled
from statefolio.loadings.results import HALF_BAND

Floats = NDArray[np.float64]
ALPHA = "alpha"
"""The name of the loading on the constant."""


class FittedLoadings(Protocol):
    """The part of a fitted loadings model that reports use."""

    @property
    def loadings_(self) -> xr.Dataset:
        """Dataset (date, asset, factor) with at least filtered and filtered_variance."""

    @property
    def innovations_(self) -> xr.Dataset:
        """Dataset (date, asset) with innovation and innovation_variance."""


@dataclass(frozen=True)
class AssetLoadings:
    """The loadings of one asset: its dates, and arrays (date, factor)."""

    asset: str
    factors: list[str]
    dates: pd.DatetimeIndex
    mean: Floats
    standard_error: Floats
    other: Floats | None
    tuned_until: pd.Timestamp | None


def asset_loadings(model: FittedLoadings, asset: str, other: FittedLoadings | None = None) -> AssetLoadings:
    """Return one asset's filtered loadings, with those of another model on the same dates."""
    known = names(model, "asset")
    if asset not in known:
        raise UnknownNameError(
            f"asset must be one of the model's ({listed(known)}), got {shown(asset)}. Pass e.g. asset={known[0]!r}."
        )
    factors = ordered_factors(model)
    mine = model.loadings_.isel(asset=known.index(asset)).sel(factor=factors).transpose("date", "factor", ...)
    return AssetLoadings(
        asset=asset,
        factors=factors,
        dates=dates(model),
        mean=np.asarray(mine["filtered"], dtype=float),
        standard_error=np.sqrt(np.asarray(mine["filtered_variance"], dtype=float)),
        other=None if other is None else loadings_at(other, dates(model), [asset], factors)[:, 0, :],
        tuned_until=tuned_until(model),
    )


def loadings_at(model: FittedLoadings, on: pd.DatetimeIndex, assets: list[str], factors: list[str]) -> Floats:
    """Return filtered loadings (date, asset, factor) at the given labels; NaN where the model has none."""
    filtered = model.loadings_["filtered"]
    filtered = filtered.assign_coords(factor=names(model, "factor"), asset=names(model, "asset"))
    wanted = filtered.reindex(date=on, asset=assets, factor=factors).transpose("date", "asset", "factor")
    return np.asarray(wanted, dtype=float)


def names(model: FittedLoadings, dim: str) -> list[str]:
    """Return the labels along one dimension as text."""
    return [str(name) for name in model.loadings_.indexes[dim]]


def ordered_factors(model: FittedLoadings) -> list[str]:
    """Return the factors in the order of the report: the constant last."""
    return sorted(names(model, "factor"), key=lambda factor: factor == ALPHA)


def dates(model: FittedLoadings) -> pd.DatetimeIndex:
    """Return the dates of a model's results."""
    return pd.DatetimeIndex(model.loadings_.indexes["date"])


def tuned_until(model: FittedLoadings) -> pd.Timestamp | None:
    """Return the last date that the hyper-parameters were learned from; None if the model does not record it."""
    attrs: Mapping[Any, Any] = model.loadings_.attrs
    value = attrs.get("tuned_until")
    return None if value is None or value == "" else pd.Timestamp(str(value))


def view_range(mean: Floats, standard_error: Floats, other: Floats | None) -> tuple[float, float]:
    """Return the axis range that shows the settled band and the central 96 % of the other estimate."""
    return view_ranges(mean[None], standard_error[None], None if other is None else other[None])[0]


def view_ranges(mean: Floats, standard_error: Floats, other: Floats | None) -> list[tuple[float, float]]:
    """Return the range of each of several series (series, dates)."""
    where = settled(standard_error.T).T & np.isfinite(mean)
    with np.errstate(invalid="ignore"):
        low, high = mean - HALF_BAND * standard_error, mean + HALF_BAND * standard_error
    bottom, top = np.min(low, axis=1, where=where, initial=np.inf), np.max(high, axis=1, where=where, initial=-np.inf)
    if other is not None:
        for i, values in enumerate(other):
            known = values[np.isfinite(values)]
            if known.size:
                ends = np.percentile(known, [2.0, 98.0])
                bottom[i], top[i] = min(bottom[i], ends[0]), max(top[i], ends[1])
    return [_with_room(a, b) if a <= b else (-1.0, 1.0) for a, b in zip(bottom.tolist(), top.tolist(), strict=True)]


def _with_room(bottom: float, top: float) -> tuple[float, float]:
    room = 0.06 * (top - bottom) or 0.5
    return bottom - room, top + room
