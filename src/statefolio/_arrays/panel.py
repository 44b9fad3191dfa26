"""Joins returns and factors into one panel of arrays with the same dates."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.conditioning import COLLINEAR, NEARLY_COLLINEAR, condition_number, scaled_svd, shown_condition
from statefolio._arrays.frames import Table, read_table
from statefolio._arrays.spacing import check_frequencies
from statefolio._arrays.text import listed, show, span
from statefolio._arrays.types import Array
from statefolio.exceptions import InputError, StatefolioWarning

ALPHA = "alpha"
RESIDUAL = "residual"


@dataclass(frozen=True, eq=False)
class Panel:
    """Returns and regressors of the same dates, checked.

    Attributes
    ----------
    padded : (T, M) array
        Returns of N assets in decimals, NaN where nothing was observed; M - N columns of NaN follow. C-contiguous.
    regressors : (T, K) array
        C-contiguous; the constant 1 comes first if there is an intercept.
    dates : DatetimeIndex
        Increasing, without duplicates, without a time zone.
    assets, factors : Index
        Names of the columns; the constant is called "alpha".
    """

    padded: Array
    regressors: Array
    dates: pd.DatetimeIndex
    assets: pd.Index
    factors: pd.Index

    @property
    def returns(self) -> Array:
        """Returns without the columns after the last asset, (T, N)."""
        return self.padded[:, : len(self.assets)]


def make_panel(
    returns: Any,
    factors: Any,
    intercept: bool = True,
    *,
    check_design: bool = True,
    fill: bool = True,
    width: int = 1,
    known: tuple[pd.Index, pd.Index] | None = None,
    inspect: Callable[[Table, Table], None] | None = None,
) -> Panel:
    """Join returns and factors into a panel, or raise an error that says what is wrong with them.

    Parameters
    ----------
    returns, factors : DataFrame, or what `to_pandas` takes
        Returns by asset and by factor, in decimals. A polars frame has its dates in the column "date", or else in
        its first column of dates. A time zone means the local day. Factors must have every date of the returns, and
        may have more.
    intercept : bool
        Put the constant 1 before the factors, under the name "alpha".
    check_design : bool
        Refuse constant factors and warn about collinear ones. Pass False for a few new dates.
    fill : bool
        Replace NaN factors by 0 on dates without any return.
    width : int
        The number of columns of `padded` is a multiple of this.
    known : (Index, Index), optional
        Assets and factors of an earlier panel; equal names are not checked again.
    inspect : function, optional
        Called with the tables of returns and factors before the factors are checked.

    Returns
    -------
    Panel
        Its arrays share no memory with the frames.
    """
    assets_known, factors_known = known or (None, None)
    given = read_table(returns, "returns", width, names=assets_known)
    design = _on_dates_of(given, read_table(factors, "factors", dates=given.dates))
    if inspect is not None:
        inspect(given, design)
    _check_factors_known(given, design)
    if check_design:
        _check_design(design, intercept)
    names = _with_constant(design.columns, intercept, factors_known)
    regressors = np.ones((len(design.values), len(names)))
    regressors[:, int(intercept) :] = design.values
    if fill:
        regressors[np.isnan(regressors)] = 0.0
    return Panel(given.padded, regressors, given.dates, given.columns, names)


def _on_dates_of(given: Table, factors: Table) -> Table:
    """Select the dates of the returns from the factors."""
    if factors.dates.equals(given.dates):
        return factors
    check_frequencies(given.dates, factors.dates)
    rows = factors.dates.get_indexer(given.dates)
    absent = given.dates[rows < 0]
    if len(absent) == len(given.dates):
        raise InputError(
            f"factors must have every date of returns, got no date in common: returns from {span(given.dates)}, "
            f"factors from {span(factors.dates)}. Check the dates of both."
        )
    if len(absent):
        raise InputError(
            f"factors must have every date of returns, got {len(absent)} missing (first: {show(absent[0])}). Align "
            "them first, with statefolio.data.align(returns, factors)."
        )
    return Table(factors.name, factors.padded[rows], given.dates, factors.columns)


def _check_factors_known(given: Table, design: Table) -> None:
    unknown = np.isnan(design.values)
    if not unknown.any():
        return
    rows = np.flatnonzero(unknown.any(axis=1))
    rows = rows[~np.isnan(given.values[rows]).all(axis=1)]
    if len(rows) == 0:
        return
    column = design.columns[int(np.argmax(unknown[rows[0]]))]
    raise InputError(
        f"factors must be known on every date with a return, got NaN on {len(rows)} dates (first: {column!r} on "
        f"{show(given.dates[rows[0]])}). Fill them, or drop those dates from both."
    )


def _with_constant(columns: pd.Index, intercept: bool, known: pd.Index | None) -> pd.Index:
    """Put "alpha" before the names of the factors, if there is an intercept."""
    if known is not None and columns.equals(known[int(intercept) :]):
        return known
    _check_reserved(columns, intercept)
    return columns.insert(0, ALPHA).rename(None) if intercept else columns


def _check_reserved(names: pd.Index, intercept: bool) -> None:
    if intercept and ALPHA in names:
        raise InputError(
            f"factors must not have a column called {ALPHA!r}, the name of the constant. Rename the column, or pass "
            "intercept=False if it is the constant."
        )
    if RESIDUAL in names:
        raise InputError(f"factors must not have a column called {RESIDUAL!r}, a name in results. Rename the column.")


def _check_design(design: Table, intercept: bool) -> None:
    """Refuse factors that do not vary, and warn about collinear ones."""
    x = design.values[~np.isnan(design.values).any(axis=1)]
    if len(x) < 2:
        return
    lowest, highest = x.min(axis=0), x.max(axis=0)
    largest = np.abs(x).max(axis=0)
    still = (highest - lowest <= 1e-12 * largest) if intercept else (largest == 0.0)
    if still.any():
        name = design.columns[int(np.argmax(still))]
        kind = "constant" if intercept else "zero throughout"
        raise InputError(
            f"factors must vary, got {name!r}, which is {kind}. Drop it"
            + (", or pass intercept=False." if intercept else ".")
        )
    if len(x) > x.shape[1] + 1:
        _warn_if_collinear(x / largest, design.columns, intercept)


def _warn_if_collinear(x: Array, names: pd.Index, intercept: bool) -> None:
    if intercept:
        x, names = np.column_stack([np.ones(len(x)), x]), names.insert(0, ALPHA)
    number = condition_number(x)
    if number <= NEARLY_COLLINEAR:
        return
    exact = number > COLLINEAR
    part = np.abs(scaled_svd(x)[1][-1])
    together = [name for name, own in zip(names, part, strict=True) if own > (1e-6 if exact else 0.01)]
    warnings.warn(
        f"factors {listed(together, most=8)} are {'' if exact else 'nearly '}collinear ({shown_condition(number)}), so "
        + ("their loadings are not identified" if exact else "their loadings have very large standard errors")
        + ". Drop one of them.",
        StatefolioWarning,
        stacklevel=2,
    )
