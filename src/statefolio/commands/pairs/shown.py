"""What commands on baskets show of what came."""

from typing import TYPE_CHECKING

import pandas as pd
from rich.markup import escape

from statefolio.commands.terminal import Screen
from statefolio.commands.terminal_tables import table

if TYPE_CHECKING:
    from statefolio.commands.pairs.job import PairsOutcome
    from statefolio.commands.pairs.screen_job import ScreenOutcome

MOST_BASKETS = 10
WHAT = {
    "report.html": "open this one",
    "verdict.txt": "whether it reverts, in a sentence",
    "verdict.csv": "its numbers, nominal and calibrated",
    "draws.csv": "the same numbers of baskets that are not cointegrated",
    "tests.csv": "textbook tests of cointegration",
    "parameters.csv": "what the hedge learned",
    "trace.csv": "the adaptive recipe, pass by pass",
    "hedge.csv": "ratios, spreads, held value, z-score by date",
    "walk.csv": "every hedge out of sample",
    "value.csv": "value after costs by date",
    "weights.csv": "what was wanted, by date and hedge",
    "positions.csv": "what to hold now",
    "levels.csv": "how far each level of the rule is",
}
WHAT_OF_SCREEN = {
    "report.html": "open this one",
    "baskets.parquet": "every basket that was tested",
    "selected.csv": "those that the filters left",
    "counts.csv": "how many each filter left",
    "untested.csv": "baskets without a test, and why",
}


def show_pairs(screen: Screen, outcome: "PairsOutcome") -> None:
    """Show the verdict, the walk, what to hold, and where everything is."""
    screen.stop()
    found = outcome.results
    screen.out.print()
    if found.verdict is not None:
        screen.out.print(escape(found.verdict.sentence), soft_wrap=True)
        screen.out.print()
    walked = pd.DataFrame(
        {
            "hedge": found.walk.table.index,
            "return": [f"{value:+.1%}" for value in found.walk.table["annual_return"]],
            "Sharpe": [f"{value:+.2f}" for value in found.walk.table["sharpe"]],
            "half-life": [f"{value:,.1f}" for value in found.walk.table["half_life"]],
            "p held": [f"{value:.2g}" for value in found.walk.table["adf_p_value"]],
            "density": [f"{value:+.3f}" for value in found.walk.table["log_density"]],
        }
    )
    screen.out.print(table(walked, f"Out of sample from {found.walk.start:%Y-%m-%d}. {found.costs}"))
    now = found.today
    positions = pd.DataFrame(
        {
            "asset": now.positions.index.astype(str),
            "shares": [f"{count:,.0f}" for count in now.positions["shares"]],
            "currency": [f"{amount:,.0f}" for amount in now.positions["currency"]],
        }
    )
    title = f"To hold after {now.date:%Y-%m-%d}: z-score {now.z_score:+.2f}, {now.units:+.2g} units"
    screen.out.print(table(positions, title))
    screen.out.print(f"Written to [bold]{escape(str(outcome.folder))}/[/bold]", soft_wrap=True)
    screen.files({name: what for name, what in WHAT.items() if (outcome.folder / name).exists()})


def show_screen(screen: Screen, outcome: "ScreenOutcome") -> None:
    """Show how many baskets were left, the best of them, and where everything is."""
    from statefolio.report.pairs.screen_chapters import screen_lead

    screen.stop()
    found = outcome.screen
    screen.out.print()
    screen.out.print(escape(screen_lead(found)), soft_wrap=True)
    best = found.confirmed if len(found.confirmed) else found.selected
    if len(best):
        columns = ["p_value", "half_life", "hedge_ratio_2", "later_p_value", "later_half_life"]
        shown = best.head(MOST_BASKETS)[[name for name in columns if name in best]].reset_index()
        what = "Confirmed" if len(found.confirmed) else "Left by the filters"
        screen.out.print(table(shown, f"{what}, the first {len(shown)} of {len(best):,}"))
    screen.out.print(f"Written to [bold]{escape(str(outcome.folder))}/[/bold]", soft_wrap=True)
    screen.files({name: what for name, what in WHAT_OF_SCREEN.items() if (outcome.folder / name).exists()})
