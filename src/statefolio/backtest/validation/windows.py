"""Training and test dates: expanding and rolling windows, and combinations of folds."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import span
from statefolio._options import is_whole
from statefolio.exceptions import InputError

_KINDS = ("expanding", "rolling")


@dataclass(frozen=True, eq=False)
class Window:
    """Dates to choose on, and dates on which the choice is tested.

    Attributes
    ----------
    train, test : DatetimeIndex
    """

    train: pd.DatetimeIndex
    test: pd.DatetimeIndex

    def __repr__(self) -> str:
        return f"Window(train {span(self.train)}, test {span(self.test)})"


@dataclass(frozen=True)
class Windows:
    """Windows that walk forward: every test comes after its training.

    T dates are cut into `count` + 1 blocks of equal length, the first one longer by what is left. Window k is tested
    on block k + 1. It trains on all the blocks before ("expanding"), or on as many dates as the first block has
    ("rolling"), less the last `purge` + `embargo` dates before the test.

    Parameters
    ----------
    kind : "expanding" or "rolling"
    count : int
        Number of windows.
    purge : int
        Dates by which what was learned on a training date reaches ahead (a label's horizon, a holding period).
    embargo : int
        Dates left out besides, for what is correlated in time.

    References
    ----------
    López de Prado (2018), Advances in Financial Machine Learning, chapter 7, on purge and embargo.
    """

    kind: str = "expanding"
    count: int = 5
    purge: int = 0
    embargo: int = 21

    def split(self, dates: Any) -> list[Window]:
        """Cut dates into windows.

        Parameters
        ----------
        dates : DatetimeIndex, or a frame or market with dates

        Returns
        -------
        list of Window
            Their tests follow each other without a gap.

        Raises
        ------
        InputError
            If an option cannot be used, or the dates are too few for it.
        """
        if self.kind not in _KINDS:
            raise InputError(f"kind={self.kind!r}; 'expanding' or 'rolling' was expected. Pass one of them.")
        _check_whole(count=(self.count, 1), purge=(self.purge, 0), embargo=(self.embargo, 0))
        days = read_index(dates)
        gap, size = self.purge + self.embargo, len(days) // (self.count + 1)
        first = len(days) - self.count * size
        if size < 1 or first - gap < 2:
            raise InputError(
                f"{len(days)} dates came for {self.count} windows with {gap} dates of purge and embargo; at least "
                f"{(self.count + 1) * (gap + 2)} were expected. Take fewer windows, or a shorter purge and embargo."
            )
        windows = []
        for k in range(self.count):
            begin = first + k * size
            start = 0 if self.kind == "expanding" else begin - first
            windows.append(Window(days[start : begin - gap], days[begin : begin + size]))
        return windows


@dataclass(frozen=True, eq=False)
class CombinatorialWindow:
    """One combination of folds: some to test on, the others, purged, to choose on.

    Attributes
    ----------
    train : DatetimeIndex
        Not in one piece, and partly later than the tests: to judge a choice, not to trade it.
    tests : tuple of DatetimeIndex
        The folds tested.
    paths : tuple of int
        The path that each of them belongs to; every path has each fold once.
    """

    train: pd.DatetimeIndex
    tests: tuple[pd.DatetimeIndex, ...]
    paths: tuple[int, ...]

    @property
    def test(self) -> pd.DatetimeIndex:
        """All dates tested, in order."""
        return pd.DatetimeIndex(np.sort(np.concatenate(self.tests)))

    def __repr__(self) -> str:
        tests = ", ".join(span(test) for test in self.tests)
        return f"CombinatorialWindow({len(self.train)} training dates, tests {tests})"


def combinatorial_windows(
    dates: Any, folds: int = 10, test_folds: int = 2, purge: int = 0, embargo: int = 21
) -> list[CombinatorialWindow]:
    """Combinatorial purged cross-validation, by skfolio's `CombinatorialPurgedCV`.

    Parameters
    ----------
    dates : DatetimeIndex, or a frame or market with dates
    folds, test_folds : int
        Every combination of `test_folds` out of `folds` is a window; the tests make up
        (test_folds / folds) times as many paths through all dates.
    purge : int
        Training dates left out on both sides of a test.
    embargo : int
        Training dates left out besides after a test.

    Returns
    -------
    list of CombinatorialWindow

    References
    ----------
    López de Prado (2018), Advances in Financial Machine Learning, chapter 12.
    """
    from skfolio.model_selection import CombinatorialPurgedCV

    _check_whole(folds=(folds, 3), test_folds=(test_folds, 2), purge=(purge, 0), embargo=(embargo, 0))
    days = read_index(dates)
    if test_folds >= folds:
        raise InputError(f"test_folds={test_folds}; fewer than folds={folds} were expected. Pass e.g. 2.")
    if purge + embargo >= len(days) // folds - 1:
        raise InputError(
            f"{len(days)} dates in {folds} folds came with {purge + embargo} dates of purge and embargo; fewer than a "
            f"fold ({len(days) // folds}) were expected. Take fewer folds, or a shorter purge and embargo."
        )
    splitter = CombinatorialPurgedCV(folds, test_folds, purged_size=purge, embargo_size=embargo)
    paths = splitter.get_path_ids()
    return [
        CombinatorialWindow(days[train], tuple(days[test] for test in tests), tuple(int(path) for path in paths[i]))
        for i, (train, tests) in enumerate(splitter.split(np.empty((len(days), 1))))
    ]


def read_index(dates: Any) -> pd.DatetimeIndex:
    """Return dates of an index, a frame, a series or a market."""
    for name in ("dates", "index"):
        if not isinstance(dates, pd.Index):
            dates = getattr(dates, name, dates)
    if not isinstance(dates, pd.DatetimeIndex) or not dates.is_monotonic_increasing or not dates.is_unique:
        raise InputError(
            f"dates is a {type(dates).__name__} that is no increasing DatetimeIndex without duplicates; one was "
            "expected. Pass e.g. returns.index."
        )
    return dates


def _check_whole(**options: tuple[Any, int]) -> None:
    for name, (value, least) in options.items():
        if not is_whole(value) or value < least:
            raise InputError(f"{name}={value!r}; a whole number, {least} or more, was expected.")
