"""Compares the frequencies of tables: daily, weekly, monthly, quarterly or yearly dates."""

import numpy as np
import pandas as pd

from statefolio.exceptions import InputError

_DAYS = {"daily": 1.0, "weekly": 7.0, "monthly": 30.44, "quarterly": 91.3, "yearly": 365.25}
_PERIODS = {"weekly": "W-SUN", "monthly": "M", "quarterly": "Q", "yearly": "Y"}
_APART = 3.0
_STEPS_TO_JUDGE = 5


def usual_step(dates: pd.DatetimeIndex) -> float:
    """Return the median number of days from one date to the next; NaN for fewer than two dates."""
    return float(np.median(np.diff(dates.as_unit("s").asi8))) / 86400.0 if len(dates) > 1 else np.nan


def frequency_of(dates: pd.DatetimeIndex) -> str:
    """Return the name of the frequency that is nearest to the usual step: daily, weekly, monthly, ..."""
    step = max(usual_step(dates), 1e-9)
    return min(_DAYS, key=lambda name: abs(np.log(step / _DAYS[name])))


def check_frequencies(returns: pd.DatetimeIndex, factors: pd.DatetimeIndex) -> None:
    """Raise InputError if one table has three times as many dates as the other, or more, over the same time.

    Few dates are not judged: six of each table are needed between the later start and the earlier end.
    """
    if not (len(returns) and len(factors)):
        return
    first, last = max(returns[0], factors[0]), min(returns[-1], factors[-1])
    both = [dates[(dates >= first) & (dates <= last)] for dates in (returns, factors)]
    if min(map(len, both)) <= _STEPS_TO_JUDGE:
        return
    steps = [usual_step(dates) for dates in both]
    if max(steps) < _APART * min(steps):
        return
    names = [frequency_of(dates) for dates in both]
    dense, sparse = ("returns", "factors") if steps[0] < steps[1] else ("factors", "returns")
    raise InputError(
        f"returns and factors must have the same frequency, got {names[0]} returns ({len(both[0])} dates) and "
        f"{names[1]} factors ({len(both[1])} dates over the same time). Use {dense} of the dates of the {sparse}, e.g. "
        f"statefolio.data.compound_returns({dense}, {sparse}.index)."
    )


def shared_periods(first: pd.DatetimeIndex, second: pd.DatetimeIndex) -> tuple[pd.PeriodIndex, pd.PeriodIndex] | None:
    """Return the week, month, quarter or year of each date, if both tables have one date in each."""
    if min(len(first), len(second)) < 2:
        return None
    frequency = _PERIODS.get(frequency_of(first))
    if frequency is None or frequency_of(second) != frequency_of(first):
        return None
    periods = first.to_period(frequency), second.to_period(frequency)
    return periods if periods[0].is_unique and periods[1].is_unique else None
