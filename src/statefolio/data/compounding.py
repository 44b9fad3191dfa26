"""Compounds returns to the dates of a lower frequency, such as daily returns to weeks or months."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.frames import read_labels
from statefolio._arrays.text import span
from statefolio.data.checks import checked_table
from statefolio.exceptions import InputError

_DAYS_WITHOUT_TRADING = pd.Timedelta(days=4)


def compound_returns(returns: pd.DataFrame, dates: Any) -> pd.DataFrame:
    """Compound returns to the dates of another table, e.g. daily returns to the dates of weekly factors.

    The return of a date runs from the date before it in `dates`, exclusive, to the date itself, inclusive:
    (1 + r_1) ... (1 + r_n) - 1.

    Parameters
    ----------
    returns : DataFrame
        Simple returns in decimals, one row per date, one column per asset.
    dates : DatetimeIndex
        Dates of the result, e.g. ``factors.index``.

    Returns
    -------
    DataFrame
        One row per date of `dates` whose whole period is covered by the returns, so without the first. NaN where a
        return of the period is missing.

    Raises
    ------
    InputError
        If no period is covered.

    Examples
    --------
    >>> import pandas as pd
    >>> import statefolio as sf
    >>> from statefolio.data import compound_returns
    >>> returns = sf.load_demo().returns[["KO", "XOM"]].loc["2022-11":]
    >>> compound_returns(returns, pd.to_datetime(["2022-11-11", "2022-11-18", "2022-11-25"])).round(4)
                    KO     XOM
    2022-11-18 -0.0029 -0.0085
    2022-11-25  0.0254  0.0101
    """
    table = checked_table(returns, "returns")
    ends = read_labels(pd.DataFrame({"any": 0.0}, index=dates), "dates")[0]
    days = pd.DatetimeIndex(table.index)
    period = ends.searchsorted(days, side="left")
    inside = _covered(days, ends, period)
    if not inside.any():
        raise InputError(
            f"returns must cover the time between two of the dates, got returns from {span(days)} and dates from "
            f"{span(ends)}. Pass returns over the time of the dates."
        )
    starts = np.flatnonzero(np.diff(period[inside], prepend=-1))
    growth = np.multiply.reduceat(1.0 + table.to_numpy()[inside], starts, axis=0)
    return pd.DataFrame(growth - 1.0, index=ends[period[inside][starts]], columns=table.columns)


def _covered(days: pd.DatetimeIndex, ends: pd.DatetimeIndex, period: Any) -> Any:
    """Mark the days of periods that are covered: the first may begin late, and the last end early, as others do."""
    inside = (period > 0) & (period < len(ends))
    if not inside.any():
        return inside
    numbers, first = np.unique(period[inside], return_index=True)
    own = days[inside]
    last = np.append(first[1:], len(own)) - 1
    begins_late, ends_early = own[first] - ends[numbers - 1], ends[numbers] - own[last]
    if begins_late[0] > begins_late[1:].max() if len(numbers) > 1 else begins_late[0] > _DAYS_WITHOUT_TRADING:
        inside &= period > numbers[0]
    if ends_early[-1] > ends_early[:-1].max() if len(numbers) > 1 else ends_early[0] > _DAYS_WITHOUT_TRADING:
        inside &= period < numbers[-1]
    return inside
