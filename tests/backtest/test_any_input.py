"""Every public function gives the plain answer, or a StatefolioError, for any labels, types, order and scale."""

import contextlib
import warnings

import numpy as np
import pandas as pd
import pytest

from statefolio import backtest
from statefolio.backtest import Market, TradingCosts, Trials, Windows
from statefolio.exceptions import StatefolioError
from statefolio.portfolio import EqualWeight

DATES = pd.bdate_range("2019-01-01", periods=160)
PLAIN = pd.DataFrame(np.random.default_rng(7).normal(5e-4, 0.01, (160, 4)), DATES, list("ABCD"))
FACTORS = pd.DataFrame(np.random.default_rng(8).normal(0, 0.01, (160, 2)), DATES, ["m", "v"])


class Best:
    """Half in each of the two assets with the best past; works with any labels."""

    def decide(self, history, holdings):
        past = history.returns[history.active].iloc[-20:].sum()
        return dict.fromkeys(past.nlargest(2).index, 0.5)


def monthly_weights(table):
    return pd.DataFrame(1.0 / table.shape[1], table.index[::20], table.columns)


def all_of(result):
    return np.concatenate([result.ledger.to_numpy().ravel(), result.weights.to_numpy().ravel(), result.summary()])


def trials_of(table):
    trials = Trials()
    for name, one in table.items():
        trials.add(str(name), one)
    return trials


def report_of(trials):
    report = backtest.validate_trials(trials, blocks=4, replications=20)
    return report.table.drop(columns="better_than_benchmark").astype(float).to_numpy()


WINDOWS = Windows(count=3, embargo=0)
FUNCTIONS = {
    "market": lambda t: Market(t, FACTORS).returns.to_numpy(),
    "prices": lambda t: Market.from_prices((1 + t).cumprod()).returns.to_numpy(),
    "run_backtest": lambda t: all_of(backtest.run_backtest(EqualWeight(), Market(t), costs=TradingCosts(0.001))),
    "run_backtests": lambda t: all_of(backtest.run_backtests({"b": Best()}, Market(t, FACTORS), cuts=2)["b"]),
    "simulate": lambda t: all_of(backtest.simulate(monthly_weights(t), Market(t))),
    "check_causal": lambda t: [hash(backtest.check_causal(Best(), Market(t), cuts=2).sentence) % 10**9],
    "measures": lambda t: backtest.measures(t.iloc[:, 0], benchmark=t.iloc[:, -1]).to_numpy(),
    "nested_selection": lambda t: backtest.nested_selection(t, windows=WINDOWS).in_sample.to_numpy(),
    "compare_choices": lambda t: backtest.compare_choices(t, ("sharpe",), WINDOWS)[1].to_numpy(),
    "combinatorial_selection": lambda t: backtest.combinatorial_selection(t, folds=4, embargo=0).to_numpy(),
    "combinatorial_windows": lambda t: [len(w.train) for w in backtest.combinatorial_windows(t, folds=4, embargo=0)],
    "windows": lambda t: [len(window.train) for window in WINDOWS.split(t)],
    "overfitting": lambda t: [backtest.overfitting_probability(t, blocks=4).probability],
    "best_of_n": lambda t: [backtest.best_of_n(t).p_value],
    "reality_check": lambda t: [backtest.reality_check(t, replications=20).p_value],
    "stepwise": lambda t: [len(backtest.stepwise(t, replications=20))],
    "probabilistic_sharpe": lambda t: [backtest.probabilistic_sharpe(t.iloc[:, 0])],
    "deflated_sharpe": lambda t: [backtest.deflated_sharpe(t.iloc[:, 0], 4, 0.2)],
    "trials": lambda t: trials_of(t).sharpe.to_numpy(),
    "validate_trials": lambda t: report_of(trials_of(t)),
}

