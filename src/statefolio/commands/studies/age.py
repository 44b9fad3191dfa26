"""Refuses orders at old prices, and orders of models that have not seen the last dates."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from statefolio._arrays.text import show
from statefolio.exceptions import InputError

if TYPE_CHECKING:
    from statefolio.commands.studies.update import UpdatedStudy

MOST_DAYS = 5
"""Business days that prices and factors may be old; for data that are not daily, one more period."""

MOST_NAMED = 5


def check_age(updated: "UpdatedStudy") -> None:
    """Refuse orders that rest on old data.

    Parameters
    ----------
    updated
        The orders.

    Raises
    ------
    InputError
        If the last date, the price of an asset that is traded or held, or the last date that the models have seen is
        old.
    """
    day = updated.as_of
    most = MOST_DAYS + round(252.0 / updated.periods_per_year) - 1
    old = []
    if (days := business_days(updated.date, day)) > most:
        old.append(f"the last date of the data, {show(updated.date)}, is {days} business days before {show(day)}")
    if updated.seen_until is None:
        old.append("the models have seen no date with factors")
    elif (days := business_days(updated.seen_until, updated.date)) > most:
        old.append(
            f"the models have seen no date after {show(updated.seen_until)}, {days} business days before the orders"
        )
    traded = set(updated.valued) | {asset for each in updated.instructions.values() for asset in each.orders.index}
    stale = [
        f"{asset} ({show(date)})"
        for asset, date in updated.priced_on.items()
        if asset in traded and business_days(date, updated.date) > most
    ]
    if stale:
        some = ", ".join(stale[:MOST_NAMED]) + ", ..." * (len(stale) > MOST_NAMED)
        old.append(f"the last prices of {some} are older than {most} business days")
    if old:
        raise InputError(
            f"orders must rest on data at most {most} business days old, but {'; '.join(old)}. Update the files, give "
            "the date of the orders with --as-of, or use --force to make these orders."
        )


def business_days(first: pd.Timestamp, last: pd.Timestamp) -> int:
    """Return the number of business days from one date to another."""
    return int(np.busday_count(np.datetime64(first, "D"), np.datetime64(last, "D")))
