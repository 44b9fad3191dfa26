"""Matches names and dates of new data with those a fitted model knows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from statefolio._arrays.numbers import to_floats
from statefolio._arrays.other_tables import has_dates, is_other_table, to_pandas
from statefolio._arrays.panel import ALPHA, Panel
from statefolio._arrays.text import listed, show, shown, span
from statefolio._arrays.types import Array
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError


def continue_panel(panel: Panel, last_date: pd.Timestamp, assets: pd.Index, factors: pd.Index) -> Panel:
    """Arrange a panel of later dates like the stored state: the known assets first, in their order, then new ones.

    Raises
    ------
    InputError
        If the panel starts on or before `last_date`, or has other factors.
    """
    if panel.dates[0] <= last_date:
        raise InputError(
            f"new_returns must have dates after {show(last_date)}, the last date of the model, got "
            f"{span(panel.dates)}. Use new_returns[new_returns.index > {show(last_date)!r}], or fit again."
        )
    panel = order_factors(panel, factors)
    if panel.assets.equals(assets):
        return panel
    joined = panel.assets[~panel.assets.isin(assets)]
    assets = assets.append(joined) if len(joined) else assets
    returns = np.full((len(panel.dates), len(assets)), np.nan)
    returns[:, assets.get_indexer(panel.assets)] = panel.returns
    return Panel(returns, panel.regressors, panel.dates, assets, panel.factors)


def order_factors(panel: Panel, factors: pd.Index) -> Panel:
    """Put a panel's factors in the order of the model.

    Raises
    ------
    InputError
        If the panel has other factors than the model.
    """
    if panel.factors.equals(factors):
        return panel
    check_names(panel.factors, factors, "factors")
    regressors = np.ascontiguousarray(panel.regressors[:, panel.factors.get_indexer(factors)])
    return replace(panel, regressors=regressors, factors=factors)


def check_names(given: pd.Index, expected: pd.Index, argument: str) -> None:
    """Raise InputError unless both indexes hold the same names, in any order.

    Parameters
    ----------
    given, expected : Index
        The names of the argument, and the factors of the model.
    argument
        Name of the argument, for messages.
    """
    absent, unknown = expected.difference(given, sort=False), given.difference(expected, sort=False)
    if len(absent) or len(unknown):
        found = f"no {listed(list(absent))}" if len(absent) else f"{listed(list(unknown))} too"
        names = listed([name for name in expected if name != ALPHA], most=8)
        raise InputError(f"{argument} must name the model's factors, got {found}. Pass {names}.")


def find_positions(known: pd.Index, wanted: pd.Index, kind: str) -> Any:
    """Return the positions of the wanted dates or assets among those in the model's results.

    Parameters
    ----------
    known, wanted : Index
    kind : {"date", "asset"}
        What the names are, for messages.

    Raises
    ------
    UnknownNameError
        If the results lack a wanted name.
    """
    positions = known.get_indexer(wanted)
    absent = wanted[positions < 0]
    if len(absent):
        first = show(absent[0]) if kind == "date" else repr(absent[0])
        raise UnknownNameError(
            f"returns must keep to the {kind}s of the fit, got {len(absent)} {kind}s that the model's results lack "
            f"(first: {first}). Select the {kind}s of model.loadings_ first."
        )
    return positions


def read_forecasts(factor_forecasts: Any, factors: pd.Index) -> tuple[Array, pd.Index | None]:
    """Convert factor forecasts to one row per scenario, with the model's factors in order, and the scenarios' labels.

    Labels are None where the forecasts are a mapping or a Series: one scenario without a name.

    Raises
    ------
    DataTypeError
        If the forecasts are not a mapping, Series or DataFrame, or not numbers.
    InputError
        If they name other factors, or a factor twice, or have missing or infinite values.
    """
    rows = _as_rows(factor_forecasts)
    check_names(rows.columns, factors, "factor_forecasts")
    if not rows.columns.is_unique:
        again = list(dict.fromkeys(rows.columns[rows.columns.duplicated()]))
        raise InputError(f"factor_forecasts must name each factor once, got {listed(again)} twice. Drop one.")
    try:
        values = to_floats(rows.iloc[:, rows.columns.get_indexer(factors)])
    except TypeError as error:
        raise DataTypeError(
            f"factor_forecasts must hold numbers, got a value that is not a number ({error}). Convert it first."
        ) from error
    if not np.isfinite(values).all():
        raise InputError("factor_forecasts must hold finite numbers, got NaN or infinite values. Fill them first.")
    if isinstance(factor_forecasts, Mapping | pd.Series):
        return values, None
    return values, rows.index.to_flat_index().rename("scenario")


def _as_rows(factor_forecasts: Any) -> pd.DataFrame:
    """Convert forecasts to a DataFrame with one row per scenario."""
    if isinstance(factor_forecasts, Mapping):
        factor_forecasts = pd.Series(dict(factor_forecasts), dtype=object)
    if isinstance(factor_forecasts, pd.Series):
        return factor_forecasts.to_frame().T
    if isinstance(factor_forecasts, pd.DataFrame):
        return factor_forecasts
    if is_other_table(factor_forecasts) and has_dates(factor_forecasts):
        return to_pandas(factor_forecasts, "factor_forecasts")
    try:
        frame: pd.DataFrame = nw.from_native(factor_forecasts, eager_only=True).to_pandas()
    except TypeError as error:
        raise DataTypeError(
            f"factor_forecasts must be a mapping, Series or DataFrame, got {shown(factor_forecasts)}. "
            "Pass e.g. factor_forecasts={'market': 0.01}."
        ) from error
    return frame
