"""Measures any series of returns as a tear sheet."""

from typing import Any

import pandas as pd

from statefolio._options import Number, check
from statefolio.backtest.periods import PERIODS_RULE, read_periods
from statefolio.report.backtest.monthly import monthly_returns
from statefolio.report.returns.reading import read_sheet
from statefolio.report.returns.relative import all_measures, drawdown_table
from statefolio.report.returns.sheet import TearSheet


def tear_sheet(
    returns: Any,
    benchmark: Any = None,
    *,
    cash_rate: Any = 0.0,
    name: str | None = None,
    benchmark_name: str | None = None,
    periods_per_year: float | None = None,
) -> TearSheet:
    """Measure any series of returns, alone or against a benchmark.

    Parameters
    ----------
    returns : Series by date, one-column DataFrame, or an object with such `returns`
        Simple returns in decimals. Missing values before the first and after the last one are left out.
    benchmark : Series by date, optional
        Measures relative to it cover the dates that both have.
    cash_rate : float or Series by date, default 0
        Return of cash on a date.
    name, benchmark_name : str, optional
        By default the names of the Series, or "returns" and "benchmark".
    periods_per_year : float, optional
        Number of dates per year; by default it follows from the dates.

    Returns
    -------
    TearSheet
        `summary()` prints the measures, `plot_*` draw them, and `sf.report.write(sheet, path)` writes the report.

    Raises
    ------
    DataTypeError, InputError
        If returns are missing within their dates, look like prices, percent or yearly rates, or share no date
        with the benchmark.

    Warns
    -----
    StatefolioWarning
        If single values are implausible.

    Examples
    --------
    >>> import tempfile
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> sheet = sf.report.tear_sheet(demo.returns["XOM"], demo.factors["market"])
    >>> sheet.drawdowns[["drawdown", "trough"]].iloc[0].to_dict()
    {'drawdown': -0.6...}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = sf.report.write(sheet, f"{folder}/xom.html")
    >>> page.name
    'xom.html'
    """
    check("periods_per_year", periods_per_year, PERIODS_RULE)
    read = read_sheet(returns, benchmark)
    if periods_per_year is None and not isinstance(returns, pd.Series | pd.DataFrame):
        periods_per_year = getattr(returns, "periods_per_year", None)
    own = str(name or _name_of(returns, read.returns) or "returns")
    other = str(benchmark_name or (read.benchmark is not None and _name_of(benchmark, read.benchmark)) or "benchmark")
    other = other if other != own else f"{other} (benchmark)"
    if not isinstance(cash_rate, pd.Series):
        check("cash_rate", cash_rate, Number(example=0.0))
    year = read_periods(periods_per_year, read.returns.index)
    found, reasons = all_measures(read.returns, read.benchmark, cash_rate, year)
    notes = read.notes
    if len(read.returns) < year / 2.0:
        notes = (*notes, f"Annual numbers are extrapolated from {len(read.returns):,} dates, less than half a year.")
    table = pd.DataFrame({own: found})
    if read.benchmark is not None:
        table[other] = all_measures(read.benchmark, None, cash_rate, year)[0]
    return TearSheet(
        name=own,
        returns=read.returns.rename(own),
        benchmark=None if read.benchmark is None else read.benchmark.rename(other),
        benchmark_name=other if read.benchmark is not None else "",
        measures=table.rename_axis("measure"),
        reasons=reasons,
        drawdowns=drawdown_table(read.returns),
        monthly=monthly_returns(read.returns),
        cash_rate=cash_rate,
        periods_per_year=year,
        notes=notes,
    )


def _name_of(given: Any, series: "pd.Series[float]") -> Any:
    return series.name if hasattr(given, "columns") else getattr(given, "name", None)
