"""The market of a study: the data that [data] names, with facts about the files."""

import datetime as dt
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from statefolio._arrays.text import show, span
from statefolio.backtest.market import Market
from statefolio.commands.file_forms import form_of_table, read_file
from statefolio.commands.inputs import PanelInputs, cut_dates, demo_panel, panel_facts, read_tables
from statefolio.commands.shared_options import PanelFiles
from statefolio.commands.studies.parts.components import with_components
from statefolio.commands.studies.parts.dated_tables import read_others
from statefolio.commands.studies.parts.missing import missing_data
from statefolio.commands.studies.parts.names import by_asset, check_names
from statefolio.commands.studies.schema.data_tables import (
    DataTable,
    FactorsTable,
    GivenFactors,
    StatisticalFactorsTable,
)
from statefolio.data import Alignment, align, find_suspicious_cells, load_demo_prices, read_returns, to_returns
from statefolio.exceptions import InputError, StatefolioWarning, UnknownNameError


@dataclass(frozen=True, eq=False)
class StudyData:
    """A market, and the inputs it was made from.

    Attributes
    ----------
    market : Market
        Total returns; factors, cash rate and dollar volumes on the same dates.
    inputs : PanelInputs
        The same returns and factors, their suspicious cells, and facts about the files.
    missing : DataFrame
        Dates and prices that are missing, in the form of a back-test's events (date, kind, asset, detail), one row per
        kind, with the count, the first and the last date, and the effect.
    """

    market: Market
    inputs: PanelInputs
    missing: pd.DataFrame


def read_data(
    table: DataTable,
    folder: Path,
    factors: FactorsTable = GivenFactors(),  # noqa: B008 - frozen
    tables: Mapping[str, pd.DataFrame] | None = None,
) -> StudyData:
    """Read the data.

    Parameters
    ----------
    table
        The checked table.
    folder
        The folder that paths in it are relative to.
    factors
        Where the factors come from.
    tables
        Further dated tables for the market's `others`.

    Raises
    ------
    FileFormatError, InputError, UnknownNameError
        If a file cannot be read, or its content cannot be used.
    """
    inputs, prices, report = _demo(table) if table.source == "demo" else _files(table, folder)
    if not isinstance(factors, GivenFactors):
        inputs = replace(inputs, factors=inputs.factors.iloc[:, :0], facts={**inputs.facts, "factors": "none"})
    inputs, rate = _take_cash_rate(inputs, table)
    loss = table.delisting_return
    options: dict[str, Any] = {
        "cash_rate": rate,
        "dollar_volumes": _volumes(table, folder, inputs.returns),
        "delisting_return": by_asset(loss, inputs.returns.columns, 0.0, "data.delisting_return"),
        "delisted_after": table.delisted_after,
        "delistings": table.delistings,
        "others": {**read_others(table, folder), **(tables or {})},
    }
    if prices is None:
        options["gaps_bridged"] = table.gaps_bridged
    paid = None if table.dividends is None else read_dated(folder / table.dividends)
    market = _market(inputs, prices, paid, table, options)
    if isinstance(factors, StatisticalFactorsTable):
        inputs = with_components(inputs, market, factors)
        with warnings.catch_warnings():  # the first dates have no components: a note says so
            warnings.filterwarnings("ignore", "factors must be known on every date", StatefolioWarning)
            market = _market(inputs, prices, paid, table, options)
    missing = missing_data(market, report)
    return StudyData(market, replace(inputs, notes=(*inputs.notes, *missing["detail"])), missing)


def read_dated(path: Path) -> pd.DataFrame:
    """Read a file of numbers by date and asset: dividends per share, or yearly rates."""
    return read_returns(path)


def _market(
    inputs: PanelInputs,
    prices: pd.DataFrame | None,
    paid: pd.DataFrame | None,
    table: DataTable,
    options: dict[str, Any],
) -> Market:
    factors = inputs.factors if inputs.factors.shape[1] else None
    if prices is None:
        return _with_prices(Market(inputs.returns, factors, **options), table)
    return Market.from_prices(prices, factors, dividends=paid, **options)


def _with_prices(market: Market, table: DataTable) -> Market:
    """Add the last prices of the bundled data, whose returns they are; files of returns have none."""
    if table.source != "demo":
        return market
    return market.with_prices(load_demo_prices())


def last_prices(table: DataTable, folder: Path, date: pd.Timestamp) -> pd.DataFrame | None:
    """Return each asset's last known price up to a date, and its date (asset x price, priced_on).

    None where [data] has returns alone.
    """
    if table.source == "demo":
        prices = load_demo_prices()
    elif table.prices is not None:
        form = form_of_table(table.form.model_dump(exclude_none=True))
        prices = read_file(folder / table.prices, prices=True, form=form, name=_form_field)
    else:
        return None
    until = prices.loc[:date].where(lambda each: each > 0.0)
    known = until.notna().to_numpy()
    dates = pd.DatetimeIndex(until.index)[len(until) - 1 - known[::-1].argmax(axis=0)]
    return pd.DataFrame({"price": until.ffill().iloc[-1], "priced_on": dates.where(known.any(axis=0))})


