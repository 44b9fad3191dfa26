"""Shows the loadings of a model file in the terminal, with bars."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from rich.markup import escape

from statefolio.commands.terminal import Terminal
from statefolio.commands.terminal_tables import number, table

if TYPE_CHECKING:
    from statefolio.commands.show.job import ShownModel

WIDTH = 33


def show_assets(terminal: Terminal, shown: "ShownModel", written: Path | None) -> None:
    """Show a model's facts and the table of each asset."""
    for name, value in shown.facts.items():
        terminal.out.print(f"  [dim]{escape(name):<16}[/dim] {escape(str(value))}", soft_wrap=True)
    if written is not None:
        terminal.out.print(f"Written: {escape(str(written))}", soft_wrap=True)
        return
    after = shown.facts["last date"]
    for asset, frame in shown.tables.items():
        terminal.out.print()
        title = f"{asset}: loadings predicted for the date after {after}"
        terminal.out.print(table(readable(frame), title))


def readable(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table of one asset as text, with a bar for each loading but that on the constant."""
    others = frame[frame["factor"] != "alpha"]
    limits = others[["lower", "upper"]].to_numpy()
    known = limits[pd.notna(limits)]
    low, high = (min(0.0, known.min()), max(0.0, known.max())) if len(known) else (0.0, 1.0)
    return pd.DataFrame(
        {
            "factor": frame["factor"],
            "loading": [number(value, "{:.4g}") for value in frame["loading"]],
            "standard error": [number(value, "{:.2g}") for value in frame["standard_error"]],
            "t": [number(value, "{:.1f}") for value in frame["t"]],
            "-- band, o loading, | zero": [
                "" if factor == "alpha" else bar(ends[0], ends[1], ends[2], low, high)
                for factor, ends in zip(
                    frame["factor"], frame[["lower", "loading", "upper"]].to_numpy(dtype=float).tolist(), strict=True
                )
            ],
        }
    )


def bar(lower: float, value: float, upper: float, low: float, high: float) -> str:
    """Return a line of characters with the band, the value and zero, between two limits.

    >>> bar(0.5, 1.0, 1.5, -0.5, 2.0)
    '      |      ------o-------      '
    """
    if not all(map(math.isfinite, (lower, value, upper))) or not high > low:
        return "-"
    cells = [" "] * WIDTH
    first, zero, middle, last = (
        round((each - low) / (high - low) * (WIDTH - 1)) for each in (lower, 0.0, value, upper)
    )
    for cell in range(first, last + 1):
        cells[cell] = "-"
    cells[zero] = "|"
    cells[middle] = "o"
    return "".join(cells)
