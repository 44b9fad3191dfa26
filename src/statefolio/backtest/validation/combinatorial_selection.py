"""Chooses among candidates in every combination of folds, to show the spread of the result."""

from typing import Any

import pandas as pd

from statefolio._renamed import renamed
from statefolio.backtest.periods import read_periods
from statefolio.backtest.return_series import read_table
from statefolio.backtest.validation.criteria import Criterion, score
from statefolio.backtest.validation.selection import Candidates, best_candidate, complete_returns
from statefolio.backtest.validation.windows import combinatorial_windows, read_index
from statefolio.exceptions import InputError


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
    periods_per_year: float | None = None,
) -> pd.DataFrame:
    """Choose in every combination of folds, and join the tests to paths.

    Parameters
    ----------
    candidates : DataFrame (date x candidate), mapping from name to returns or result, `Trials`, or callable
        As for `nested_selection`; a callable gets the `CombinatorialWindow`, whose `train` has gaps.
    measure : str or callable
        As for `nested_selection`.
    dates : DatetimeIndex, optional
        Dates to split into folds; needed for a callable.
    folds, test_folds, purge, embargo
        As for `combinatorial_windows`.
    periods_per_year : float, optional
        Number of dates per year. Default: from the dates, as in `measures`.

    Returns
    -------
    DataFrame (date x path)
        Returns of the chosen candidates, one column per path of `combinatorial_windows`. The choices also use later
        folds, so that the paths show the spread of the result, not what could have been traded.

    Raises
    ------
    InputError
        As for `nested_selection`.

    Examples
    --------
    >>> import statefolio as sf
    >>> returns = sf.load_demo().returns.iloc[:, :6]
    >>> paths = sf.backtest.combinatorial_selection(returns, folds=6)
    >>> (paths.mean() / paths.std() * 252**0.5).round(2)  # Sharpe ratio of each path
    path
    0    0.73
    1    0.52
    2    0.52
    3    0.10
    4    0.43
    dtype: float64
    """
    table = None if callable(candidates) else read_table(candidates, "candidates")
    if table is None and dates is None:
        raise InputError(
            "dates must be given for a function as candidates, got None. Pass the dates to split into folds."
        )
    year = read_periods(periods_per_year, read_index(table if dates is None else dates))
    paths: dict[int, list[pd.Series[float]]] = {}
    for window in combinatorial_windows(table if dates is None else dates, folds, test_folds, purge, embargo):
        known = read_table(candidates(window), "candidates", gaps=True) if callable(candidates) else table
        train, tested = complete_returns(known, window)
        chosen = best_candidate(score(train, measure, year), window, measure)
        for path, test in zip(window.paths, window.tests, strict=True):
            paths.setdefault(path, []).append(tested[chosen].loc[test])
    strung = {path: pd.concat(parts).sort_index() for path, parts in sorted(paths.items())}
    return pd.DataFrame(strung).rename_axis(columns="path")
