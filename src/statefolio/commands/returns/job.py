"""Reads returns and a benchmark from files, measures them, and writes the report."""

from pathlib import Path

import pandas as pd

from statefolio._arrays.text import listed
from statefolio._writing import place_of
from statefolio.commands.file_forms import Name, form_of_words, read_file, typed
from statefolio.commands.inputs import cut_dates
from statefolio.commands.returns.options import TearSheetOptions
from statefolio.commands.shared_options import FileForm
from statefolio.data import to_returns
from statefolio.exceptions import InputError, OutputError, UnknownNameError
from statefolio.report import TearSheet, tear_sheet, write
from statefolio.report.returns.reading import refuse_other_units

ADVICE = {
    "prices": "Pass --prices.",
    "percent": "Pass --percent.",
    "yearly_rate": "Divide yearly rates by the number of dates per year.",
}


def run_tear_sheet(options: TearSheetOptions) -> TearSheet:
    """Measure the returns and write the report.

    Raises
    ------
    FileFormatError, InputError, UnknownNameError
        If a file is not a table of returns, or lacks a column or the dates.
    OutputError
        If the report cannot be written.
    """
    check_file(options.out, overwrite=options.overwrite)
    table = _read(options.returns, options.form, options)
    returns = _column(table, options.column, "--column", options.returns)
    benchmark = None
    if options.benchmark is not None:
        form = form_of_words(options.benchmark_form, "--benchmark-form")
        other = _read(options.benchmark, form, options, lambda word: f"--benchmark-form {word.replace('_', '-')}=")
        benchmark = _column(other, options.benchmark_column, "--benchmark-column", options.benchmark)
    elif options.benchmark_column is not None:
        benchmark = _column(table, options.benchmark_column, "--benchmark-column", options.returns)
    sheet = tear_sheet(returns, benchmark, cash_rate=options.cash_rate)
    write(sheet, options.out)
    return sheet


def check_file(path: Path, *, overwrite: bool) -> None:
    """Raise OutputError if the report could not be written, before the work begins."""
    place = place_of(path, "--out")
    if place.suffix.lower() not in (".html", ".htm"):
        raise OutputError(f"--out must be an HTML file, got {path}. Pass e.g. --out tearsheet.html.")
    if place.exists() and not overwrite:
        raise OutputError(f"--out must be a new file, got {path}, which exists. Choose another, or pass --overwrite.")
    if not place.parent.is_dir():
        raise OutputError(f"--out must be in a folder that exists, got {path}. Make {place.parent} first.")


def _read(path: Path, form: FileForm, options: TearSheetOptions, name: Name = typed) -> pd.DataFrame:
    table = read_file(path, prices=options.prices, form=form, name=name)
    table = cut_dates(table, options.first, options.last, str(path))
    return to_returns(table) if options.prices else table / 100.0 if options.percent else table


def _column(table: pd.DataFrame, wanted: str | None, option: str, path: Path) -> "pd.Series[float]":
    """Return the wanted column, or the only one, as returns in decimals."""
    names = [str(name) for name in table.columns]
    if wanted is None and len(names) != 1:
        raise InputError(
            f"{option} must name one of the {len(names):,} columns of {path}, {listed(names, 9)}, got none. Pass e.g. "
            f"{option} {names[0]}."
        )
    if wanted is not None and wanted not in names:
        raise UnknownNameError(
            f"{option} must be a column of {path}, {listed(names, 9)}, got {wanted!r}. Name one of them."
        )
    column = table.iloc[:, names.index(wanted) if wanted is not None else 0]
    series = pd.Series(column, dtype=float).rename(names[0] if wanted is None else wanted)
    if series.notna().any():
        refuse_other_units(series.dropna(), str(path), ADVICE)
    return series
