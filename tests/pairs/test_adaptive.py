import warnings
from itertools import product

import numpy as np
import pytest
from slow_recipe import slow_recipe, spreads
from statsmodels.tsa.stattools import adfuller
from statsmodels.tsa.vector_ar.vecm import coint_johansen

from statefolio.exceptions import DataTypeError, InputError
from statefolio.kalman.dense import dense_filter
from statefolio.pairs.cointegration.unit_root import adf_statistic
from statefolio.pairs.recipe.adaptive import tune_adaptively

ORDERS = (["EWA", "EWC", "IGE"], ["EWC", "EWA", "IGE"])


def basket(seed, k=3, dates=300, a=0.9, deviation=1.0, noise=0.5):
    """A first price that is a constant, a reverting spread and the mean of k - 1 random walks."""
    draw = np.random.default_rng(seed)
    others = 30.0 + np.cumsum(0.4 * draw.normal(size=(dates, k - 1)), axis=0)
    spread = np.zeros(dates)
    for t in range(1, dates):
        spread[t] = a * spread[t - 1] + deviation * np.sqrt(1.0 - a * a) * draw.normal()
    first = 5.0 + spread + others.mean(axis=1) + noise * draw.normal(size=dates)
    return np.column_stack([first, others])


def check_passes(found, prices, passes, **options):
    """Every recorded quantity of the first passes against the slow recipe, to 1e-9."""
    slow, m = slow_recipe(prices, passes, **options)
    k = prices.shape[1]
    for number, told in enumerate(slow, start=1):
        row = found.trace.loc[number]
        wanted = np.r_[told.a, told.R, told.V, told.start_variance, told.start_mean, told.log_likelihood]
        names = ["a", "observation_variance"]
        names += [f"{what}_{j + 1}" for what in ("state_variance", "start_variance", "start_mean") for j in range(k)]
        np.testing.assert_allclose(row[[*names, "log_likelihood"]].to_numpy(float), wanted, rtol=1e-9, atol=1e-15)
        for which, series in zip(("filtered", "predicted"), spreads(prices, told), strict=False):
            if np.isfinite(row[f"adf_{which}"]):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", FutureWarning)  # of the form of what it returns
                    statistic, p = adfuller(series, maxlag=1, autolag=None)[:2]
                assert row[f"adf_{which}"] == pytest.approx(statistic, rel=1e-8)
                assert row[f"p_{which}"] == pytest.approx(p, rel=1e-7, abs=1e-14)
    return slow, m


@pytest.mark.parametrize(("start", "center"), list(product(("johansen", "path"), ("johansen", "sample"))))
def test_twenty_passes(start, center):
    prices = basket(1, k=2, dates=800, a=0.999, deviation=3.0, noise=0.05)  # one of the few that last so long
    found = tune_adaptively(prices, passes=20, start=start, center=center)
    assert found.collapse is None
    check_passes(found, prices, 20, start=start, center=center)
    noted = found.trace.index[found.trace["adf_filtered"].notna()]
    assert list(noted) == [1, 20]


@pytest.mark.parametrize("k", [3, 4])
@pytest.mark.parametrize(("start", "center"), [("johansen", "johansen"), ("path", "sample")])
def test_three_and_four_assets_until_they_collapse(k, start, center):
    prices = basket(2, k=k, dates=600)
    found = tune_adaptively(prices, start=start, center=center)
    assert found.chosen > 4
    check_passes(found, prices, found.chosen, start=start, center=center)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("center_spread", [True, False])
@pytest.mark.parametrize("center", ["johansen", "sample"])
def test_real_prices_until_the_noise_is_gone(etfs, order, center_spread, center):
    prices = etfs[order].to_numpy()
    found = tune_adaptively(prices, center_spread=center_spread, center=center)
    assert found.collapse is not None
    check_passes(found, prices, found.chosen, center_spread=center_spread, center=center)


