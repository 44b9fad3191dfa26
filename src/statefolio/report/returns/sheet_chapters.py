"""Builds the chapters of a tear sheet: the answer first, then the pictures, the measures and the drawdowns."""

import pandas as pd

from statefolio._arrays.text import show
from statefolio._display.numbers import MISSING
from statefolio.report.backtest.backtest_tables import measures_table, right
from statefolio.report.chapters import Chapter, Exhibit, figure_exhibit
from statefolio.report.returns.relative import WINDOW
from statefolio.report.returns.sheet import TearSheet


def sheet_lead(sheet: TearSheet) -> str:
    """Return the answer in two sentences."""
    own = sheet.measures[sheet.name]
    text = (
        f"{sheet.name} earned {own['annual_return']:.1%} a year with a volatility of {own['annual_volatility']:.1%} "
        f"(Sharpe {own['sharpe']:.2f}) from {show(sheet.returns.index[0])} to {show(sheet.returns.index[-1])}. "
    )
    if not len(sheet.drawdowns):
        return text + "It never fell below its peak."
    worst = sheet.drawdowns.iloc[0]
    end = "has not recovered" if worst["recovery"] is None else f"recovered on {show(worst['recovery'])}"
    return text + f"Its deepest drawdown was {-worst['drawdown']:.1%}, reached {show(worst['trough'])}; it {end}."


def sheet_tiles(sheet: TearSheet) -> dict[str, str]:
    """Return the tiles at the top of the report."""
    own = sheet.measures[sheet.name]
    tiles = {
        "Annual return": f"{own['annual_return']:.1%}",
        "Annual volatility": f"{own['annual_volatility']:.1%}",
        "Sharpe": f"{own['sharpe']:.2f}",
        "Maximum drawdown": f"{own['maximum_drawdown']:.1%}",
    }
    if sheet.benchmark is not None:
        tiles |= {"Beta": f"{own['beta']:.2f}", "Alpha per year": f"{own['annual_alpha']:.1%}"}
    return {name: MISSING if "nan" in text else text.replace("-", "\u2212") for name, text in tiles.items()}


def sheet_chapters(sheet: TearSheet) -> list[Chapter]:
    """Return the chapters: value and months, measures, drawdowns, rolling measures and distribution."""
    window = min(WINDOW, max(5, len(sheet.returns) // 3))
    pictures = (
        figure_exhibit("Value", "Of 1 invested at the start.", sheet.plot_value, wide=True),
        figure_exhibit("Drawdown", "Distance of the value from its highest so far.", sheet.plot_drawdown, wide=True),
        figure_exhibit("Returns by month", "In percent; years are compounded.", sheet.plot_monthly, wide=True),
    )
    rolling = [
        figure_exhibit("Sharpe ratio", f"Over the last {window} dates.", lambda: sheet.plot_sharpe(window)),
        figure_exhibit("Volatility", f"Over the last {window} dates.", lambda: sheet.plot_volatility(window)),
    ]
    if sheet.benchmark is not None:
        rolling.append(figure_exhibit("Beta", f"To {sheet.benchmark_name}.", lambda: sheet.plot_beta(window)))
    rolling.append(figure_exhibit("Distribution", "Of the returns by date.", sheet.plot_distribution))
    return [
        Chapter("Value and drawdown", "", pictures),
        Chapter("Measures", _about(sheet), (_measures(sheet),)),
        Chapter("Worst drawdowns", _about_drawdowns(sheet), (_drawdowns(sheet),)),
        Chapter("Through time", "", tuple(rolling)),
    ]


def _measures(sheet: TearSheet) -> Exhibit:
    table = measures_table(sheet.measures)
    reasons = "; ".join(f"{name.replace('_', ' ')}: {why}" for name, why in sheet.reasons.items())
    missing = f"{MISSING}: not defined ({reasons})." if reasons else f"{MISSING}: of the returns alone."
    return Exhibit("", table=table, formats=right(table), wide=True, why_missing=missing)


def _drawdowns(sheet: TearSheet) -> Exhibit:
    table = sheet.drawdowns.reset_index()
    for name in ("peak", "trough", "recovery"):
        table[name] = [
            MISSING if pd.isna(value) else value if isinstance(value, str) else show(value) for value in table[name]
        ]
    table["dates to recover"] = [MISSING if pd.isna(value) else f"{value:,}" for value in table["dates to recover"]]
    headings = {"drawdown": "Drawdown", "peak": "Peak", "trough": "Trough", "recovery": "Recovery"}
    table = table.astype({"drawdown": float, "dates": int})
    table = table.rename(columns={**headings, "dates to recover": "Dates to recover"})
    formats = {"Drawdown": ".1%", "Dates to recover": ">"}
    return Exhibit("", table=table, formats=formats, wide=True, why_missing=f"{MISSING}: not recovered yet.")


def _date(value: object) -> str:
    return value if isinstance(value, str) else MISSING if value is None or value is pd.NaT else show(value)


def _about(sheet: TearSheet) -> str:
    parts = [
        f"A year has {sheet.periods_per_year:g} dates. Returns are compounded; Sharpe and Sortino are of returns in "
        "excess of cash; alpha is arithmetic.",
        *sheet.notes,
    ]
    return " ".join(parts)


def _about_drawdowns(sheet: TearSheet) -> str:
    if not len(sheet.drawdowns):
        return "The value never fell below its peak."
    return "From the date at the peak to the first date at the peak again; lengths in dates."
