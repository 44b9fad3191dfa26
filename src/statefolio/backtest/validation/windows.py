"""Splits dates into training and test windows: expanding, rolling, and combinations of folds."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.frames import read_labels
from statefolio._arrays.other_tables import is_other_table
from statefolio._arrays.text import shown, span
from statefolio._options import OneOf, Whole, check_options
from statefolio.exceptions import InputError

_GAPS = {"purge": Whole(at_least=0), "embargo": Whole(at_least=0, example=21)}
RULES = {"kind": OneOf("expanding", "rolling"), "count": Whole(at_least=1, example=5), **_GAPS}
MINIMUM_TRAIN, MINIMUM_TEST = 12, 5
"""Fewest dates to choose on, and to test on; a Sharpe ratio of fewer is noise."""
FOLD_RULES = {"folds": Whole(at_least=3, example=10), "test_folds": Whole(at_least=2), **_GAPS}


@dataclass(frozen=True, eq=False)
class Window:
    """Training dates, on which a choice is made, and test dates, on which it is tested.

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
    """Walk-forward windows: the test dates follow the training dates.

    T dates are split into `count` + 1 blocks of equal length; the remainder goes to the first block. Window k is tested
    on block k + 1. It is trained on all blocks before ("expanding"), or on as many dates as the first block has
    ("rolling"), without the last `purge` + `embargo` dates before the test.

    Parameters
    ----------
    kind : "expanding" or "rolling"
    count : int
        Number of windows.
    purge : int
        Number of training dates left out because their labels reach into the test (a forecast horizon, a holding
        period).
    embargo : int
        Number of further dates left out because data are correlated in time.

    References
    ----------
    López de Prado (2018), Advances in Financial Machine Learning, chapter 7, on purge and embargo.

    Examples
    --------
    >>> import statefolio as sf
    >>> windows = sf.backtest.Windows("expanding", count=3, embargo=21)
    >>> for window in windows.split(sf.load_demo().returns):
    ...     print(window)
    Window(train 2014-01-03 to 2016-03-07, test 2016-04-07 to 2018-07-03)
    Window(train 2014-01-03 to 2018-06-04, test 2018-07-05 to 2020-09-30)
    Window(train 2014-01-03 to 2020-08-31, test 2020-10-01 to 2022-12-28)
    """

    kind: str = "expanding"
    count: int = 5
    purge: int = 0
    embargo: int = 21

    def split(self, dates: Any) -> list[Window]:
        """Split dates into windows.

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
            If an option cannot be used, or a window would be trained on fewer than 12 dates or tested on fewer than 5.
        """
        check_options(self, RULES)
        days = read_index(dates)
        gap, size = self.purge + self.embargo, len(days) // (self.count + 1)
        first = len(days) - self.count * size
        if size < MINIMUM_TEST or first - gap < MINIMUM_TRAIN:
            needed = (self.count + 1) * max(gap + MINIMUM_TRAIN, MINIMUM_TEST)
            raise InputError(
                f"dates must be at least {needed} for {self.count} windows with {gap} dates of purge and embargo, got "
                f"{len(days)}: the first window would be trained on {max(first - gap, 0)} dates and tested on {size}, "
                f"and at least {MINIMUM_TRAIN} and {MINIMUM_TEST} are needed. Use fewer windows or a shorter embargo."
            )
        windows = []
        for k in range(self.count):
            begin = first + k * size
            start = 0 if self.kind == "expanding" else begin - first
            windows.append(Window(days[start : begin - gap], days[begin : begin + size]))
        return windows


@dataclass(frozen=True, eq=False)
class CombinatorialWindow:
    """One combination of folds: some are test folds, the others, purged, are for training.

    Attributes
    ----------
    train : DatetimeIndex
        Training dates, with gaps and partly after the tests: they serve to judge a choice, not to trade it.
    tests : tuple of DatetimeIndex
        Dates of the test folds.
    paths : tuple of int
        The path that each test fold belongs to; every path contains each fold once.
    """

    train: pd.DatetimeIndex
    tests: tuple[pd.DatetimeIndex, ...]
    paths: tuple[int, ...]

    @property
    def test(self) -> pd.DatetimeIndex:
        """All test dates, in order."""
        return pd.DatetimeIndex(np.sort(np.concatenate(self.tests)))

    def __repr__(self) -> str:
        tests = ", ".join(span(test) for test in self.tests)
        return f"CombinatorialWindow({len(self.train)} training dates, tests {tests})"


def combinatorial_windows(
    dates: Any, folds: int = 10, test_folds: int = 2, purge: int = 0, embargo: int = 21
) -> list[CombinatorialWindow]:
    """Split dates for combinatorial purged cross-validation, with skfolio's `CombinatorialPurgedCV`.

    Parameters
    ----------
    dates : DatetimeIndex, or a frame or market with dates
    folds, test_folds : int
        Every combination of `test_folds` out of `folds` is a window. The tests form paths through all dates; there are
        (test_folds / folds) times as many paths as windows.
    purge : int
        Number of training dates left out on both sides of a test.
    embargo : int
        Number of further training dates left out after a test.

    Returns
    -------
    list of CombinatorialWindow

    Raises
    ------
    InputError
        If an option cannot be used, or there are too few dates.

    References
    ----------
    López de Prado (2018), Advances in Financial Machine Learning, chapter 12.

    Examples
    --------
    >>> import statefolio as sf
    >>> windows = sf.backtest.combinatorial_windows(sf.load_demo().returns, folds=6, test_folds=2)
    >>> len(windows)
    15
    >>> len({path for window in windows for path in window.paths})
    5
    """
    from skfolio.model_selection import CombinatorialPurgedCV

    check_options({"folds": folds, "test_folds": test_folds, "purge": purge, "embargo": embargo}, FOLD_RULES)
    days = read_index(dates)
    if test_folds >= folds:
        raise InputError(f"test_folds must be below folds={folds}, got {test_folds}. Pass e.g. test_folds=2.")
    if purge + embargo >= len(days) // folds - 1:
        raise InputError(
            f"purge + embargo must be shorter than a fold ({len(days) // folds} of {len(days)} dates), got "
            f"{purge + embargo} dates. Use fewer folds, or a shorter purge and embargo."
        )
    splitter = CombinatorialPurgedCV(folds, test_folds, purged_size=purge, embargo_size=embargo)
    paths = splitter.get_path_ids()
    return [
        CombinatorialWindow(days[train], tuple(days[test] for test in tests), tuple(int(path) for path in paths[i]))
        for i, (train, tests) in enumerate(splitter.split(np.empty((len(days), 1))))
    ]


def read_index(dates: Any) -> pd.DatetimeIndex:
    """Return the dates of an index, a table, a series or a market."""
    if is_other_table(dates):
        return read_labels(dates, "dates")[0]
    for name in ("dates", "index"):
        if not isinstance(dates, pd.Index):
            dates = getattr(dates, name, dates)
    if isinstance(dates, pd.PeriodIndex):
        dates = dates.to_timestamp(how="end").normalize()
    if not isinstance(dates, pd.DatetimeIndex) or not dates.is_monotonic_increasing or not dates.is_unique:
        raise InputError(
            f"dates must be an increasing DatetimeIndex without duplicates, got {shown(dates)} that is not. Pass e.g. "
            "dates=returns.index."
        )
    return dates
