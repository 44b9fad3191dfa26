"""Reads returns and factors from files, cuts and aligns them, and finds suspicious cells."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from statefolio._arrays.cash_rates import check_cash_rate
from statefolio._arrays.text import listed, span
from statefolio.commands.file_forms import Name, form_of_words, read_factors, read_file, typed, typed_for_factors
from statefolio.commands.shared_options import FileForm, PanelFiles
from statefolio.commands.units import check_units, rates_among_factors
from statefolio.data import align, find_suspicious_cells, load_demo, read_weights, to_returns
from statefolio.exceptions import InputError, StatefolioError, UnknownNameError

EDGES = ("--from", "--to")
"""The options of the first and the last date to read."""


@dataclass(frozen=True)
class PanelInputs:
    """Returns and factors on the same dates, with facts and notes about the files.

    Attributes
    ----------
    returns, factors : DataFrame (date x asset), (date x factor)
    suspicious : DataFrame
        Cells that look wrong; they are kept.
    facts : mapping
        Facts by name, for the terminal and the report.
    notes : tuple of str
        Sentences about the alignment.
    """

    returns: pd.DataFrame
    factors: pd.DataFrame
    suspicious: pd.DataFrame
    facts: Mapping[str, object]
    notes: tuple[str, ...]


def read_tables(
    files: PanelFiles,
    factors_form: FileForm,
    name: Name = typed,
    factors_name: Name = typed_for_factors,
    edges: tuple[str, str] = EDGES,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Read both files and cut their dates; return the prices or returns, the factors, and the suspicious cells.

    What is in percent by an option becomes decimals.

    Parameters
    ----------
    files : PanelFiles
    factors_form : FileForm
        How the file of factors is written.
    name, factors_name : callable
        From a word of a form to what the user writes for it, for messages.
    edges
        What the user writes for the first and the last date, for messages.
    """
    table = read_file(files.returns, prices=files.prices, form=files.form, name=name)
    factors = read_factor_files(files.factors, factors_form, factors_name)
    _check_risk_free(factors, files)
    table, factors = (
        cut_dates(each, files.first, files.last, name, edges)
        for each, name in ((table, str(files.returns)), (factors, _named(files)))
    )
    table = table / 100.0 if files.percent and not files.prices else table
    factors = factors / 100.0 if files.factors_percent else factors
    return table, factors, find_suspicious_cells(table, kind="prices" if files.prices else "returns")


def read_factor_files(paths: list[Path], form: FileForm, name: Name) -> pd.DataFrame:
    """Read files of factors and join them on their dates.

    Raises
    ------
    InputError
        If two files have a factor of the same name, or no date in common.
    """
    joined: pd.DataFrame | None = None
    for path in _paths(paths):
        table = read_factors(path, form, name)
        if joined is None:
            joined = table
            continue
        again = joined.columns.intersection(table.columns)
        if len(again):
            raise InputError(
                f"--factors must name each factor once, got {listed(list(again))} in {path} and in a file before it. "
                "Rename or drop one."
            )
        both = joined.join(table, how="inner")
        if both.empty:
            raise InputError(f"--factors must have dates in common, got none between {path} and the files before it.")
        joined = both
    if joined is None:
        raise InputError("--factors must name a file at least, got none. Pass --factors PATH.")
    return joined


def read_panel(files: PanelFiles, *, insist: bool = False) -> PanelInputs:
    """Read the files and align them on their common dates.

    Parameters
    ----------
    files : PanelFiles
    insist : bool
        Accept returns that look like percent or prices.

    Raises
    ------
    InputError
        If returns or factors look like percent or prices, and no option says so.
    """
    factors_form = form_of_words(files.factors_form, "--factors-form")
    table, factors, suspicious = read_tables(files, factors_form)
    if not insist:
        check_units(table, factors, files)
    returns, factors, report = align(to_returns(table) if files.prices else table, factors)
    if files.risk_free is not None:
        check_cash_rate("--risk-free", factors[files.risk_free].to_numpy(), pd.DatetimeIndex(factors.index))
        returns = returns.sub(factors[files.risk_free], axis=0)
        factors = factors.drop(columns=files.risk_free)
    facts = panel_facts(files, returns, factors, suspicious)
    notes = (*str(report).splitlines(), *rates_among_factors(factors))
    return PanelInputs(returns, factors, suspicious, facts, notes)


def panel_facts(
    files: PanelFiles, returns: pd.DataFrame, factors: pd.DataFrame, suspicious: pd.DataFrame
) -> dict[str, object]:
    """Return facts about files of a panel by name."""
    return {
        "returns": f"{files.returns.name}{' (prices)' if files.prices else ''}",
        "factors file": ", ".join(path.name for path in _paths(files.factors)),
        "risk-free rate": files.risk_free or "none subtracted",
        **_facts(returns, factors, suspicious),
    }


def demo_panel() -> PanelInputs:
    """Return the bundled real data."""
    demo = load_demo()
    suspicious = find_suspicious_cells(demo.returns, kind="returns")
    facts: dict[str, object] = {
        "returns": "real data bundled with skfolio",
        **_facts(demo.returns, demo.factors, suspicious),
    }
    return PanelInputs(demo.returns, demo.factors, suspicious, facts, (demo.description,))


def read_holdings(path: Path) -> "pd.Series[float]":
    """Read the shares of --holdings, by asset; errors name the option."""
    try:
        return read_weights(path)
    except StatefolioError as error:
        said = re.sub(r" weight\b", " number of shares", str(error))
        raise type(error)(f"--holdings: {said}") from error


def cut_dates(
    table: pd.DataFrame,
    first: datetime | None,
    last: datetime | None,
    name: str,
    edges: tuple[str, str] = EDGES,
) -> pd.DataFrame:
    """Keep the dates from `first` to `last`; `edges` is what the user writes for them.

    Raises
    ------
    InputError
        If no date is left.
    """
    kept = table.loc[first:last]
    if kept.empty:
        given = " and ".join(f"{each} {date:%Y-%m-%d}" for each, date in zip(edges, (first, last), strict=True) if date)
        raise InputError(
            f"{given} must leave dates of {name}, which runs {span(pd.DatetimeIndex(table.index))}; it leaves none. "
            "Choose dates in that range."
        )
    return kept


def _check_risk_free(factors: pd.DataFrame, files: PanelFiles) -> None:
    if files.risk_free is None:
        return
    names = [str(name) for name in factors.columns]
    if files.risk_free not in names:
        raise UnknownNameError(
            f"--risk-free must be a column of {_named(files)}, {listed(names, len(names))}, got {files.risk_free!r}. "
            "Name one of them, or leave out --risk-free."
        )
    if len(names) == 1:
        raise InputError(
            f"{_named(files)} must have a factor next to the risk-free rate, got {files.risk_free!r} alone. Add a "
            "factor, or leave out --risk-free."
        )


def _facts(returns: pd.DataFrame, factors: pd.DataFrame, suspicious: pd.DataFrame) -> dict[str, object]:
    missing = int(returns.isna().to_numpy().sum())
    return {
        "dates": f"{len(returns):,}, {span(pd.DatetimeIndex(returns.index))}",
        "assets": returns.shape[1],
        "factors": ", ".join(str(name) for name in factors.columns),
        "missing returns": f"{missing:,} ({missing / max(1, returns.size):.1%})",
        "suspicious cells": len(suspicious),
    }


def _paths(given: Any) -> list[Path]:
    """Return the files of factors as a list; a single path is one."""
    return [given] if isinstance(given, Path) else list(given)


def _named(files: PanelFiles) -> str:
    return ", ".join(str(path) for path in _paths(files.factors))
