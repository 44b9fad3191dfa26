"""Validates the options of a screen and its two periods."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from statefolio._arrays.dates import read_date, rows_through
from statefolio._arrays.text import show, shown, span
from statefolio._options import Number, OneOf, Whole, check_options, is_number
from statefolio.exceptions import InputError

RULES = {
    "hedged": OneOf("each", "first"),
    "correction": OneOf("by", "bh"),
    "likelihood_ratio": OneOf("cointegrated", "all", "none"),
    "fdr": Number(above=0.0, below=1.0, example=0.05),
    "confirm_level": Number(above=0.0, below=1.0, example=0.05),
    "cost": Number(at_least=0.0, below=1.0, example=0.0005),
    "entry": Number(above=0.0, unit=" of deviations", example=1.0),
    "lags": Whole(at_least=0, example=1) | None,
}


@dataclass(frozen=True)
class ScreenOptions:
    """Options of `screen_pairs`."""

    hedged: str
    lags: int | None
    fdr: float
    correction: str
    half_life: tuple[float, float]
    cost: float
    entry: float
    confirm_level: float
    likelihood_ratio: str

    def check(self) -> None:
        """Raise InputError for an invalid option."""
        check_options(self, RULES)
        _check_bounds(self.half_life)


def _check_bounds(bounds: Any) -> None:
    pair = isinstance(bounds, tuple | list) and len(bounds) == 2 and all(is_number(bound) for bound in bounds)
    if not pair or not 0.0 <= bounds[0] < bounds[1]:
        raise InputError(
            f"half_life must be the fewest and the most dates, got {shown(bounds)}. Pass e.g. half_life=(1, 126)."
        )


def split_periods(dates: pd.DatetimeIndex, until: Any, confirm: Any, fewest: int) -> tuple[slice, slice | None]:
    """Return the rows of the formation period and of the later period; the latter is None without `until`."""
    if until is None:
        if confirm is not None:
            raise InputError(f"confirm must be None without until, got {shown(confirm)}. Pass until too.")
        _check_length(len(dates), "prices", fewest, "Pass more dates.")
        return slice(0, len(dates)), None
    end = rows_through(dates, until, "until")
    last = rows_through(dates, confirm, "confirm")
    day, advice = (
        show(read_date(until, "until", last=True).normalize()),
        f"Pass another until; prices has {span(dates)}.",
    )
    _check_length(end, f"the formation period, until {day},", fewest, advice)
    _check_length(last - end, f"the later period, after {day},", fewest, advice)
    return slice(0, end), slice(end, last)


def _check_length(count: int, period: str, fewest: int, advice: str) -> None:
    if count < fewest:
        raise InputError(f"{period} must have at least {fewest} dates, got {max(count, 0)}. {advice}")
