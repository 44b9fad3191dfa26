"""The market of a study: the data that [data] names, with facts about the files."""

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from statefolio._arrays.text import span
from statefolio.backtest.market import Market
from statefolio.commands.inputs import PanelInputs, demo_panel, read_panel
from statefolio.commands.shared_options import PanelFiles
from statefolio.commands.studies.schema.messages import close_match
from statefolio.commands.studies.schema.study import DataTable
from statefolio.data import load_demo_prices, read_prices, read_returns
from statefolio.exceptions import InputError, UnknownNameError


@dataclass(frozen=True, eq=False)
class StudyData:
    """A market, and the inputs it was made from.

    Attributes
    ----------
    market : Market
        Total returns; factors, cash rate and dollar volumes on the same dates.
    inputs : PanelInputs
        The same returns and factors, their suspicious cells, and facts about the files.
    """

    market: Market
    inputs: PanelInputs


def read_data(table: DataTable, folder: Path) -> StudyData:
    """Read the data.

    Parameters
    ----------
    table
        The checked table.
    folder
        The folder that paths in it are relative to.

    Raises
    ------
    FileFormatError, InputError, UnknownNameError
        If a file cannot be read, or its content cannot be used.
    """
    inputs = _demo(table) if table.source == "demo" else _files(table, folder)
    inputs, rate = _take_cash_rate(inputs, table.risk_free)
    loss = table.delisting_return
    market = Market(
        inputs.returns,
        inputs.factors,
        cash_rate=rate,
        dollar_volumes=_volumes(table, folder, inputs.returns),
        delisting_return=by_asset(loss, inputs.returns.columns, 0.0, "data.delisting_return"),
        delisted_after=table.delisted_after,
    )
    return StudyData(market, inputs)


def last_prices(table: DataTable, folder: Path, date: pd.Timestamp) -> "pd.Series[float] | None":
    """Return each asset's last known price up to a date; None where [data] has returns alone."""
    if table.source == "demo":
        prices = load_demo_prices()
    elif table.prices is not None:
        prices = read_prices(folder / table.prices)
    else:
        return None
    known = prices.loc[:date].ffill()
    return known.iloc[-1].rename("price")


def by_asset(
    given: float | dict[str, float], assets: pd.Index, otherwise: float, field: str
) -> "float | pd.Series[float]":
    """Return a number unchanged, and a table from names to numbers as a Series of all assets.

    Assets that the table does not name have the value `otherwise`.

    Raises
    ------
    UnknownNameError
        If the table names an unknown asset.
    """
    if not isinstance(given, dict):
        return given
    check_names(given, assets, field, "assets")
    return pd.Series(given, dtype=float).reindex(assets, fill_value=otherwise)


def check_names(given: object, known: pd.Index, field: str, what: str) -> None:
    """Raise UnknownNameError for the first unknown name; `what` are the known ones, e.g. "assets"."""
    names = [str(name) for name in known]
    for name in given:  # type: ignore[attr-defined]
        if name not in names:
            shown = ", ".join(names[:20]) + ", ..." * (len(names) > 20)
            raise UnknownNameError(
                f"{field} must name {what} of the data ({shown}), got {name!r}.{close_match(name, names)}"
            )


def _demo(table: DataTable) -> PanelInputs:
    inputs = demo_panel()
    first, last = _stamp(table.first), _stamp(table.last)
    returns, factors = inputs.returns.loc[first:last], inputs.factors.loc[first:last]
    if returns.empty:
        raise InputError(
            "data.from and data.to must leave some of the bundled dates, "
            f"{span(pd.DatetimeIndex(inputs.returns.index))}, got none. Choose dates in that range."
        )
    facts = {**inputs.facts, "dates": f"{len(returns):,}, {span(pd.DatetimeIndex(returns.index))}"}
    return replace(inputs, returns=returns, factors=factors, facts=facts)


def _files(table: DataTable, folder: Path) -> PanelInputs:
    values = table.prices if table.prices is not None else table.returns
    if values is None or table.factors is None:
        raise InputError("data must name a file of returns or prices and a file of factors. Name both.")
    return read_panel(
        PanelFiles(
            returns=folder / values,
            factors=folder / table.factors,
            prices=table.prices is not None,
            first=_datetime(table.first),
            last=_datetime(table.last),
        )
    )


def _take_cash_rate(inputs: PanelInputs, column: str | None) -> tuple[PanelInputs, "float | pd.Series[float]"]:
    """Separate the cash rate from the factors."""
    if column is None:
        return inputs, 0.0
    check_names([column], inputs.factors.columns, "data.risk_free", "columns of the factors")
    if len(inputs.factors.columns) == 1:
        raise InputError(
            f"data.factors must have a factor next to the risk-free rate, got {column!r} alone. Add a factor."
        )
    rate = inputs.factors[column]
    facts = {**inputs.facts, "risk-free rate": f"{column}, the interest on cash"}
    return replace(inputs, factors=inputs.factors.drop(columns=column), facts=facts), rate


def _volumes(table: DataTable, folder: Path, returns: pd.DataFrame) -> pd.DataFrame | None:
    """Dollar volumes on the dates and assets of the returns."""
    if table.dollar_volumes is None:
        return None
    volumes = read_returns(folder / table.dollar_volumes)
    missing = returns.columns.difference(volumes.columns)
    if len(missing):
        raise UnknownNameError(
            f"data.dollar_volumes must have every asset of the returns, got {len(missing)} missing (first: "
            f"{missing[0]!r}). Add them."
        )
    return volumes.reindex(index=returns.index, columns=returns.columns)


def _stamp(day: dt.date | None) -> pd.Timestamp | None:
    return None if day is None else pd.Timestamp(day)


def _datetime(day: dt.date | None) -> dt.datetime | None:
    return None if day is None else dt.datetime.combine(day, dt.time())
