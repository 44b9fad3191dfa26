"""What commands on loadings show of what came."""

from typing import TYPE_CHECKING

from rich.markup import escape

from statefolio.commands.terminal import Screen
from statefolio.commands.terminal_tables import table

if TYPE_CHECKING:
    from statefolio.commands.loadings.job import Outcome
    from statefolio.commands.loadings.update import Updated

MOST_MOVED = 20
WHAT = {
    "report.html": "open this one",
    "loadings.parquet": "loadings and standard errors, a row a date, asset and factor",
    "parameters.csv": "hyper-parameters, a row an asset",
    "scores.csv": "every model and asset, out of sample",
    "model.statefolio": "continue it with `statefolio update --model ...`",
}


def show_loadings(screen: Screen, outcome: "Outcome") -> None:
    """Show the comparison and where everything is."""
    screen.stop()
    screen.out.print()
    title = f"One step ahead from {outcome.test_from:%Y-%m-%d}, every model tuned on the dates before"
    screen.out.print(table(outcome.comparison.reset_index(), title))
    screen.out.print(f"The loadings written are of a model tuned until {outcome.tune_until:%Y-%m-%d}.")
    screen.out.print(f"\nWritten to [bold]{escape(str(outcome.folder))}/[/bold] ({outcome.rows:,} rows of loadings)")
    screen.files(WHAT)


def show_updated(screen: Screen, updated: "Updated") -> None:
    """Show what an update changed."""
    if not len(updated.dates):
        screen.out.print(f"Nothing new: the model has seen every date up to {updated.last_date:%Y-%m-%d}.")
        return
    if updated.joined:
        screen.out.print(f"{len(updated.joined):,} assets joined: {escape(', '.join(updated.joined[:10]))}")
    if updated.moved.empty:
        screen.out.print("No loading moved beyond the band it was expected in.")
    else:
        title = f"{len(updated.moved):,} loadings moved beyond their 95 % bands"
        screen.out.print(table(updated.moved.head(MOST_MOVED), title))
    screen.out.print(f"{escape(str(updated.model))} now ends on {updated.last_date:%Y-%m-%d}.", soft_wrap=True)
