import numpy as np
import pandas as pd
import pytest

import statefolio as sf
from statefolio.backtest.performance import measures
from statefolio.backtest.validation.combinatorial_selection import combinatorial_selection
from statefolio.backtest.validation.criteria import CRITERIA, score
from statefolio.backtest.validation.selection import compare_choices, nested_selection
from statefolio.backtest.validation.trials import Trials
from statefolio.backtest.validation.windows import Windows, combinatorial_windows
from statefolio.exceptions import DataTypeError, InputError


@pytest.fixture(scope="module")
def stocks():
    return sf.load_demo().returns.iloc[:, :8]


def test_criteria_are_the_measures(stocks):
    names = {"sharpe": "sharpe", "sortino": "sortino", "calmar": "calmar", "drawdown": "maximum_drawdown"}
    names |= {"return": "annual_return", "volatility": "annual_volatility"}
    assert set(names) == set(CRITERIA)
    for short, long in names.items():
        found = score(stocks, short)
        for stock in stocks:
            sign = -1 if short == "volatility" else 1
            assert found[stock] == pytest.approx(sign * measures(stocks[stock])[long], rel=1e-10)


def test_against_a_loop(stocks):
    found = nested_selection(stocks, "calmar")
    pieces = []
    for window in Windows().split(stocks.index):
        best = max(stocks, key=lambda s: measures(stocks.loc[window.train, s])["calmar"])
        pieces.append(stocks.loc[window.test, best])
    pd.testing.assert_series_equal(found.returns, pd.concat(pieces), check_names=False)
    assert list(found.choices["chosen"]) == [piece.name for piece in pieces]
    assert (found.choices["rank"] >= 1).all()
    assert found.in_sample.shape == found.out_of_sample.shape == (5, 8)


def test_the_future_changes_no_choice(stocks):
    changed = stocks.copy()
    window = Windows().split(stocks.index)[2]
    changed.loc[changed.index > window.train[-1]] *= -1
    one, other = (nested_selection(r, "sharpe").choices["chosen"] for r in (stocks, changed))
    assert list(one[:3]) == list(other[:3])
    assert list(one[3:]) != list(other[3:])


def test_the_measure_changes_the_choice():
    dates = pd.bdate_range("2010-01-04", periods=1200)
    rng = np.random.default_rng(0)
    steady = rng.normal(0.0008, 0.004, 1200)
    wild = rng.normal(0.0030, 0.020, 1200)  # the lower Sharpe ratio, the higher return
    chosen, earned = compare_choices(
        pd.DataFrame({"steady": steady, "wild": wild}, index=dates), ("sharpe", "drawdown", "return")
    )
    assert set(chosen["drawdown"]) == {"steady"}
    assert set(chosen["return"]) == {"wild"}
    assert earned.loc["return", "return"] > earned.loc["drawdown", "return"]
    assert earned.loc["drawdown", "drawdown"] > earned.loc["return", "drawdown"]


def test_a_late_candidate_waits_and_a_callable_is_run_by_window(stocks):
    late = stocks.copy()
    best = score(stocks.loc[Windows().split(stocks.index)[0].train]).idxmax()
    late.iloc[:5, late.columns.get_loc(best)] = np.nan
    rolling = nested_selection(late, windows=Windows("rolling"))
    assert rolling.choices["chosen"].iloc[0] != best
    assert rolling.in_sample[best].notna().sum() == 4
    seen = []

    def run(window):
        seen.append(window)
        return stocks

    again = nested_selection(run, dates=stocks.index)
    pd.testing.assert_series_equal(again.returns, nested_selection(stocks).returns)
    assert len(seen) == 5


def test_a_function_as_measure(stocks):
    found = nested_selection(stocks, np.median)
    assert found.measure == "median"
    window = Windows().split(stocks.index)[0]
    assert found.choices["chosen"].iloc[0] == stocks.loc[window.train].median().idxmax()


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
        best = max(stocks, key=lambda s: measures(stocks.loc[window.train, s])["sortino"])
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


def test_trials_are_candidates(stocks):
    trials = Trials()
    for name in stocks:
        trials.add(name, stocks[name])
    assert nested_selection(trials).choices.equals(nested_selection(stocks).choices)


def test_windows_of_another_kind_are_refused(stocks):
    windows = Windows().split(stocks.index)
    for given, told in (([], "none"), (combinatorial_windows(stocks.index), "combinatorial_selection")):
        with pytest.raises(InputError, match=told):
            nested_selection(stocks, windows=given)
    with pytest.raises(InputError, match="more than once"):
        nested_selection(stocks, windows=[*windows, windows[0]])
    with pytest.raises(DataTypeError, match=r"windows must be Windows .*, got 5"):
        nested_selection(stocks, windows=5)


def test_what_is_refused(stocks):
    with pytest.raises(InputError, match=r"measure must be one of .*, got 'omega'"):
        nested_selection(stocks, "omega")
    with pytest.raises(InputError, match="candidates must include one that can be scored by sharpe"):
        nested_selection(stocks * 0)
    stopped = stocks.copy()
    stopped.iloc[-5:, 0] = np.nan
    with pytest.raises(InputError, match="would be hindsight"):
        nested_selection(stopped)
    with pytest.raises(InputError, match="dates must be given for a function"):
        nested_selection(lambda window: stocks)
