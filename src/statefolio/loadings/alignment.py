"""Names and dates that came, matched with those a model knows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.panel import ALPHA, Panel
from statefolio._arrays.text import listed, show, span
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError


def following(panel: Panel, last_date: pd.Timestamp, assets: pd.Index, factors: pd.Index) -> Panel:
    """Give new dates the columns of a state: its assets first, in their order, then new ones."""
    if panel.dates[0] <= last_date:
        raise InputError(
            f"new_returns has dates {span(panel.dates)}; dates after {show(last_date)}, the last one seen, "
            f"were expected. Use new_returns[new_returns.index > {show(last_date)!r}], or fit again."
        )
    panel = in_order(panel, factors)
    if panel.assets.equals(assets):
        return panel
    joined = panel.assets[~panel.assets.isin(assets)]
    assets = assets.append(joined) if len(joined) else assets
    returns = np.full((len(panel.dates), len(assets)), np.nan)
    returns[:, assets.get_indexer(panel.assets)] = panel.returns
    return Panel(returns, panel.regressors, panel.dates, assets, panel.factors)


def in_order(panel: Panel, factors: pd.Index) -> Panel:
    """Put a panel's factors in the order of the model."""
    if panel.factors.equals(factors):
        return panel
    check_names(panel.factors, factors, "factors")
    regressors = np.ascontiguousarray(panel.regressors[:, panel.factors.get_indexer(factors)])
    return replace(panel, regressors=regressors, factors=factors)


def check_names(given: pd.Index, expected: pd.Index, what: str) -> None:
    """Raise InputError unless the two hold the same names."""
    absent, unknown = expected.difference(given, sort=False), given.difference(expected, sort=False)
    if len(absent) or len(unknown):
        found = f"lacks {listed(list(absent))}" if len(absent) else f"has {listed(list(unknown))} besides"
        names = listed([name for name in expected if name != ALPHA], most=8)
        raise InputError(f"{what} {found}; the model's factors were expected. Pass columns {names}.")


def places(known: pd.Index, wanted: pd.Index, kind: str) -> Any:
    """Find where the wanted names stand among those the model knows."""
    found = known.get_indexer(wanted)
    absent = wanted[found < 0]
    if len(absent):
        first = show(absent[0]) if kind == "date" else repr(absent[0])
        raise UnknownNameError(
            f"returns has {len(absent)} {kind}s that the model's results lack (first: {first}); {kind}s the "
            "results hold were expected. Select those first."
        )
    return found


def scenarios(forecasts: Any, factors: pd.Index) -> pd.DataFrame:
    """Make one row a scenario and one column a factor of whatever came."""
    if isinstance(forecasts, Mapping):
        forecasts = pd.Series(dict(forecasts))
    if isinstance(forecasts, pd.Series):
        forecasts = forecasts.to_frame().T
    if not isinstance(forecasts, pd.DataFrame):
        raise DataTypeError(
            f"factor_forecasts is a {type(forecasts).__name__}; a mapping, Series or DataFrame was expected. "
            "Pass e.g. {'market': 0.01}."
        )
    check_names(forecasts.columns, factors, "factor_forecasts")
    try:
        rows = forecasts[list(factors)].astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataTypeError(
            "factor_forecasts holds something that is no number; numbers were expected. Convert it first."
        ) from error
    if not np.isfinite(rows.to_numpy()).all():
        raise InputError("factor_forecasts has NaN or infinite values; finite numbers were expected. Fill them first.")
    return rows
