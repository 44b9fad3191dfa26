import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from slow_adaptive import spreads, tune_slowly
from statsmodels.tsa.stattools import adfuller

from statefolio.pairs.adaptive.basket_statistics import BasketStatistics, basket_statistics
from statefolio.pairs.adaptive.estimates import Choices
from statefolio.pairs.adaptive.tuning import tune_adaptively
from statefolio.pairs.cointegration.unit_root import adf_statistic

PLAIN = Choices(center_spread=True, start_from_path=False, center_on_sample=False, continue_after_collapse=False)


def walks(seed, k=3, dates=300):
    return 30.0 + np.cumsum(0.3 * np.random.default_rng(seed).normal(size=(dates, k)), axis=0)


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("continued", [False, True])
def test_statistics_are_those_of_the_slow_tuning(gaps, continued):
    prices = walks(6)
    if gaps:
        prices[[30, 31, 70], [0, 1, 2]] = np.nan
    choices = PLAIN._replace(continue_after_collapse=continued)
    found = basket_statistics(prices, 3, choices)
    slow, _ = tune_slowly(prices, int(found.chosen))
    filtered, predicted, held = spreads(prices, slow[-1])
    for name, series in (("held", held), ("predicted", predicted), ("filtered", filtered)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of the form of what it returns
            wanted = adfuller(series, maxlag=1, autolag=None)[0]
        assert getattr(found, f"adf_{name}") == pytest.approx(wanted, rel=1e-7)
        slope, _ = np.polyfit(series[:-1], np.diff(series), 1)
        half_life = -np.log(2.0) / slope if slope < 0.0 else np.inf
        assert getattr(found, f"half_life_{name}") == pytest.approx(half_life, rel=1e-6)
    assert found.persistence == pytest.approx(slow[-1].a, rel=1e-9)
    assert found.observation_variance == pytest.approx(slow[-1].R, rel=1e-9)


def test_a_collapsed_basket_is_judged_by_its_last_sound_pass():
    prices = walks(6)
    found = basket_statistics(prices, 40, PLAIN)
    assert found.passes == found.collapsed_at == found.chosen + 1 > 2
    slow, _ = tune_slowly(prices, int(found.chosen))
    filtered, predicted, held = spreads(prices, slow[-1])
    for name, series in (("held", held), ("predicted", predicted), ("filtered", filtered)):
        assert getattr(found, f"adf_{name}") == pytest.approx(adf_statistic(series, 1, True), rel=1e-7)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("center_spread", [True, False])
def test_the_passes_are_those_of_the_tuning(seed, center_spread):
    prices = walks(seed)
    found = basket_statistics(prices, 40, PLAIN._replace(center_spread=center_spread))
    tuned = tune_adaptively(prices, passes=40, center_spread=center_spread, trace=False)
    assert (found.chosen, found.passes) == (tuned.chosen, tuned.passes)
    assert found.collapsed_at == (tuned.collapse.at_pass if tuned.collapse else 0)
    assert found.observation_variance == pytest.approx(tuned.trace["observation_variance"].loc[tuned.chosen], rel=1e-6)


def test_threads_change_nothing():
    baskets = [walks(seed) for seed in range(24)]
    alone = [basket_statistics(prices, 30, PLAIN) for prices in baskets]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda prices: basket_statistics(prices, 30, PLAIN), baskets))
    np.testing.assert_array_equal(np.array(together), np.array(alone))
    assert isinstance(alone[0], BasketStatistics)
