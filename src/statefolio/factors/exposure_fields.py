"""Reads exposures, numbers or categories, and aligns them with the dates and assets of returns, never from later."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from statefolio._arrays.frames import read_labels, read_values
from statefolio._arrays.text import listed, show, shown, span
from statefolio._arrays.types import Array
from statefolio.exceptions import DataTypeError, InputError
from statefolio.factors.factor_returns import DIMS, EXPOSURE


@dataclass(frozen=True, eq=False)
class ExposureFields:
    """Exposures of N assets on T dates, known at the close of each.

    Attributes
    ----------
    numbers : mapping from name to (T, N)
        NaN where missing.
    categories : mapping from name to (codes (T, N), levels)
        Code -1 where missing.
    """

    numbers: dict[Any, Array]
    categories: dict[Any, tuple[npt.NDArray[np.intp], list[Any]]]

    def complete(self) -> npt.NDArray[np.bool_]:
        """Return where an asset has every exposure, (T, N)."""
        parts = [np.isfinite(values) for values in self.numbers.values()]
        parts += [codes >= 0 for codes, _ in self.categories.values()]
        found: npt.NDArray[np.bool_] = np.logical_and.reduce(parts)
        return found

    def names(self) -> list[Any]:
        """Return the names of their factors: every level of the categories, then the numbers."""
        return [level for _, levels in self.categories.values() for level in levels] + list(self.numbers)


def read_exposures(exposures: Any, dates: pd.DatetimeIndex, assets: pd.Index, as_of: int | None) -> ExposureFields:
    """Read exposures of any accepted form; see `characteristic_factors`.

    Raises
    ------
    InputError, DataTypeError
        Other forms, exposures without labels, on other dates, or without values.
    """
    numbers: dict[Any, Array] = {}
    categories: dict[Any, tuple[npt.NDArray[np.intp], list[Any]]] = {}
    for name, given in _by_name(exposures).items():
        if isinstance(given, pd.Series):
            given = pd.DataFrame(np.tile(given.to_numpy(), (len(dates), 1)), dates, given.index)
        align, label = TableAligner(dates, assets, as_of), f"exposure {name!r}"
        if isinstance(given, pd.DataFrame) and not _numeric(given):
            aligned = align(given.to_numpy(dtype=object), *read_labels(given, label), label)
            codes, levels = pd.factorize(aligned.ravel(), sort=True)
            categories[name] = codes.reshape(aligned.shape), list(levels)
            known = bool(len(levels))
        else:
            numbers[name] = align(*read_values(given, label), label)
            known = bool(np.isfinite(numbers[name]).any())
        if not known:
            raise InputError(f"{label} must have values on the dates and assets of returns, got none. Drop it.")
    return ExposureFields(numbers, categories)


@dataclass(frozen=True, eq=False)
class TableAligner:
    """Aligns a table with the dates and assets of returns.

    Attributes
    ----------
    dates, assets : Index
        Those of returns.
    as_of : int, optional
        Days for which a row stays valid. None: the table must have every date.
    """

    dates: pd.DatetimeIndex
    assets: pd.Index
    as_of: int | None

    def __call__(self, values: Any, dates: pd.DatetimeIndex, assets: pd.Index, label: str) -> Any:
        """Return `values` (dates, assets) on the returns' dates and assets; missing where there is no value."""
        columns = assets.get_indexer(self.assets)
        if (columns < 0).all():
            raise InputError(
                f"{label} must have assets in common with returns ({listed(list(self.assets))}), got "
                f"{listed(list(assets))}. Check that dates are in rows and assets in columns."
            )
        rows = self._rows(dates, label)
        aligned = np.full((len(self.dates), len(self.assets)), None if values.dtype == object else np.nan, values.dtype)
        with_row, with_column = np.flatnonzero(rows >= 0), np.flatnonzero(columns >= 0)
        aligned[np.ix_(with_row, with_column)] = values[np.ix_(rows[with_row], columns[with_column])]
        return aligned

    def _rows(self, dates: pd.DatetimeIndex, label: str) -> npt.NDArray[np.intp]:
        if self.as_of is not None:
            rows = dates.searchsorted(self.dates, side="right") - 1
            age = np.asarray((self.dates - dates[np.maximum(rows, 0)]).days)
            return np.where((rows >= 0) & (age <= self.as_of), rows, -1)
        found = dates.get_indexer(self.dates)
        absent = self.dates[found < 0]
        if len(absent):
            raise InputError(
                f"{label} must have a row on every date of returns, got none on {len(absent)} dates (first: "
                f"{show(absent[0])}); its dates are {span(dates)}. Pass as_of=days to use the last row on or before a "
                "date, up to this many days old."
            )
        return np.asarray(found)


def _by_name(exposures: Any) -> dict[Any, Any]:
    if isinstance(exposures, xr.Dataset) and EXPOSURE in exposures:
        exposures = exposures[EXPOSURE]
    if isinstance(exposures, xr.DataArray):
        if set(exposures.dims) != set(DIMS):
            raise InputError(
                f"exposures must have the dimensions date, asset and factor, got {exposures.dims}. Rename them."
            )
        _check_labels(exposures, "exposures")
        ordered = exposures.transpose(*DIMS)
        return {name: _frame(ordered.sel(factor=name)) for name in ordered.indexes["factor"]}
    if isinstance(exposures, xr.Dataset):
        return {name: _frame(array) for name, array in exposures.data_vars.items()}
    if not isinstance(exposures, Mapping) or not exposures:
        raise DataTypeError(
            "exposures must be a DataArray (date, asset, factor), a Dataset of (date, asset) or a mapping from name to "
            f"DataFrame, got {shown(exposures)}. Pass e.g. exposures={{'size': frame}}."
        )
    return dict(exposures)


def _frame(array: xr.DataArray) -> pd.DataFrame | pd.Series:
    if set(array.dims) <= {"date", "asset"}:
        _check_labels(array, f"exposure {array.name!r}")
    if set(array.dims) == {"asset"}:
        return array.to_series()
    if set(array.dims) != {"date", "asset"}:
        raise InputError(
            f"exposure {array.name!r} must have the dimensions date and asset, got {array.dims}. Rename them."
        )
    ordered = array.transpose("date", "asset")
    return pd.DataFrame(ordered.to_numpy(), ordered.indexes["date"], ordered.indexes["asset"])


def _check_labels(array: xr.DataArray, label: str) -> None:
    absent = [dim for dim in array.dims if dim not in array.indexes]
    if absent:
        raise InputError(
            f"{label} must have labels along every dimension, got none along {listed(absent)}. "
            f"Use assign_coords({absent[0]}=...)."
        )


def _numeric(frame: pd.DataFrame) -> bool:
    return all(pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes)
