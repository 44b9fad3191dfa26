"""Formats measures of performance by their names: percent, counts, probabilities and plain numbers."""

from typing import Any

import numpy as np

from statefolio._display.numbers import MISSING, cell, number

IN_PERCENT = ("return", "volatility", "drawdown", "cvar", "value_at_risk", "turnover", "drag", "cost", "fee", "hit")
ALSO_IN_PERCENT = ("exposure", "alpha", "error", "rate", "deviation")
COUNTED = ("length", "dates", "duration", "count")


def measure(name: str, value: Any) -> str:
    """Return a measure as text, with the unit that follows from its name.

    >>> measure("annual_return", 0.0534), measure("drawdown_dates", 504.0), measure("sharpe", 0.5123)
    ('5.34%', '504', '0.5123')
    """
    if not isinstance(value, int | float | np.integer | np.floating) or isinstance(value, bool):
        return cell(value)
    if not np.isfinite(value):
        return MISSING
    if any(word in name for word in COUNTED):
        return f"{value:,.0f}"
    if any(word in name for word in IN_PERCENT + ALSO_IN_PERCENT) and "ratio" not in name:
        return f"{value:.2%}".replace("-", "\u2212")
    return number(float(value))