def test_the_noise_of_real_prices_goes_to_rounding_within_ten_passes(etfs):
    prices = etfs[ORDERS[0]].to_numpy()
    found = tune_adaptively(prices, passes=60, center_spread=False, on_collapse="continue")
    assert found.trace["observation_variance"].loc[10] < 1e-28
    assert found.trace["a"].loc[20:].max() < 0.28
    assert found.collapse.reason == "measurement variance"
    assert (found.collapse.at_pass, found.collapse.last_sound, found.chosen) == (6, 5, 60)
    assert "1e-15 of the price's variance" in found.collapse.detail
    assert list(found.trace.index[found.trace["adf_predicted"].notna()]) == [1, 5, 20, 40, 60]
    assert list(found.trace["sound"]) == [True] * 5 + [False] * 55


def test_the_last_sound_pass_is_the_law(etfs):
    prices = etfs[ORDERS[0]].to_numpy()
    found = tune_adaptively(prices, center_spread=False)
    assert (found.passes, found.chosen, len(found.trace)) == (6, 5, 6)
    assert found.law.observation_variance == found.trace["observation_variance"].loc[5]
    held = tune_adaptively(prices, passes=5, center_spread=False)
    assert held.collapse is None
    assert held.law.observation_variance == found.law.observation_variance


def test_the_recipe_to_the_letter_keeps_the_spread_s_mean():
    prices = basket(2)
    found = tune_adaptively(prices, passes=3, center_spread=False)
    _, m = check_passes(found, prices, 3, center_spread=False)
    assert m == found.law.spread_mean == 0.0


def test_what_is_noted_where_the_recipe_carries_on():
    prices = basket(2)
    stopped = tune_adaptively(prices)
    at = stopped.collapse.at_pass
    assert (stopped.passes, stopped.chosen) == (at, at - 1)
    assert stopped.law.observation_variance == stopped.trace["observation_variance"].loc[at - 1]
    slow, _ = slow_recipe(prices, at - 1)
    filtered, predicted, _ = spreads(prices, slow[-1])
    assert stopped.trace["adf_filtered"].loc[at - 1] == pytest.approx(adf_statistic(filtered, 1, True), rel=1e-7)
    assert stopped.trace["adf_predicted"].loc[at - 1] == pytest.approx(adf_statistic(predicted, 1, True), rel=1e-7)
    gone_on = tune_adaptively(prices, passes=45, on_collapse="continue")
    assert gone_on.collapse == stopped.collapse
    assert gone_on.chosen == gone_on.passes == 45
    noted = gone_on.trace.index[gone_on.trace["adf_filtered"].notna()]
    assert list(noted) == sorted({1, at - 1, 20, 40, 45})
    assert list(gone_on.trace["sound"]) == [True] * (at - 1) + [False] * (46 - at)


def test_a_level_that_does_not_revert_ends_the_recipe(etfs):
    found = tune_adaptively(etfs[ORDERS[0]].to_numpy())
    assert found.collapse.reason == "persistence"
    assert found.trace["a"].loc[found.collapse.at_pass] >= 1.0
    assert found.trace["half_life"].loc[found.collapse.at_pass] == np.inf
    assert found.trace["half_life"].loc[1] == pytest.approx(22.3136, abs=1e-4)


def test_the_law_is_a_filter_of_the_raw_prices():
    prices = basket(3)
    prices[[0, 1, 50, 51, 52], [0, 1, 2, 0, 1]] = np.nan
    found = tune_adaptively(prices, passes=4)
    slow, m = check_passes(found, prices[2:], 4)
    law, raw = found.law, prices[2:]
    assert law.spread_mean == pytest.approx(m, rel=1e-10)
    A, missing = np.diag([law.persistence, 1.0, 1.0]), np.isnan(raw).any(axis=1)
    offset = np.array([(1.0 - law.persistence) * law.spread_mean, 0.0, 0.0])
    other = dense_filter(
        np.where(missing, np.nan, raw[:, 0])[:, None],
        np.column_stack([np.ones(len(raw)), np.nan_to_num(raw[:, 1:])])[:, None, :],
        np.array([[law.observation_variance]]),
        np.diag(law.state_variance),
        offset + A @ law.start_mean,
        A @ np.diag(law.start_variance) @ A + np.diag(law.state_variance),
        transition=A,
        offset=offset,
    )
    np.testing.assert_allclose(other.filtered - [m, 0.0, 0.0], slow[-1].filtered, rtol=1e-8, atol=1e-9)
    assert other.log_likelihood.sum() == pytest.approx(found.trace["log_likelihood"].loc[4], rel=1e-10)


