"""The data of a study: a market to test on, and what a report tells of the files."""

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from statefolio.backtest.market import Market
from statefolio.commands.inputs import Inputs, Source, demo_inputs, read_inputs
from statefolio.commands.studies.messages import close_match
from statefolio.commands.studies.schema import DataTable
from statefolio.data import load_demo_prices, read_prices, read_returns
from statefolio.exceptions import InputError, UnknownNameError


@dataclass(frozen=True, eq=False)
class StudyData:
    """A market, and what was read to make it.

    Attributes
    ----------
    market : Market
        Total returns; factors, cash rate and dollar volumes on the same dates.
    inputs : Inputs
        The same returns and factors, what looks wrong in them, and where they are from.
    """

    market: Market
    inputs: Inputs


def read_data(table: DataTable, folder: Path) -> StudyData:
    """Read what [data] names.

    Parameters
    ----------
    table
        The checked table.
    folder
        What paths in it are relative to.

    Raises
    ------
    FileFormatError, InputError, UnknownNameError
        If a file cannot be read, or what is in it cannot be used.
    """
    inputs = _demo(table) if table.source == "demo" else _files(table, folder)
    inputs, rate = _split(inputs, table.risk_free)
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
    """A number as it is; a table from names to numbers with every asset in it, `otherwise` for those not named.

    Raises
    ------
    UnknownNameError
        If it names an asset that the data lack.
    """
    if not isinstance(given, dict):
        return given
    check_names(given, assets, field, "assets")
    return pd.Series(given, dtype=float).reindex(assets, fill_value=otherwise)


def check_names(given: object, known: pd.Index, field: str, what: str) -> None:
    """Raise UnknownNameError for the first name that is not among those known."""
    names = [str(name) for name in known]
    for name in given:  # type: ignore[attr-defined]
        if name not in names:
            shown = ", ".join(names[:20]) + ", ..." * (len(names) > 20)
            raise UnknownNameError(
                f"{field} names {name!r}, which is none of the {len(names)} {what}: {shown}.{close_match(name, names)}"
            )


def _demo(table: DataTable) -> Inputs:
    inputs = demo_inputs()
    first, last = _stamp(table.first), _stamp(table.last)
    returns, factors = inputs.returns.loc[first:last], inputs.factors.loc[first:last]
    if returns.empty:
        raise InputError(
            f"data.from and data.to leave none of the bundled dates, {inputs.returns.index[0]:%Y-%m-%d} to "
            f"{inputs.returns.index[-1]:%Y-%m-%d}. Choose dates among them."
        )
    about = {**inputs.about, "dates": f"{len(returns):,}, {returns.index[0]:%Y-%m-%d} to {returns.index[-1]:%Y-%m-%d}"}
    return replace(inputs, returns=returns, factors=factors, about=about)


def _files(table: DataTable, folder: Path) -> Inputs:
    values = table.prices if table.prices is not None else table.returns
    if values is None or table.factors is None:
        raise InputError("data has no file of returns or none of factors; both were expected. Name them.")
    first, last = _datetime(table.first), _datetime(table.last)
    return read_inputs(
        Source(folder / values, folder / table.factors, prices=table.prices is not None, first=first, last=last)
    )


def _split(inputs: Inputs, column: str | None) -> tuple[Inputs, "float | pd.Series[float]"]:
    """Take the cash rate out of the factors."""
    if column is None:
        return inputs, 0.0
    check_names([column], inputs.factors.columns, "data.risk_free", "columns of the factors")
    if len(inputs.factors.columns) == 1:
        raise InputError(
            f"data.factors has no column beside the risk-free {column!r}. At least one factor was expected."
        )
    rate = inputs.factors[column]
    about = {**inputs.about, "risk-free rate": f"{column}, what cash earns"}
    return replace(inputs, factors=inputs.factors.drop(columns=column), about=about), rate


def _volumes(table: DataTable, folder: Path, returns: pd.DataFrame) -> pd.DataFrame | None:
    """Dollar volumes on the dates and assets of the returns."""
    if table.dollar_volumes is None:
        return None
    volumes = read_returns(folder / table.dollar_volumes)
    missing = returns.columns.difference(volumes.columns)
    if len(missing):
        raise UnknownNameError(
            f"data.dollar_volumes lacks {len(missing)} of the assets (first: {missing[0]!r}); all were expected."
        )
    return volumes.reindex(index=returns.index, columns=returns.columns)


def _stamp(day: dt.date | None) -> pd.Timestamp | None:
    return None if day is None else pd.Timestamp(day)


def _datetime(day: dt.date | None) -> dt.datetime | None:
    return None if day is None else dt.datetime.combine(day, dt.time())
