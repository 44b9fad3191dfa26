"""Makes short tables for a terminal."""

import math
from typing import Literal

import pandas as pd
from rich import box
from rich.console import Group
from rich.markup import escape
from rich.table import Table


def table(frame: pd.DataFrame, title: str) -> Group:
    """Return a frame as a table below its title; numbers are right-aligned."""
    made = Table(box=box.SIMPLE_HEAD)
    for number_of_column, name in enumerate(frame.columns):
        justify: Literal["left", "right"] = "right" if pd.api.types.is_numeric_dtype(frame[name]) else "left"
        made.add_column(escape(str(name)), justify=justify, no_wrap=number_of_column == 0)
    for row in frame.itertuples(index=False):
        made.add_row(*[escape(_text(value)) for value in row])
    return Group(f"[bold]{escape(title)}[/bold]", made)


def number(value: float, form: str) -> str:
    """Format a number; a missing one is a dash."""
    return "-" if math.isnan(value) else form.format(value)


def p_value(value: float) -> str:
    """Format a p-value with three decimals; a missing one is a dash."""
    return "< .001" if value < 0.001 else number(value, "{:.3f}").replace("0.", ".", 1)


def _text(value: object) -> str:
    if isinstance(value, float):
        return number(value, "{:.3g}")
    return f"{value:,}" if isinstance(value, int) else str(value)
