"""Shows the results of the commands on loadings."""

from typing import TYPE_CHECKING

import pandas as pd
from rich.markup import escape

from statefolio._arrays.text import counted
from statefolio.commands.terminal import Terminal
from statefolio.commands.terminal_tables import table

if TYPE_CHECKING:
    from statefolio.commands.loadings.job import LoadingsResult
    from statefolio.commands.loadings.update import UpdatedModel
    from statefolio.loadings.stores.store import LoadingsStore

MOST_MOVED = 20
CONTENTS = {
    "report.html": "the report: open it in a browser",
    "loadings.parquet": "loadings and standard errors: one row per date, asset and factor",
    "parameters.csv": "hyper-parameters: one row per asset",
    "scores.csv": "scores of every model and asset, out of sample",
    "model.statefolio": "the model; continue it with `statefolio update --model ...`",
}
SCORES = {
    "error_variance": "error variance",
    "log_score": "log score",
    "log_score_common": "log score, common noise",
}
UPDATED = {"loadings": "loadings of the new dates", "report": "what moved", "backup": "the former model"}
MOVED = {"expected": "forecast", "now": "filtered", "standard_errors": "surprise, standard errors"}


def show_loadings(terminal: Terminal, result: "LoadingsResult") -> None:
    """Show the comparison and the files."""
    terminal.end_progress()
    terminal.out.print()
    title = f"One-step-ahead forecasts from {result.test_from:%Y-%m-%d}, every model tuned on earlier dates alone"
    terminal.out.print(table(_comparison(result.comparison), title))
    terminal.out.print(f"The loadings that were written are those of a model tuned until {result.tune_until:%Y-%m-%d}.")
    terminal.show_files(result.folder, CONTENTS, f" ({result.rows:,} rows of loadings)")


def show_store(terminal: Terminal, store: "LoadingsStore") -> None:
    """Show a store that was fitted."""
    terminal.end_progress()
    size = {"dates": len(store.dates), "assets": len(store.assets), "factors": len(store.factors)}
    said = " x ".join(f"{count:,} {name}" for name, count in size.items())
    terminal.out.print(f"Written to [bold]{escape(str(store.path))}[/bold]: {said}.", soft_wrap=True)


def show_updated(terminal: Terminal, updated: "UpdatedModel") -> None:
    """Show what an update of a model changed."""
    if not len(updated.dates):
        terminal.out.print(f"No new dates: the model already ends on {updated.last_date:%Y-%m-%d}.")
        return
    if updated.joined:
        terminal.out.print(f"{counted(len(updated.joined), 'new asset')}: {escape(', '.join(updated.joined[:10]))}")
    if updated.moved.empty:
        terminal.out.print("No loading moved beyond its 95 % band.")
    else:
        count = len(updated.moved)
        title = f"{counted(count, 'loading')} moved beyond {'its 95 % band' if count == 1 else 'their 95 % bands'}"
        terminal.out.print(table(updated.moved.head(MOST_MOVED).rename(columns=MOVED), title))
    terminal.out.print(f"{escape(str(updated.model))} now ends on {updated.last_date:%Y-%m-%d}.", soft_wrap=True)
    from statefolio.commands.loadings.update import companions

    for what, place in companions(updated.model).items():
        if place.exists():  # a store has none
            terminal.out.print(f"  {escape(place.name)}  [dim]{UPDATED[what]}[/dim]", soft_wrap=True)


def _comparison(comparison: pd.DataFrame) -> pd.DataFrame:
    """Scores by model, and the share of the assets for which a model has the best score."""
    columns: dict[str, object] = {"model": comparison.index.astype(str)}
    for name, heading in SCORES.items():
        columns[heading] = comparison[name].to_numpy()
    for name, heading in SCORES.items():
        columns[f"best {heading}, % of assets"] = 100.0 * comparison[f"share_best_{name}"].to_numpy()
    return pd.DataFrame(columns)
