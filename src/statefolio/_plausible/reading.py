"""Validates tables of returns as `_arrays` does, and warns of values that are probably wrong."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.frames import Table, read_values
from statefolio._arrays.panel import Panel, make_panel
from statefolio._arrays.types import Array
from statefolio._plausible.finding import Finding, Numbers
from statefolio._plausible.table import find_in_table
from statefolio._plausible.warn import warn_of

_ABSURD = " Those a million times the asset's usual size count as missing."


def read_returns(
    frame: Any, name: str, *, assets: bool = True, still: bool = True
) -> tuple[Array, pd.DatetimeIndex, pd.Index]:
    """Validate returns and warn of implausible ones; return values, dates and names.

    `assets=False` is for factors and portfolios, which may stand still or be alike; `still=False` for a caller that
    leaves out assets that stand still and reports them.
    """
    table = Numbers(*read_values(frame, name))
    check_returns(table, name, assets=assets, still=still)
    return table.values, table.dates, table.columns


def read_panel(
    returns: Any,
    factors: Any,
    intercept: bool = True,
    *,
    fit: bool = True,
    fill: bool = True,
    width: int = 1,
    known: tuple[pd.Index, pd.Index] | None = None,
    watched: bool = False,
) -> Panel:
    """Join returns and factors into a panel, as `make_panel`, and warn of implausible values.

    Parameters
    ----------
    fit : bool
        Check the design of the factors, for data that a model is fitted to.
    watched : bool
        The caller warns of unchanged prices and of assets without a residual itself.
    """

    def inspect(given: Table, design: Table) -> None:
        warn_of_returns(find_in_table(_numbers(given), "returns", still=not watched), watched=watched)
        check_returns(_numbers(design), "factors", assets=False)

    return make_panel(
        returns, factors, intercept, check_design=fit, fill=fill, width=width, known=known, inspect=inspect
    )


def read_design(dates: pd.DatetimeIndex, seen: NDArray[np.bool_], factors: Any, intercept: bool) -> Panel:
    """Return a panel without returns, as `read_panel` does, for returns that are read elsewhere.

    Parameters
    ----------
    dates : DatetimeIndex
    seen : (T,) array of bool
        Dates on which any asset has a return.
    factors
        As in `make_panel`.
    intercept : bool
    """

    def inspect(_: Table, design: Table) -> None:
        check_returns(_numbers(design), "factors", assets=False)

    known = pd.DataFrame({"any": np.where(seen, 0.0, np.nan)}, dates)
    return make_panel(known, factors, intercept, inspect=inspect)


def warn_of_returns(found: list[Finding], *, watched: bool) -> None:
    """Warn of what was found in the returns of a model; `watched` as in `read_panel`."""
    warn_of(found, "returns", _ABSURD if watched else "")


def _numbers(table: Table) -> Numbers:
    return Numbers(table.values, table.dates, table.columns, table.bounds)


def check_returns(table: Numbers, name: str, *, assets: bool = True, still: bool = True, losses: bool = False) -> None:
    """Warn of implausible returns; `assets` and `still` as in `read_returns`, `losses` as in `find_in_table`."""
    warn_of(find_in_table(table, "returns", alike=assets, still=assets and still, losses=losses), name)
