"""Options of a screen, and its two periods, checked."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from statefolio._arrays.dates import read_date, rows_through
from statefolio._arrays.text import show, span
from statefolio._options import is_number, is_whole
from statefolio.exceptions import InputError

_CHOICES = {
    "hedged": ("each", "first"),
    "correction": ("by", "bh"),
    "likelihood_ratio": ("cointegrated", "all", "none"),
}


@dataclass(frozen=True)
class ScreenOptions:
    """As `screen_pairs` takes them."""

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
        """Raise InputError for what cannot be used."""
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            if value not in choices:
                expected = ", ".join(repr(choice) for choice in choices)
                raise InputError(f"{name}={value!r} came; one of {expected} was expected.")
        for name in ("fdr", "confirm_level"):
            value = getattr(self, name)
            if not is_number(value) or not 0.0 < value < 1.0:
                raise InputError(f"{name}={value!r} came; a number between 0 and 1 was expected, e.g. 0.05.")
        if not is_number(self.cost) or not 0.0 <= self.cost < 1.0:
            raise InputError(f"cost={self.cost!r} came; a share of the traded value from 0 was expected, e.g. 0.0005.")
        if not is_number(self.entry) or not 0.0 < self.entry < float("inf"):
            raise InputError(f"entry={self.entry!r} came; a positive number of deviations was expected, e.g. 1.")
        if self.lags is not None and (not is_whole(self.lags) or self.lags < 0):
            raise InputError(f"lags={self.lags!r} came; a whole number from 0, or None, was expected.")
        _check_bounds(self.half_life)


def _check_bounds(bounds: Any) -> None:
    pair = isinstance(bounds, tuple | list) and len(bounds) == 2 and all(is_number(bound) for bound in bounds)
    if not pair or not 0.0 <= bounds[0] < bounds[1]:
        raise InputError(f"half_life={bounds!r} came; the least and the most dates were expected, e.g. (1, 126).")


def split_periods(dates: pd.DatetimeIndex, until: Any, confirm: Any, fewest: int) -> tuple[slice, slice | None]:
    """Rows of the formation period and of the later one, none without `until`."""
    if until is None:
        if confirm is not None:
            raise InputError(
                f"confirm={confirm!r} came without until; the formation's last date was expected with it. Pass until."
            )
        _check_length(len(dates), "the formation period", fewest)
        return slice(0, len(dates)), None
    end = rows_through(dates, until, "until")
    until_shown, last = show(read_date(until, "until", last=True)), rows_through(dates, confirm, "confirm")
    _check_length(end, f"until={until_shown} leaves the formation period", fewest, dates)
    _check_length(last - end, f"from until={until_shown} on, the later period", fewest, dates)
    return slice(0, end), slice(end, last)


def _check_length(count: int, what: str, fewest: int, dates: pd.DatetimeIndex | None = None) -> None:
    if count < fewest:
        known = "" if dates is None else f" (prices: {span(dates)})"
        raise InputError(
            f"{what} has {max(count, 0)} dates{known}; {fewest} at least were expected. Pass more dates, or move it."
        )
