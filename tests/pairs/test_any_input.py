"""Every public function on tables of all kinds: the answer of the plain table, or an error of the library."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from baskets import simulate

import statefolio as sf
from statefolio.exceptions import StatefolioError, StatefolioWarning

sp = sf.pairs


def _plain() -> pd.DataFrame:
    table = simulate(3, dates=160)[["ONE", "TWO"]]
    return (table * 64.0).round() / 64.0  # exact as float32, and when multiplied by a power of two


PLAIN = _plain()
START = PLAIN.index[120]


def _state(hedge: Any, prices: pd.DataFrame) -> list[float]:
    """Return what does not depend on the unit of prices."""
    hedge.fit(prices)
    today = sp.position_today(hedge, prices, sp.Bands())
    weights = sp.basket_weights(hedge, prices, sp.Linear(2.0))
    z = sp.z_score(hedge)
    return [float(hedge.next_["mean"][1]), *z.iloc[-3:], *today.positions["weight"], *weights.iloc[-1], len(weights)]


def _verdict(prices: pd.DataFrame) -> list[float]:
    verdict = sp.judge_basket(sp.StaticHedge(), prices, draws=19)
    return [*verdict.table["calibrated_p"], *verdict.table["value"], len(verdict.dates)]


def _walked(prices: pd.DataFrame) -> list[float]:
    walk = sp.walk_baskets(prices, {"static": sp.StaticHedge()}, start=START, retune="monthly")
    return [*walk.table.drop(columns="log_density").iloc[0]]


def _tests(prices: pd.DataFrame) -> list[float]:
    tests = sp.cointegration_tests(prices, list(prices.columns))
    return [*tests.johansen.table.to_numpy().ravel(), *tests.engle_granger.table.to_numpy().ravel()]


def _screened(prices: pd.DataFrame) -> list[float]:
    screen = sp.screen_pairs(prices, likelihood_ratio="all", until=PLAIN.index[100])
    numbers = ["statistic", "p_value", "hedge_ratio_2", "half_life", "later_p_value", "likelihood_ratio"]
    return [*screen.table[numbers].iloc[0]]


def _hedged(prices: pd.DataFrame) -> list[float]:
    table = sp.hedge_pairs(prices, [tuple(prices.columns)])
    return [*table[["hedge_ratio", "hedge_ratio_deviation", "dates"]].iloc[0]]


FUNCTIONS: dict[str, Callable[[pd.DataFrame], list[float]]] = {
    "static": lambda p: _state(sp.StaticHedge(), p),
    "johansen": lambda p: _state(sp.StaticHedge("johansen"), p),
    "rolling": lambda p: _state(sp.RollingHedge(40), p),
    "mle": lambda p: _state(sp.KalmanHedge(), p),
    "judge_basket": _verdict,
    "walk_baskets": _walked,
    "cointegration_tests": _tests,
    "screen_pairs": _screened,
    "hedge_pairs": _hedged,
}
LABELS: dict[str, Any] = {
    "whole numbers": [1, 2],
    "texts": ["a b", "c~d"],
    "numbers and texts": [1, "two"],
    "categories": pd.CategoricalIndex(["A", "B"]),
    "tuples": pd.Index([("A", 1), ("B", 2)], tupleize_cols=False),
    "dates": pd.DatetimeIndex(["2001-01-01", "2001-01-02"]),
}
_ANSWERS: dict[str, list[float]] = {}


def answer(name: str) -> list[float]:
    """Return the answer for the plain table."""
    if name not in _ANSWERS:
        _ANSWERS[name] = FUNCTIONS[name](PLAIN)
    return _ANSWERS[name]


def check(name: str, table: pd.DataFrame, tolerance: float = 0.0, *, may_refuse: bool = False) -> None:
    try:
        found = FUNCTIONS[name](table)
    except StatefolioError:
        assert may_refuse
        return
    np.testing.assert_allclose(found, answer(name), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("labels", LABELS)
def test_names_of_assets(name: str, labels: str) -> None:
    check(name, PLAIN.set_axis(LABELS[labels], axis=1))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_names_of_axes(name: str) -> None:
    check(name, PLAIN.rename_axis("when").rename_axis("what", axis=1))


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("kind", ["float32", "Float64", "object"])
def test_kinds_of_numbers(name: str, kind: str) -> None:
    check(name, PLAIN.astype(kind), may_refuse=kind == "object")


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("exponent", [-40, -20, 20, 40])  # 1e-12 to 1e12
def test_units_of_prices(name: str, exponent: int) -> None:
    check(name, PLAIN * 2.0**exponent, 1e-6 if name != "hedge_pairs" else 1e-4)


@pytest.mark.parametrize("exponent", [-40, 40])
def test_units_of_one_price(exponent: int) -> None:
    unlike = PLAIN.assign(TWO=PLAIN["TWO"] * 2.0**exponent)
    found, plain = sp.cointegration_tests(unlike), sp.cointegration_tests(PLAIN)
    np.testing.assert_allclose(found.johansen.table, plain.johansen.table, rtol=1e-6)
    np.testing.assert_allclose(found.engle_granger.table, plain.engle_granger.table, rtol=1e-6)
    np.testing.assert_allclose(found.spread, plain.spread, rtol=1e-6)
    ratio = found.engle_granger.coefficients.iloc[0, 2] * 2.0**exponent
    assert ratio == pytest.approx(plain.engle_granger.coefficients.iloc[0, 2])
    for make in (sp.StaticHedge, sp.KalmanHedge, sp.RollingHedge):
        one, other = (sp.z_score(make().fit(prices)).iloc[-20:] for prices in (unlike, PLAIN))
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("make", [sp.StaticHedge, sp.KalmanHedge])
def test_assets_are_found_by_name(make: Callable[[], Any]) -> None:
    three = PLAIN.assign(MORE=1.0 + PLAIN["TWO"] ** 0.5)
    shuffled = three[["MORE", "TWO", "ONE"]]
    hedge = make().fit(PLAIN)
    plain = sp.position_today(hedge, PLAIN, sp.Bands())
    pd.testing.assert_frame_equal(sp.position_today(hedge, shuffled, sp.Bands()).positions, plain.positions)
    rule = sp.Linear(2.0)
    pd.testing.assert_frame_equal(sp.basket_weights(hedge, shuffled, rule), sp.basket_weights(hedge, PLAIN, rule))
    tests = sp.cointegration_tests(shuffled, ["ONE", "TWO"])
    pd.testing.assert_frame_equal(tests.to_frame(), sp.cointegration_tests(PLAIN).to_frame())
    screened = sp.screen_pairs(shuffled, pairs=[("ONE", "TWO")])
    pd.testing.assert_frame_equal(screened.table, sp.screen_pairs(PLAIN).table)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize(
    "table",
    [PLAIN[["ONE"]], PLAIN.iloc[:1], PLAIN.iloc[:0], PLAIN.iloc[:5], PLAIN * np.nan, PLAIN * 0.0, PLAIN * 0.0 + 1.0],
    ids=["one asset", "one date", "no date", "five dates", "no price", "zeros", "ones"],
)
def test_too_little_is_refused(name: str, table: pd.DataFrame) -> None:
    if name == "screen_pairs" and len(table) > 5 and table.shape[1] > 1 and not (table == 0.0).all(axis=None):
        screen = sp.screen_pairs(table)
        assert len(screen.table) == 0
        assert screen.untested["reason"].str.len().all()
    elif name == "hedge_pairs" and table.shape[1] > 1 and len(table) and not (table == 0.0).all(axis=None):
        with pytest.warns(StatefolioWarning, match="could not be fitted"):
            assert sp.hedge_pairs(table)["hedge_ratio"].isna().all()
    else:
        with pytest.raises(StatefolioError):
            FUNCTIONS[name](table)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("times", [1.0, 2.0, 1e-9, 1e9])
def test_the_same_asset_twice(name: str, times: float) -> None:
    table = PLAIN.assign(TWO=times * PLAIN["ONE"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatefolioWarning)
        if name == "screen_pairs":
            assert sp.screen_pairs(table).untested["reason"].str.contains("cannot be told apart").all()
        elif name == "hedge_pairs":
            assert sp.hedge_pairs(table)["hedge_ratio"].isna().all()
        else:
            with pytest.raises(StatefolioError, match="cannot be told apart"):
                FUNCTIONS[name](table)
