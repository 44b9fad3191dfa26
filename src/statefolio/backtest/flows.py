"""Reads the deposits and withdrawals of an account."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.dates import read_date
from statefolio._arrays.text import show, shown
from statefolio._arrays.types import Array
from statefolio._options import Kind, check, is_number
from statefolio.exceptions import InputError

FLOWS = (
    Kind(
        (pd.Series, Mapping),
        "a Series of amounts by date, withdrawals negative",
        "pd.Series({pd.Timestamp('2021-06-30'): 10_000.0})",
    )
    | None
)


def read_flows(given: Any, dates: pd.DatetimeIndex, start: int) -> tuple[Array, Array]:
    """Return the deposits and the withdrawals at the close of each date (T,), both positive.

    Parameters
    ----------
    given
        Amounts in currency by date: above zero a deposit, below zero a withdrawal. A flow on a date that the market
        lacks is booked on the next date; one after the last date is not booked.
    dates
        Dates of the market.
    start
        Row of the first decision, at which the account has its capital.

    Raises
    ------
    DataTypeError, InputError
        If amounts are not finite numbers, or one is dated on or before the first decision.
    """
    check("flows", given, FLOWS)
    deposits, withdrawals = np.zeros(len(dates)), np.zeros(len(dates))
    for label, amount in () if given is None else given.items():
        date = read_date(label, "flows")
        if not is_number(amount) or not np.isfinite(amount):
            raise InputError(
                f"flows must hold finite amounts in currency, got {shown(amount)} on {show(date)}. Correct it."
            )
        row = int(dates.searchsorted(date))
        if row <= start:
            raise InputError(
                f"flows must be dated after the first decision, {show(dates[start])}, got {show(date)}. Count it in "
                "capital, or drop it."
            )
        if row < len(dates):
            kind = deposits if amount > 0.0 else withdrawals
            kind[row] += abs(float(amount))
    return deposits, withdrawals
