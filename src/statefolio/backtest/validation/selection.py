"""Chooses among candidates on training dates and evaluates the choice on the test dates that follow."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed, show, shown, span
from statefolio._options import Kind, check
from statefolio._renamed import renamed
from statefolio.backtest.periods import read_periods
from statefolio.backtest.return_series import read_table
from statefolio.backtest.validation.criteria import CRITERIA, Criterion, criterion_name, score
from statefolio.backtest.validation.showing import ShownSelection
from statefolio.backtest.validation.windows import CombinatorialWindow, Window, Windows, read_index
from statefolio.exceptions import InputError

Candidates: TypeAlias = "pd.DataFrame | Mapping[str, Any] | Callable[[Any], Any]"


@dataclass(frozen=True, eq=False, repr=False)
class Selection(ShownSelection):
    """The choice of each window and its returns out of sample.

    Attributes
    ----------
    measure : str
        Measure by which the choice was made.
    choices : DataFrame (window)
        `train_from`, `train_until`, `test_from`, `test_until`, `chosen`, its score `in_sample` and `out_of_sample`, and
        its `rank` among the candidates out of sample (1 is the best).
    returns : Series
        Returns of the chosen candidates on the test dates; changing from one candidate to the next costs nothing.
    in_sample, out_of_sample : DataFrame (window x candidate)
        Scores of all candidates.
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
    periods_per_year: float | None = None,
) -> Selection:
    """Choose the best candidate on the training dates of each window, and record its returns on the test dates.

    Parameters
    ----------
    candidates : DataFrame (date x candidate), mapping from name to returns or result, `Trials`, or callable
        Returns, in excess of cash if the measure needs it. In each window only candidates with a return on every
        training date take part. A callable gets the `Window` and returns such a frame or mapping for its dates; it
        serves candidates that are tuned on the training dates.
    measure : str or callable
        "sharpe", "sortino", "calmar", "drawdown", "return", "volatility", or a function of a Series of returns.
    windows : Windows or list of Window, optional
        Default: 5 expanding windows with an embargo of 21 dates. The windows of a list must not test a date twice; use
        `combinatorial_selection` for combinations of folds.
    dates : DatetimeIndex, optional
        Dates to split into windows; needed for a callable unless `windows` is a list.
    periods_per_year : float, optional
        Number of dates per year. Default: from the dates, as in `measures`.

    Returns
    -------
    Selection

    Raises
    ------
    InputError
        If no candidate can be scored in a window (the message names the window), or an argument cannot be used.

    Examples
    --------
    Choosing the stock with the best past Sharpe ratio:

    >>> import statefolio as sf
    >>> returns = sf.load_demo().returns.iloc[:, :6]
    >>> found = sf.backtest.nested_selection(returns, "sharpe", sf.backtest.Windows(count=4))
    >>> found.choices[["chosen", "in_sample", "out_of_sample", "rank"]].round(2)
           chosen  in_sample  out_of_sample  rank
    window
    1        AAPL       1.09           1.04   3.0
    2        AAPL       0.95           0.40   4.0
    3        AAPL       0.93           1.69   1.0
    4        AAPL       1.14           0.20   2.0
    """
    table = None if callable(candidates) else read_table(candidates, "candidates", gaps=True)
    cut = _windows(windows, table, dates)
    year = read_periods(periods_per_year, _dates_of(cut, table))
    rows, inside, outside, earned = [], [], [], []
    for window in cut:
        known = read_table(candidates(window), "candidates", gaps=True) if callable(candidates) else table
        train, test = complete_returns(known, window)
        before, after = score(train, measure, year), score(test, measure, year)
        chosen = best_candidate(before, window, measure)
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
        measure=criterion_name(measure),
        choices=pd.DataFrame(rows, index=number),
        returns=pd.concat(earned).rename(f"chosen by {criterion_name(measure)}"),
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
    periods_per_year: float | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compare the choices that different measures lead to.

    Parameters
    ----------
    candidates, windows, dates, periods_per_year
        As for `nested_selection`.
    by : tuple of str or callable
        Measures to choose by.

    Returns
    -------
    chosen : DataFrame (window x measure)
        Names of the chosen candidates.
    earned : DataFrame (measure to choose by x measure out of sample)
        Scores on the test dates of all windows together; volatility is positive.

    Raises
    ------
    InputError
        As for `nested_selection`.

    Examples
    --------
    >>> import statefolio as sf
    >>> returns = sf.load_demo().returns.iloc[:, :6]
    >>> chosen, earned = sf.backtest.compare_choices(returns, ("sharpe", "drawdown"))
    >>> earned[["sharpe", "drawdown"]].round(2)
               sharpe  drawdown
    chosen by
    sharpe       0.64     -0.39
    drawdown     0.23     -0.69
    """
    chosen, earned = {}, {}
    for measure in by:
        found = nested_selection(candidates, measure, windows, dates=dates, periods_per_year=periods_per_year)
        chosen[found.measure] = found.choices["chosen"]
        together = found.returns.to_frame()
        year = read_periods(periods_per_year, together.index)
        earned[found.measure] = {name: score(together, name, year).iloc[0] for name in CRITERIA}
        earned[found.measure]["volatility"] *= -1.0  # as a criterion it is negative: the higher the better
    return pd.DataFrame(chosen), pd.DataFrame(earned).T.rename_axis("chosen by")


def _dates_of(windows: list[Window], table: pd.DataFrame | None) -> pd.Index:
    """Return all dates of the candidates, or of the windows."""
    if table is not None:
        return table.index
    parts = [part for window in windows for part in (window.train, window.test)]
    return pd.DatetimeIndex(np.unique(np.concatenate(parts)))


def _windows(windows: Windows | list[Window] | None, table: pd.DataFrame | None, dates: Any) -> list[Window]:
    if isinstance(windows, list):
        return _checked(windows)
    check("windows", windows, Kind(Windows, "Windows or a list of Window", "Windows()") | None)
    if dates is None and table is None:
        raise InputError("dates must be given for a function as candidates, got None. Pass the dates to split.")
    return (windows or Windows()).split(table if dates is None else read_index(dates))


def _checked(windows: list[Any]) -> list[Window]:
    """Check that a list has windows only and no date is tested twice."""
    others = [window for window in windows if not isinstance(window, Window)]
    if others or not windows:
        got = shown(others[0]) if others else "none"
        folds = any(isinstance(window, CombinatorialWindow) for window in others)
        advice = "Use combinatorial_selection" if folds else "Pass e.g. Windows().split(dates)"
        raise InputError(f"windows must be a list of at least one Window, got {got}. {advice}.")
    tested = pd.DatetimeIndex(np.concatenate([window.test for window in windows]))
    if not tested.is_unique:
        repeated = show(tested[tested.duplicated()][0])
        raise InputError(f"windows must test each date once, got {repeated} more than once. Split the dates again.")
    return windows


def complete_returns(known: Any, window: Window | CombinatorialWindow) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return training and test returns of the candidates that have a return on every training date."""
    absent = window.train.append(window.test).difference(known.index)
    if len(absent):
        raise InputError(
            f"candidates must have every date of {window}, got {len(absent)} missing (first: {show(absent[0])}). Split "
            "the dates of the candidates."
        )
    complete = known.loc[window.train].notna().all()
    train, test = known.loc[window.train, complete], known.loc[window.test, complete]
    ended = test.columns[test.isna().any()]
    if len(ended):
        raise InputError(
            f"candidates with returns on all training dates must have returns on all test dates, got missing ones for "
            f"{listed(list(ended))} in {window}; leaving them out would be hindsight. Fill them, e.g. with 0 after a "
            "run was stopped."
        )
    return train, test


def best_candidate(scores: "pd.Series[float]", window: Any, measure: Criterion) -> Any:
    """Return the candidate with the highest score; the first, if several have it."""
    if not scores.notna().any():
        raise InputError(
            f"candidates must include one that can be scored by {criterion_name(measure)} on {span(window.train)}, got "
            f"{listed(list(scores.index)) or 'none with returns on all dates'}. Add a candidate whose returns vary, or "
            "use fewer windows."
        )
    return scores.index[int(np.nanargmax(scores.to_numpy()))]
