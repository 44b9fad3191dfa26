"""Prices that are equal but for a little noise: a hedge is identified or refused, a test never denies cointegration."""

import warnings

import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import InputError, StatefolioWarning
from statefolio.pairs.cointegration.basket_tests import cointegration_tests, engle_granger_test, johansen_test
from statefolio.pairs.cointegration.results import COINTEGRATED, NOT_TOLD_APART
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.static_hedges import StaticHedge
from statefolio.pairs.screening.many_hedges import hedge_pairs
from statefolio.pairs.screening.screen import screen_pairs
from statefolio.report.pairs.cointegration_chapter import cointegration_chapter


def twins(noise: float, *, times: float = 1.0, other: bool = False, seed: int = 0) -> pd.DataFrame:
    """Return prices of two share classes, and of another asset between them if asked for."""
    draw = np.random.default_rng(seed)
    x, y = 100.0 + draw.normal(size=(500, 2)).cumsum(axis=0).T
    table = pd.DataFrame({"X": x, "Y": y, "W": times * (x + noise * draw.normal(size=500))})
    table.index = pd.bdate_range("2015-01-01", periods=500)
    return table if other else table[["X", "W"]]


@pytest.mark.parametrize("noise", [1e-3, 1e-4, 1e-6, 1e-7])
@pytest.mark.parametrize("other", [False, True])
@pytest.mark.parametrize("logs", [False, True])
@pytest.mark.parametrize("times", [1.0, 2.0])
def test_no_test_denies_that_twins_are_cointegrated(noise: float, other: bool, logs: bool, times: float) -> None:
    prices = twins(noise, other=other, times=times)
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        found = cointegration_tests(prices, logs=logs)
    assert {warning.category for warning in raised} == {StatefolioWarning}
    assert all("'X'" in str(each.message) and "(condition number" in str(each.message) for each in raised)
    assert {warning.filename for warning in raised} == {__file__}
    johansen, engle_granger = found.johansen, found.engle_granger
    assert engle_granger.outcome == NOT_TOLD_APART
    assert engle_granger.table[["statistic", "p_value"]].isna().all(axis=None)
    if noise >= 1e-3:
        assert johansen.outcome == COINTEGRATED
        assert johansen.table["eigenvalue"].between(0.0, 1.0, inclusive="neither").all()
        assert found.spread.std() < 10.0
    else:
        assert johansen.outcome == NOT_TOLD_APART
        assert johansen.rank is johansen.rank_by_maximum is None
        assert johansen.table.isna().all(axis=None)
        assert found.half_life.table["half_life"].isna().tolist() == [False] * len(prices.columns) + [True]
        assert "Johansen: the assets cannot be told apart" in str(found)
    assert "no cointegration found" not in str(found)
    assert "cannot be told apart" in cointegration_chapter(found, "").lead
    assert len(found.to_frame()) > 10


def test_each_test_alone() -> None:
    with pytest.warns(StatefolioWarning, match="Johansen test, got 'X', 'W', which cannot be told apart"):
        assert johansen_test(twins(1e-7)).outcome == NOT_TOLD_APART
    with pytest.warns(StatefolioWarning, match="Engle-Granger test, got 'X', 'W', which cannot be told apart"):
        assert engle_granger_test(twins(1e-4)).outcome == NOT_TOLD_APART


def test_prices_that_differ_by_a_trend() -> None:
    prices = twins(1e-7)
    prices["W"] += 0.1 * np.arange(500)
    with pytest.warns(StatefolioWarning, match="Johansen"):
        assert johansen_test(prices).outcome == NOT_TOLD_APART
    with pytest.raises(InputError, match="'X', 'W', which cannot be told apart"):
        StaticHedge("johansen").fit(prices)


@pytest.mark.parametrize("times", [1.0, 3.0, 1e-3])
def test_exact_multiples_are_refused_by_name(times: float) -> None:
    for prices in (twins(0.0, times=times), twins(0.0, times=times, other=True)):
        for refuses in (cointegration_tests, StaticHedge().fit, KalmanHedge().fit):
            with pytest.raises(InputError, match=r"'X', 'W', which cannot be told apart \(condition number"):
                refuses(prices)


@pytest.mark.parametrize("noise", [1e-2, 1e-4, 1e-6, 1e-7])
@pytest.mark.parametrize("hedge", [StaticHedge(), KalmanHedge(), KalmanHedge("identity"), StaticHedge("johansen")])
def test_twins_are_hedged_one_to_one_or_refused(noise: float, hedge: Hedge) -> None:
    prices = twins(noise)
    if noise <= 1e-4 and getattr(hedge, "method", "") == "johansen":
        with pytest.raises(InputError, match="'X', 'W', which cannot be told apart"):
            hedge.fit(prices)
        return
    ratio = float(hedge.fit(prices).next_["mean"].sel(state="W"))
    assert ratio == pytest.approx(1.0, abs=5e-2 * noise)


@pytest.mark.parametrize("noise", [1e-5, 1e-7])
def test_twins_among_the_hedging_assets_are_refused(noise: float) -> None:
    prices = twins(noise, other=True)[["Y", "X", "W"]]
    for hedge in (StaticHedge(), KalmanHedge()):
        with pytest.raises(InputError, match="that hedge 'Y' must differ, got 'X', 'W', which cannot be told apart"):
            hedge.fit(prices)


@pytest.mark.parametrize("noise", [1e-4, 1e-7, 0.0])
def test_a_screen_lists_twins_as_untested(noise: float) -> None:
    prices = twins(noise, other=True)
    with pytest.warns(
        StatefolioWarning, match="^prices should have each asset once, got 'W' that moves as 'X' does"
    ) as said:
        found = screen_pairs(prices, triples=[("X", "Y", "W")])
    assert len(said) == 1
    assert found.untested["reason"].str.contains("cannot be told apart|collinear").tolist() == [True, True]
    assert set(found.untested.index) >= {"W ~ X"}
    assert "2 could not be tested" in str(found)


def test_twins_that_cannot_be_fitted_are_named() -> None:
    with (
        pytest.warns(StatefolioWarning, match="^prices should have each asset once, got 'W' that moves as 'X' does"),
        pytest.warns(StatefolioWarning, match=r"1 that could not be fitted: W ~ X \(constant prices, or prices that"),
    ):
        assert hedge_pairs(twins(0.0))["hedge_ratio"].isna().all()