SAME = {
    "a named index": lambda t: t.rename_axis("Date"),
    "an index named asset": lambda t: t.rename_axis("asset"),
    "an index named date": lambda t: t.rename_axis("date"),
    "named columns": lambda t: t.rename_axis(columns="date"),
    "both named alike": lambda t: t.rename_axis("name").rename_axis(columns="name"),
    "integer labels": lambda t: t.set_axis(range(7, 7 + t.shape[1]), axis=1),
    "a label 0": lambda t: t.set_axis([0, "A", 2.5, None][: t.shape[1]], axis=1),
    "dates as labels": lambda t: t.set_axis(pd.date_range("2020-01-01", periods=t.shape[1]), axis=1),
    "categorical labels": lambda t: t.set_axis(pd.CategoricalIndex(list("ABCD")[: t.shape[1]]), axis=1),
    "tuples": lambda t: t.set_axis(pd.Index([("A", i) for i in range(t.shape[1])], tupleize_cols=False), axis=1),
    "levels": lambda t: t.set_axis(pd.MultiIndex.from_product([["A"], range(t.shape[1])]), axis=1),
    "reversed dates": lambda t: t.iloc[::-1],
    "Fortran order": lambda t: pd.DataFrame(np.asfortranarray(t.to_numpy()), t.index, t.columns),
    "nullable floats": lambda t: t.astype("Float64"),
    "objects": lambda t: t.astype(object),
    "nanoseconds": lambda t: t.set_axis(t.index.as_unit("ns")),
    "seconds": lambda t: t.set_axis(t.index.as_unit("s")),
    "a time zone": lambda t: t.tz_localize("UTC"),
    "text dates": lambda t: t.set_axis(t.index.strftime("%Y-%m-%d")),
    "periods": lambda t: t.to_period("D"),
    "duplicated names": lambda t: t.set_axis(["A"] * t.shape[1], axis=1),
    "a duplicated date": lambda t: t.set_axis(t.index[[0, 0, *range(2, len(t))]]),
    "a read-only array": lambda t: pd.DataFrame(_frozen(t.to_numpy().copy()), t.index, t.columns, copy=False),
}
OTHER = {
    "one asset": lambda t: t.iloc[:, :1],
    "one date": lambda t: t.iloc[:1],
    "two dates": lambda t: t.iloc[:2],
    "no date": lambda t: t.iloc[:0],
    "no asset": lambda t: t.iloc[:, :0],
    "all zero": lambda t: 0.0 * t,
    "all missing": lambda t: t * np.nan,
    "a missing cell": lambda t: t.mask(np.arange(t.size).reshape(t.shape) == 81),
    "an infinite cell": lambda t: t.mask(np.arange(t.size).reshape(t.shape) == 81, np.inf),
    "one twice": lambda t: t.assign(B=t["A"]),
    "tiny": lambda t: 1e-12 * t,
    "large": lambda t: 10.0 * t,
    "huge": lambda t: 1e12 * t,
    "half precision": lambda t: t.astype(np.float32),
    "integers": lambda t: (t > 0).astype(int),
    "booleans": lambda t: t > 0,
    "text": lambda t: t.astype(str),
    "complex": lambda t: t.astype(complex),
}


IMPOSSIBLE = {("no asset", name) for name in ("simulate", "measures", "probabilistic_sharpe", "deflated_sharpe")}
IMPOSSIBLE |= {("text", "prices")}


def _frozen(values):
    values.flags.writeable = False
    return values


@pytest.fixture(scope="module")
def plain_answers():
    return {name: np.asarray(function(PLAIN), dtype=float) for name, function in FUNCTIONS.items()}


@pytest.mark.usefixtures("without_new_processes")
@pytest.mark.parametrize("kind", SAME)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_form_of_a_table_changes_no_answer(name, kind, plain_answers):
    try:
        found = np.asarray(FUNCTIONS[name](SAME[kind](PLAIN)), dtype=float)
    except StatefolioError:
        return
    np.testing.assert_array_equal(found, plain_answers[name])


@pytest.mark.usefixtures("without_new_processes")
@pytest.mark.parametrize("kind", OTHER)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_other_tables_have_an_answer_or_a_reason(name, kind):
    if (kind, name) in IMPOSSIBLE:
        pytest.skip("the call itself needs an asset, or numbers")
    with warnings.catch_warnings(), contextlib.suppress(StatefolioError):
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", category=UserWarning)  # StatefolioWarning is one
        warnings.filterwarnings("ignore", "overflow encountered|invalid value", RuntimeWarning)  # 1e12 compounded
        FUNCTIONS[name](OTHER[kind](PLAIN))
