"""Nested selection: choose on training dates, earn on the test dates that follow."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed, show
from statefolio._renamed import renamed
from statefolio.backtest.performance import PERIODS, check_periods
from statefolio.backtest.return_series import read_table
from statefolio.backtest.validation.criteria import CRITERIA, Criterion, name_of, score
from statefolio.backtest.validation.windows import (
    CombinatorialWindow,
    Window,
    Windows,
    combinatorial_windows,
    read_index,
)
from statefolio.exceptions import DataTypeError, InputError

Candidates: TypeAlias = "pd.DataFrame | Mapping[str, Any] | Callable[[Any], Any]"


@dataclass(frozen=True, eq=False)
class Selection:
    """What was chosen when, and what it then earned.

    Attributes
    ----------
    measure : str
        By which the choice was made.
    choices : DataFrame
        A row a window: `train_from`, `train_until`, `test_from`, `test_until`, `chosen`, its score `in_sample` and
        `out_of_sample`, and its `rank` among the candidates out of sample (1 is the best).
    returns : Series
        What the chosen earned on the test dates, one after the other; going over from one to the next costs nothing.
    in_sample, out_of_sample : DataFrame (window x candidate)
        All scores.
    """

    measure: str
    choices: pd.DataFrame
    returns: "pd.Series[float]"
    in_sample: pd.DataFrame
    out_of_sample: pd.DataFrame


@renamed("periods_a_year", "periods_per_year")
def nested_selection(
    candidates: Candidates,
    measure: Criterion = "sharpe",
    windows: Windows | list[Window] | None = None,
    *,
    dates: Any = None,
    periods_per_year: float = PERIODS,
) -> Selection:
    """Choose the best candidate of each window's training dates, and earn its returns on the test dates.

    Parameters
    ----------
    candidates : DataFrame (date x candidate), mapping from name to returns or result, `Trials`, or callable
        Returns, in excess of cash where the measure asks for it. A candidate without a return on every training
        date is none in that window. A callable gets the `Window` and returns such a frame or mapping for its dates:
        for what is tuned on the training dates.
    measure : str or callable
        As for `score`: "sharpe", "sortino", "calmar", "drawdown", "return", "volatility", or a function of a Series.
    windows : Windows or list of Window, optional
        Default: 5 expanding ones with an embargo of 21 dates. Those of a list may not test a date twice; combinations
        of folds do, and go to `combinatorial_selection`.
    dates : DatetimeIndex, optional
        To cut into windows; needed with a callable unless `windows` is a list.
    periods_per_year : float

    Returns
    -------
    Selection

    Raises
    ------
    InputError
        If no candidate can be scored in a window; the message names it.
    """
    year = check_periods(periods_per_year)
    table = None if callable(candidates) else read_table(candidates, "candidates", gaps=True)
    cut = _windows(windows, table, dates)
    rows, inside, outside, earned = [], [], [], []
    for window in cut:
        known = read_table(candidates(window), "candidates", gaps=True) if callable(candidates) else table
        train, test = _complete(known, window)
        before, after = score(train, measure, year), score(test, measure, year)
        chosen = _best(before, window, measure)
        rows.append(
            {
                "train_from": window.train[0],
                "train_until": window.train[-1],
                "test_from": window.test[0],
                "test_until": window.test[-1],
                "chosen": chosen,
                "in_sample": before[chosen],
                "out_of_sample": after[chosen],
                "rank": after.rank(ascending=False, method="min")[chosen],
            }
        )
        inside.append(before)
        outside.append(after)
        earned.append(test[chosen])
    number = pd.RangeIndex(1, len(cut) + 1, name="window")
    return Selection(
        measure=name_of(measure),
        choices=pd.DataFrame(rows, index=number),
        returns=pd.concat(earned).rename(f"chosen by {name_of(measure)}"),
        in_sample=pd.DataFrame(inside).set_axis(number),
        out_of_sample=pd.DataFrame(outside).set_axis(number),
    )


@renamed("periods_a_year", "periods_per_year")
def compare_choices(
    candidates: Candidates,
    by: tuple[Criterion, ...] = ("sharpe", "sortino", "calmar", "drawdown"),
    windows: Windows | list[Window] | None = None,
    *,
    dates: Any = None,
    periods_per_year: float = PERIODS,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """How the measure changes what is chosen.

    Returns
    -------
    chosen : DataFrame (window x measure)
        Names of the candidates.
    earned : DataFrame (measure to choose by x measure out of sample)
        Of the test dates of all windows together.
    """
    chosen, earned = {}, {}
    for measure in by:
        found = nested_selection(candidates, measure, windows, dates=dates, periods_per_year=periods_per_year)
        chosen[found.measure] = found.choices["chosen"]
        together = found.returns.to_frame()
        earned[found.measure] = {name: score(together, name, periods_per_year).iloc[0] for name in CRITERIA}
    return pd.DataFrame(chosen), pd.DataFrame(earned).T.rename_axis("chosen by")


@renamed("periods_a_year", "periods_per_year")
def combinatorial_selection(
    candidates: Candidates,
    measure: Criterion = "sharpe",
    *,
    dates: Any = None,
    folds: int = 10,
    test_folds: int = 2,
    purge: int = 0,
    embargo: int = 21,
    periods_per_year: float = PERIODS,
) -> pd.DataFrame:
    """Choose in every combination of folds, and string the tests together to paths.

    Parameters
    ----------
    candidates : DataFrame (date x candidate), mapping from name to returns or result, `Trials`, or callable
        As for `nested_selection`; a callable gets the `CombinatorialWindow`, whose `train` is not in one piece.
    measure : str or callable
        As for `score`.
    dates : DatetimeIndex, optional
        To cut into folds; needed with a callable.
    folds, test_folds, purge, embargo
        As for `combinatorial_windows`.
    periods_per_year : float

    Returns
    -------
    DataFrame (date x path)
        What the chosen earned: as many histories as `combinatorial_windows` has paths. Each was chosen with hindsight
        of other folds, so they show the spread of an outcome, not what could have been traded.
    """
    year = check_periods(periods_per_year)
    table = None if callable(candidates) else read_table(candidates, "candidates")
    if table is None and dates is None:
        raise InputError("candidates is a function; dates to cut into folds were expected beside it. Pass dates=...")
    paths: dict[int, list[pd.Series[float]]] = {}
    for window in combinatorial_windows(table if dates is None else dates, folds, test_folds, purge, embargo):
        known = read_table(candidates(window), "candidates", gaps=True) if callable(candidates) else table
        train, tested = _complete(known, window)
        chosen = _best(score(train, measure, year), window, measure)
        for path, test in zip(window.paths, window.tests, strict=True):
            paths.setdefault(path, []).append(tested.loc[test, chosen])
    strung = {path: pd.concat(parts).sort_index() for path, parts in sorted(paths.items())}
    return pd.DataFrame(strung).rename_axis(columns="path")


def _windows(windows: Windows | list[Window] | None, table: pd.DataFrame | None, dates: Any) -> list[Window]:
    if isinstance(windows, list):
        return _checked(windows)
    if windows is not None and not isinstance(windows, Windows):
        raise DataTypeError(f"windows is a {type(windows).__name__}; Windows, or a list of Window, were expected.")
    if dates is None and table is None:
        raise InputError("candidates is a function; dates to cut into windows were expected beside it. Pass dates=...")
    return (windows or Windows()).split(table if dates is None else read_index(dates))


def _checked(windows: list[Any]) -> list[Window]:
    """Windows that someone made, none of whose dates is tested twice."""
    odd = [one for one in windows if not isinstance(one, Window)]
    if odd or not windows:
        came = f"a {type(odd[0]).__name__} among them" if odd else "none"
        advice = "Use combinatorial_selection." if any(isinstance(one, CombinatorialWindow) for one in odd) else ""
        raise InputError(f"windows came with {came}; one Window or more was expected. {advice}".rstrip())
    tested = pd.DatetimeIndex(np.concatenate([window.test for window in windows]))
    if not tested.is_unique:
        again = show(tested[tested.duplicated()][0])
        raise InputError(f"windows test {again} more than once; each date was expected once. Cut them anew.")
    return windows


def _complete(known: Any, window: Window | CombinatorialWindow) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns of the candidates that have one on every training date."""
    absent = window.train.append(window.test).difference(known.index)
    if len(absent):
        raise InputError(
            f"candidates lack {len(absent)} dates of {window} (first: {show(absent[0])}); all were expected. "
            "Pass windows cut from their dates."
        )
    alive = known.loc[window.train].notna().all()
    train, test = known.loc[window.train, alive], known.loc[window.test, alive]
    ended = test.columns[test.isna().any()]
    if len(ended):
        raise InputError(
            f"candidates {listed(list(ended))} have returns on all training dates of {window} but not on all test "
            "dates; leaving them out would be hindsight. Fill what they earned, e.g. 0 after a run was stopped."
        )
    return train, test


def _best(scores: "pd.Series[float]", window: Any, measure: Criterion) -> Any:
    """The highest score; of equals the first."""
    if not scores.notna().any():
        raise InputError(
            f"no candidate can be scored by {name_of(measure)} on {show(window.train[0])} to {show(window.train[-1])} "
            f"({listed(list(scores.index)) or 'none has returns on all dates'}); one or more with returns that vary "
            "were expected. Add a candidate, or take fewer windows."
        )
    return scores.index[int(np.nanargmax(scores.to_numpy()))]
