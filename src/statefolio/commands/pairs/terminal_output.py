"""Shows the results of the commands on cointegrated baskets."""

from typing import TYPE_CHECKING

import pandas as pd
from rich.markup import escape

from statefolio.commands.terminal import Terminal
from statefolio.commands.terminal_tables import number, p_value, table

if TYPE_CHECKING:
    from statefolio.commands.pairs.job import PairsResult
    from statefolio.commands.pairs.screen_job import ScreenResult

MOST_BASKETS = 10
CONTENTS = {
    "report.html": "the report: open it in a browser",
    "verdict.txt": "whether the basket reverts, in one sentence",
    "verdict.csv": "statistics of the verdict, nominal and calibrated",
    "draws.csv": "the same statistics of simulated baskets without cointegration",
    "tests.csv": "textbook tests of cointegration",
    "parameters.csv": "parameters of the hedge",
    "trace.csv": "the adaptive recipe: one row per pass",
    "hedge.csv": "hedge ratios, spreads, value of the held basket and z-score by date",
    "walk.csv": "every hedge out of sample",
    "value.csv": "value after costs by date",
    "weights.csv": "target weights by date and hedge",
    "positions.csv": "hedge ratios with bands, and target positions, on every date",
    "levels.csv": "distances to the levels of the trading rule",
    "rules.csv": "trading rules out of sample",
    "grid.csv": "every combination of entry, exit and look-back out of sample",
    "basket.state": "the walk, which `statefolio pairs update` continues day by day",
}
SCREEN_CONTENTS = {
    "report.html": "the report: open it in a browser",
    "baskets.parquet": "every basket that was tested",
    "selected.csv": "baskets that passed the filters",
    "counts.csv": "number of baskets that passed each filter",
    "untested.csv": "baskets without a test, and the reason",
}


def show_pairs(terminal: Terminal, result: "PairsResult") -> None:
    """Show whether the basket reverts, the position today, the verdict in detail, the walk, and the files."""
    from statefolio.report.pairs.basket_answer import NO_PREDICTION, headline, level_table, today_facts, today_table

    terminal.end_progress()
    found = result.results
    terminal.out.print()
    terminal.out.print(f"[bold]{escape(headline(found))}[/bold]", soft_wrap=True)
    if found.verdict is not None:
        terminal.out.print(escape(NO_PREDICTION), soft_wrap=True)
    terminal.out.print()
    terminal.out.print(f"[bold]After the close of {found.today.date:%Y-%m-%d}[/bold]")
    for name, value in today_facts(found).items():
        terminal.out.print(f"  {escape(name)}: {escape(value)}", soft_wrap=True)
    held = today_table(found)
    for column in held.columns[1:]:
        held[column] = [number(value, "{:,.0f}") for value in held[column]]
    terminal.out.print(table(held, f"Positions to hold, for a capital of {found.capital:,.0f}"))
    levels = level_table(found)
    for column, form in zip(levels.columns[1:], ("{:+.2f}", "{:+.2f}", "{:,.4g}"), strict=True):
        levels[column] = [number(value, form) for value in levels[column]]
    terminal.out.print(table(levels, "Levels of the rule: distance in standard deviations from today's z-score"))
    if found.verdict is not None:
        terminal.out.print(escape(found.verdict.sentence), soft_wrap=True)
        terminal.out.print()
    walked = pd.DataFrame(
        {
            "hedge": found.walk.table.index,
            "yearly return": [number(value, "{:+.1%}") for value in found.walk.table["annual_return"]],
            "Sharpe": [number(value, "{:+.2f}") for value in found.walk.table["sharpe"]],
            "half-life, dates": [number(value, "{:,.1f}") for value in found.walk.table["half_life"]],
            "ADF p-value": [p_value(value) for value in found.walk.table["adf_p_value"]],
            "log density": [number(value, "{:+.3f}") for value in found.walk.table["log_density"]],
        }
    )
    terminal.out.print(table(walked, f"Out of sample from {found.walk.start:%Y-%m-%d}. {found.costs}"))
    terminal.show_files(result.folder, CONTENTS)


def show_screen(terminal: Terminal, result: "ScreenResult") -> None:
    """Show the number of baskets that passed, the best of them, and the files."""
    from statefolio.report.pairs.screen_chapters import screen_lead

    terminal.end_progress()
    found = result.screen
    terminal.out.print()
    terminal.out.print(escape(screen_lead(found)), soft_wrap=True)
    best = found.confirmed if len(found.confirmed) else found.selected
    if len(best):
        first = best.head(MOST_BASKETS)
        kind = "Confirmed baskets" if len(found.confirmed) else "Baskets that passed the filters"
        terminal.out.print(table(_basket_table(first), f"{kind}: the first {len(first)} of {len(best):,}"))
    terminal.show_files(result.folder, SCREEN_CONTENTS)


def _basket_table(baskets: pd.DataFrame) -> pd.DataFrame:
    """One row per basket: the test, the half-life and the hedge ratio, and the later test where there is one."""
    columns: dict[str, object] = {
        "basket": baskets.index.astype(str),
        "p-value": [p_value(value) for value in baskets["p_value"]],
        "half-life, dates": [number(value, "{:.1f}") for value in baskets["half_life"]],
        "hedge ratio": [number(value, "{:.3g}") for value in baskets["hedge_ratio_2"]],
    }
    if "later_p_value" in baskets:
        columns["later p-value"] = [p_value(value) for value in baskets["later_p_value"]]
        columns["later half-life, dates"] = [number(value, "{:.1f}") for value in baskets["later_half_life"]]
    return pd.DataFrame(columns)
