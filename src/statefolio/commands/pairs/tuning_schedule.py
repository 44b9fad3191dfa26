"""Describes when a hedge is tuned again."""

import pandas as pd


def tuned_again(tuning: str, retune: object, date: pd.Timestamp, since: int = 0) -> str:
    """Describe when a hedge is to be tuned again.

    Parameters
    ----------
    tuning : str
        As `--tuning`.
    retune
        As `--retune`; None never.
    date : Timestamp
        The last date so far.
    since : int
        Number of dates on which the hedge in use has been in use.
    """
    if tuning == "fixed":
        return "none: the parameters are given"
    if tuning == "rolling":
        return "none: the window moves every date"
    if retune is None:
        return "none: --retune never"
    if retune == "weekly":
        return f"first date from {date + pd.Timedelta(days=7 - date.weekday()):%Y-%m-%d} on"
    if retune == "monthly":
        return f"first date from {(date + pd.offsets.MonthBegin(1)):%Y-%m-%d} on"
    return f"after {int(str(retune)) - since} more dates"
