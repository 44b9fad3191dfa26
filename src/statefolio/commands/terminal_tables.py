"""Makes short tables for a terminal."""

import math
from typing import Literal

import pandas as pd
from rich import box
from rich.markup import escape
from rich.table import Table


def table(frame: pd.DataFrame, title: str) -> Table:
    """Return a frame as a table with a title; numbers are right-aligned."""
    made = Table(title=escape(title), title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
    for name in frame.columns:
        numeric = pd.api.types.is_numeric_dtype(frame[name])
        justify: Literal["left", "right"] = "right" if numeric else "left"
        made.add_column(escape(str(name).replace("_", " ")), justify=justify, no_wrap=not numeric)
    for row in frame.itertuples(index=False):
        cells = zip(row, frame.columns, strict=True)
        made.add_row(*[escape(_text(value, str(name))) for value, name in cells])
    return made


def number(value: float, form: str) -> str:
    """Format a number; a missing one is a dash."""
    return "-" if math.isnan(value) else form.format(value)


def p_value(value: float) -> str:
    """Format a p-value with three decimals."""
    return "< .001" if value < 0.001 else number(value, "{:.3f}").replace("0.", ".", 1)


def _text(value: object, name: str) -> str:
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    if name.endswith("p_value"):
        return p_value(value)
    return number(value, "{:.1%}" if name.startswith("share") else "{:.3g}")
