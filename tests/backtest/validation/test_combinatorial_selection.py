import numpy as np
import pandas as pd
import pytest

from statefolio.backtest.performance import measures
from statefolio.backtest.validation.combinatorial_selection import combinatorial_selection
from statefolio.backtest.validation.windows import combinatorial_windows
from statefolio.exceptions import InputError


def test_combinatorial_paths(stocks):
    paths = combinatorial_selection(stocks, folds=5, test_folds=2)
    assert paths.shape == (len(stocks), 4)
    assert paths.notna().all().all()
    row = paths.iloc[700].to_numpy()
    assert np.isin(row, stocks.iloc[700].to_numpy()).all()


def test_combinations_by_hand(stocks):
    """Each window's best on its own training dates earns on its own tests; a callable tunes within a window."""
    windows = combinatorial_windows(stocks.index, folds=5, test_folds=2, purge=3)
    expected = pd.DataFrame(index=stocks.index, columns=range(4), dtype=float)
    for window in windows:
        best = max(stocks, key=lambda s: measures(stocks.loc[window.train, s], periods_per_year=252)["sortino"])
        for path, test in zip(window.paths, window.tests, strict=True):
            expected.loc[test, path] = stocks.loc[test, best]
        assert window.test.equals(pd.DatetimeIndex(window.tests[0].union(window.tests[1])))
        assert window.train.intersection(window.test).empty
    options = {"measure": "sortino", "folds": 5, "test_folds": 2, "purge": 3}
    found = combinatorial_selection(stocks, **options)
    pd.testing.assert_frame_equal(found, expected, check_names=False, check_freq=False)
    seen = []
    again = combinatorial_selection(lambda window: seen.append(window) or stocks, dates=stocks.index, **options)
    pd.testing.assert_frame_equal(again, found)
    assert [repr(one) for one in seen] == [repr(one) for one in windows]
    with pytest.raises(InputError, match="dates must be given for a function"):
        combinatorial_selection(lambda window: stocks)
