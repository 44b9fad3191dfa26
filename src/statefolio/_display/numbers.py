"""Formats numbers, p-values, dates and lists for tables, in the same way in Python, notebooks and reports."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import show

MISSING = "\u2013"
"""A missing value is shown as this dash."""
P_VALUE = "p"
"""The format of p-values: three decimals or "< .001"."""
MINUS = "\u2212"


def number(value: float) -> str:
    """Return a number with four significant figures.

    >>> number(0.85123), number(123456.7), number(1.5e-7), number(float("nan"))
    ('0.8512', '123,457', '1.500e\u221207', '\u2013')
    """
    if not np.isfinite(value):
        return MISSING
    if value == 0.0:
        return "0"
    if 1e-3 <= abs(value) < 1e9:
        places = max(0, 3 - int(np.floor(np.log10(abs(value)))))
        return f"{value:,.{places}f}".replace("-", MINUS)
    return f"{value:.3e}".replace("-", MINUS)


def p_value(value: float) -> str:
    """Return a p-value with three decimals.

    >>> p_value(0.04321), p_value(4e-5), p_value(float("nan"))
    ('.043', '< .001', '\u2013')
    """
    if not np.isfinite(value):
        return MISSING
    return "< .001" if value < 0.001 else f"{value:.3f}".removeprefix("0")


def equals_p(value: float) -> str:
    """Return a p-value as the right-hand side of a statement.

    >>> f"p {equals_p(0.04321)}", f"p {equals_p(4e-5)}"
    ('p = .043', 'p < .001')
    """
    text = p_value(value)
    return text if text.startswith("<") else f"= {text}"


def is_missing(value: object) -> bool:
    """Return whether a cell has no value: None, NaN, NaT or pandas' NA."""
    return (
        value is None
        or value is pd.NaT
        or value is pd.NA
        or (isinstance(value, float | np.floating) and value != value)
    )


def cell(value: Any, form: str = "") -> str:
    """Return the text of one cell.

    Parameters
    ----------
    value
        Anything a table holds.
    form
        Python's format specification for numbers, `P_VALUE`, or "" for four significant figures.

    >>> cell(504), cell(0.0234, ".1%"), cell(None), cell(True), cell(pd.Timestamp("2022-12-28"))
    ('504', '2.3%', '\u2013', 'yes', '2022-12-28')
    """
    if is_missing(value):
        return MISSING
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | float | np.integer | np.floating):
        return _numeric(value, form)
    if isinstance(value, pd.Timestamp):
        return show(value)
    if isinstance(value, list | tuple):
        return ", ".join(cell(item, form) for item in value)
    return str(value)


def _numeric(value: Any, form: str) -> str:
    if not np.isfinite(value):
        return MISSING
    if form == P_VALUE:
        return p_value(float(value))
    if form:
        text = format(value, form)
        return text.removeprefix("-") if not text.strip("-0.,%") else text.replace("-", MINUS)
    return f"{value:,}".replace("-", MINUS) if isinstance(value, int | np.integer) else number(float(value))
