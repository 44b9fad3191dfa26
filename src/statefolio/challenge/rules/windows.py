"""The windows of a round: public dates, then validation and final dates, each after an embargo."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from statefolio._arrays.text import show
from statefolio.challenge.rules.settings import Start, WindowsTable
from statefolio.exceptions import InputError

WindowName = Literal["public", "validation", "final"]
FEWEST_SCORED = 63
"""Fewest dates of a scored window."""
FEWEST_PUBLIC = 315
"""Fewest public dates: a year to learn from, and the test at their end."""


@dataclass(frozen=True)
class ScoreWindow:
    """Dates that are scored.

    Attributes
    ----------
    tune_until : Timestamp
        Last date that the hyper-parameters of forecasts are tuned on.
    first, last : Timestamp
        First and last scored date.
    dates : int
        Number of dates from first to last.
    """

    tune_until: pd.Timestamp
    first: pd.Timestamp
    last: pd.Timestamp
    dates: int

    def to_json(self) -> dict[str, Any]:
        """Return the window as JSON has it."""
        dates = {name: show(getattr(self, name)) for name in ("tune_until", "first", "last")}
        return {**dates, "dates": self.dates}

    @classmethod
    def of_json(cls, given: Mapping[str, Any]) -> "ScoreWindow":
        """Return the window that `to_json` describes."""
        stamps = {name: pd.Timestamp(given[name]) for name in ("tune_until", "first", "last")}
        return cls(**stamps, dates=int(given["dates"]))


@dataclass(frozen=True)
class RoundWindows:
    """The windows of a round.

    Attributes
    ----------
    public : ScoreWindow
        A test at the end of the public dates, for participants to try submissions on.
    validation, final : ScoreWindow, optional
        None for participants.
    """

    public: ScoreWindow
    validation: ScoreWindow | None = None
    final: ScoreWindow | None = None

    @property
    def public_last(self) -> pd.Timestamp:
        """Last public date."""
        return self.public.last

    def of(self, name: WindowName) -> ScoreWindow:
        """Return a window by its name.

        Raises
        ------
        InputError
            If these data do not have it.
        """
        window: ScoreWindow | None = getattr(self, name)
        if window is None:
            raise InputError(f"window must be one of these data's, got {name!r}. Only the public ones are here.")
        return window

    def to_json(self) -> dict[str, Any]:
        """Return the windows as JSON has them."""
        return {
            name: window.to_json()
            for name in ("public", "validation", "final")
            if (window := getattr(self, name)) is not None
        }

    @classmethod
    def of_json(cls, given: Mapping[str, Any]) -> "RoundWindows":
        """Return the windows that `to_json` describes."""
        return cls(**{name: ScoreWindow.of_json(each) for name, each in given.items()})

    def published(self) -> "RoundWindows":
        """Return the windows of the public data alone."""
        return RoundWindows(self.public)


def make_windows(dates: pd.DatetimeIndex, table: WindowsTable) -> RoundWindows:
    """Divide the dates of a market into the windows of a round.

    Parameters
    ----------
    dates
        All dates, increasing.
    table
        [windows] of the rules: where validation and final begin, by date or share, and the embargo before each.

    Raises
    ------
    InputError
        If a window has too few dates, or windows are not in order.

    Examples
    --------
    >>> dates = pd.bdate_range("2020-01-01", periods=1_000)
    >>> windows = make_windows(dates, WindowsTable(validation=0.2, final=0.2, embargo=21))
    >>> windows.validation.dates, windows.final.dates, len(dates[dates <= windows.public_last])
    (200, 200, 558)
    """
    final = _row(dates, table.final, len(dates), "windows.final")
    validation_stop = final - table.embargo
    validation = _row(dates, table.validation, validation_stop, "windows.validation")
    public_stop = validation - table.embargo
    _check_count("windows.final", len(dates) - final, FEWEST_SCORED)
    _check_count("windows.validation", validation_stop - validation, FEWEST_SCORED)
    if public_stop < FEWEST_PUBLIC:
        raise InputError(
            f"windows.validation must leave at least {FEWEST_PUBLIC} public dates before its embargo, got "
            f"{max(public_stop, 0)}. Let it begin later, or give more data."
        )
    tested = max(FEWEST_SCORED, min(validation_stop - validation, public_stop // 4))
    public = public_stop - tested
    tuned = dates[public_stop - 1]
    return RoundWindows(
        _window(dates, dates[max(public - table.embargo, FEWEST_SCORED) - 1], public, public_stop),
        _window(dates, tuned, validation, validation_stop),
        _window(dates, tuned, final, len(dates)),
    )


def _row(dates: pd.DatetimeIndex, start: Start, stop: int, field: str) -> int:
    """Row of the first date of a window that ends before the row `stop`."""
    if isinstance(start, float):
        return stop - round(start * len(dates))
    row = int(dates.searchsorted(pd.Timestamp(start)))
    if not 0 < row < len(dates):
        raise InputError(
            f"{field} must be a date after {show(dates[0])} and up to {show(dates[-1])}, got {start}. Choose another."
        )
    return row


def _check_count(field: str, count: int, fewest: int) -> None:
    if count < fewest:
        raise InputError(f"{field} must leave at least {fewest} dates to score, got {max(count, 0)}. Let it be longer.")


def _window(dates: pd.DatetimeIndex, tuned: pd.Timestamp, first: int, stop: int) -> ScoreWindow:
    return ScoreWindow(tuned, dates[first], dates[stop - 1], stop - first)
