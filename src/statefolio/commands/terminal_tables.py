"""Short tables for a terminal."""

from typing import Literal

import pandas as pd
from rich import box
from rich.markup import escape
from rich.table import Table


def table(frame: pd.DataFrame, title: str) -> Table:
    """Return a frame as a table with a title; numbers stand to the right."""
    shown = Table(title=escape(title), title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    for name in frame.columns:
        numeric = pd.api.types.is_numeric_dtype(frame[name])
        justify: Literal["left", "right"] = "right" if numeric else "left"
        shown.add_column(escape(str(name).replace("_", " ")), justify=justify, no_wrap=not numeric)
    for row in frame.itertuples(index=False):
        cells = zip(row, frame.columns, strict=True)
        shown.add_row(*[escape(_text(value, str(name))) for value, name in cells])
    return shown


def _text(value: object, name: str) -> str:
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    return f"{value:.1%}" if name.startswith("share") else f"{value:.3g}"