def test_scale_and_order_change_their_columns_alone():
    prices = basket(1, k=4)
    plain = tune_adaptively(prices, passes=4).trace
    scale = np.array([1.0, 10.0, 0.2, 3.0])
    scaled = tune_adaptively(prices * scale, passes=4).trace
    moved = tune_adaptively(prices[:, [0, 3, 1, 2]], passes=4).trace
    for name in plain:
        what, _, j = name.rpartition("_")
        factor, other = 1.0, name
        if j.isdigit():
            power = 1 if what == "start_mean" else 2
            factor, other = scale[int(j) - 1] ** -power, f"{what}_{ {1: 1, 2: 3, 3: 4, 4: 2}[int(j)] }"
        np.testing.assert_allclose(scaled[name].to_numpy(float), factor * plain[name].to_numpy(float), rtol=1e-7)
        np.testing.assert_allclose(moved[other].to_numpy(float), plain[name].to_numpy(float), rtol=1e-7)


def test_the_first_price_s_scale_is_everybody_s_unit():
    prices = basket(2)
    plain, scaled = (tune_adaptively(prices * [c, 1.0, 1.0], passes=5) for c in (1.0, 100.0))
    np.testing.assert_allclose(scaled.trace["a"], plain.trace["a"], rtol=1e-8)
    np.testing.assert_allclose(scaled.law.state_variance, 1e4 * plain.law.state_variance, rtol=1e-6)


def test_weights_are_statsmodels():
    prices = basket(4)
    np.testing.assert_array_equal(tune_adaptively(prices, passes=1).weights, coint_johansen(prices, 0, 1).evec[:, 0])


def test_without_trace_nothing_is_tested():
    found = tune_adaptively(basket(1), passes=3, trace=False)
    assert found.trace[["adf_filtered", "p_predicted"]].isna().all().all()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"passes": 0}, "passes is 0"),
        ({"passes": -3}, "passes is -3"),
        ({"passes": 2.5}, "passes is 2.5"),
        ({"passes": True}, "passes is True"),
        ({"center_spread": "yes"}, "center_spread is 'yes'"),
        ({"start": "zero"}, 'start is \'zero\'; "johansen" or "path" was expected'),
        ({"center": "path"}, "center is 'path'"),
        ({"on_collapse": "raise"}, "on_collapse is 'raise'"),
    ],
)
def test_options_that_are_refused(options, said):
    with pytest.raises(InputError, match=said):
        tune_adaptively(basket(1), **options)


def test_prices_that_are_refused():
    prices = basket(1)
    same, still, few = prices.copy(), prices.copy(), prices[:10]
    same[:, 2], still[:, 1] = same[:, 1], 7.0
    infinite = prices.copy()
    infinite[3, 1] = np.inf
    for bad, said in (
        (same, "the same but for scale"),
        (still, "'TWO' are constant"),
        (few, "10 dates"),
        (np.full((40, 2), np.nan), "0 dates"),
        (infinite, "1 infinite"),
        (prices[:, :1], r"shape \(300, 1\)"),
        (prices[0], "shape"),
    ):
        names = ["ONE", "TWO", "SIX"][: bad.shape[-1]] if bad.ndim == 2 else None
        with pytest.raises(InputError, match=said):
            tune_adaptively(bad, names=names)
    with pytest.raises(DataTypeError, match="a list"):
        tune_adaptively(prices.tolist())
    with pytest.raises(DataTypeError, match="int64"):
        tune_adaptively(prices.astype(int))


def test_a_first_asset_that_the_portfolio_does_not_hold():
    draw = np.random.default_rng(0)
    two = 30.0 + np.cumsum(draw.normal(size=3000))
    three = two + 1e-9 * draw.normal(size=3000)
    stranger = 30.0 + np.cumsum(draw.normal(size=3000))
    three += 1e-4 * draw.normal(size=3000)
    with pytest.raises(InputError, match=r"'ONE' has a share of .* Put another asset first, e.g. 'T"):
        tune_adaptively(np.column_stack([1e-3 * stranger, two, three]), names=["ONE", "TWO", "TEN"])
