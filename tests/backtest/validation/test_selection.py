import numpy as np
import pandas as pd
import pytest

from statefolio.backtest.performance import measures
from statefolio.backtest.validation.criteria import score
from statefolio.backtest.validation.selection import compare_choices, nested_selection
from statefolio.backtest.validation.trials import Trials
from statefolio.backtest.validation.windows import Windows, combinatorial_windows
from statefolio.exceptions import DataTypeError, InputError


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


def test_trials_are_candidates(stocks):
    trials = Trials()
    for name in stocks:
        trials.add(name, stocks[name])
    assert nested_selection(trials).choices.equals(nested_selection(stocks).choices)


def test_bad_windows_are_rejected(stocks):
    windows = Windows().split(stocks.index)
    for given, message in (([], "none"), (combinatorial_windows(stocks.index), "combinatorial_selection")):
        with pytest.raises(InputError, match=message):
            nested_selection(stocks, windows=given)
    with pytest.raises(InputError, match="more than once"):
        nested_selection(stocks, windows=[*windows, windows[0]])
    with pytest.raises(DataTypeError, match=r"windows must be Windows .*, got 5"):
        nested_selection(stocks, windows=5)


def test_bad_input_is_rejected(stocks):
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