def _form_field(word: str) -> str:
    return f"data.form.{word} ="


def _factors_form_field(word: str) -> str:
    return f"data.factors_form.{word} ="


def _demo(table: DataTable) -> tuple[PanelInputs, None, None]:
    inputs = demo_panel()
    first, last = _stamp(table.first), _stamp(table.last)
    returns, factors = inputs.returns.loc[first:last], inputs.factors.loc[first:last]
    if returns.empty:
        given = [f"{name} {day}" for name, day in zip(table.edges, (table.first, table.last), strict=True) if day]
        raise InputError(
            f"{' and '.join(given)} must leave some of the bundled dates, "
            f"{span(pd.DatetimeIndex(inputs.returns.index))}; it leaves none. Choose dates in that range."
        )
    facts = {**inputs.facts, "dates": f"{len(returns):,}, {span(pd.DatetimeIndex(returns.index))}"}
    return replace(inputs, returns=returns, factors=factors, facts=facts), None, None


def _files(table: DataTable, folder: Path) -> tuple[PanelInputs, pd.DataFrame | None, Alignment | None]:
    """Read the files; return all dates of the returns, the factors on those they share, and the prices if given."""
    values = table.prices if table.prices is not None else table.returns
    if values is None:
        raise InputError("data must name a file of returns or prices. Name one.")
    files = PanelFiles(
        returns=folder / values,
        factors=[] if table.factors is None else [folder / table.factors],
        form=form_of_table(table.form.model_dump(exclude_none=True)),
        prices=table.prices is not None,
        first=_datetime(table.first),
        last=_datetime(table.last),
    )
    if table.factors is None:
        return _returns_alone(files, table.edges)
    factors_form = form_of_table(table.factors_form.model_dump(exclude_none=True))
    read, given, suspicious = read_tables(files, factors_form, _form_field, _factors_form_field, table.edges)
    returns = to_returns(read) if files.prices else read
    _, factors, report = align(returns, given)
    facts = panel_facts(files, returns, factors, suspicious)
    unseen = [
        f"{len(returns):,} dates of returns, {span(pd.DatetimeIndex(returns.index))}: accounts run on all of them."
    ]
    inputs = PanelInputs(returns, factors, suspicious, facts, (*unseen, *_matching(report, returns.index[0])))
    return inputs, read if files.prices else None, report


def _returns_alone(files: PanelFiles, edges: tuple[str, str]) -> tuple[PanelInputs, pd.DataFrame | None, None]:
    """Read returns or prices without factors."""
    read = read_file(files.returns, prices=files.prices, form=files.form, name=_form_field)
    read = cut_dates(read, files.first, files.last, str(files.returns), edges)
    suspicious = find_suspicious_cells(read, kind="prices" if files.prices else "returns")
    returns = to_returns(read) if files.prices else read
    none = pd.DataFrame(index=returns.index)
    facts = {**panel_facts(files, returns, none, suspicious), "factors": "none", "factors file": "none"}
    note = f"{len(returns):,} dates of returns, {span(pd.DatetimeIndex(returns.index))}, without factors."
    return PanelInputs(returns, none, suspicious, facts, (note,)), read if files.prices else None, None


def _matching(report: Alignment, first: pd.Timestamp) -> list[str]:
    """Sentences about the factors' dates from `first` on that the returns lack, and about how dates were matched."""
    found = []
    dropped = report.only_in_factors[report.only_in_factors > first]
    if len(dropped):
        found.append(f"{len(dropped):,} dates dropped that only the factors have, {span(dropped)}.")
    return [*found, *([text] if (text := getattr(report, "redated", "")) else [])]


def _take_cash_rate(inputs: PanelInputs, table: DataTable) -> tuple[PanelInputs, "float | pd.Series[float]"]:
    """Separate the cash rate from the factors."""
    column = table.risk_free
    if column is None:
        return inputs, table.cash_rate or 0.0
    check_names([column], inputs.factors.columns, "data.risk_free", "columns of the factors")
    if len(inputs.factors.columns) == 1:
        raise InputError(
            f"data.factors must have a factor next to the risk-free rate, got {column!r} alone. Add a factor."
        )
    known = inputs.factors[column].reindex(inputs.returns.index)
    rate, absent = known.ffill().bfill(), known.index[known.isna()]
    facts, notes = {**inputs.facts, "risk-free rate": f"{column}, the interest on cash"}, inputs.notes
    if len(absent):
        notes = (
            *notes,
            f"{column} is not known on {len(absent):,} dates (first: {show(absent[0])}): the rate of the date before "
            "is used.",
        )
    return replace(inputs, factors=inputs.factors.drop(columns=column), facts=facts, notes=notes), rate


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
