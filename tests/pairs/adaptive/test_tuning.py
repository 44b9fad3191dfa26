import warnings
from itertools import product

import numpy as np
import pytest
from slow_adaptive import spreads, tune_slowly
from statsmodels.tsa.stattools import adfuller
from statsmodels.tsa.vector_ar.vecm import coint_johansen

from statefolio.exceptions import DataTypeError, InputError
from statefolio.kalman.dense import dense_filter
from statefolio.pairs.adaptive.tuning import tune_adaptively
from statefolio.pairs.cointegration.unit_root import adf_statistic

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
    """Compare every recorded quantity of the first passes with the slow tuning, to 1e-9."""
    slow, m = tune_slowly(prices, passes, **options)
    k = prices.shape[1]
    for number, one in enumerate(slow, start=1):
        row = found.trace.loc[number]
        wanted = np.r_[one.a, one.R, one.V, one.start_variance, one.start_mean, one.log_likelihood]
        names = ["a", "observation_variance"]
        names += [f"{what}_{j + 1}" for what in ("state_variance", "start_variance", "start_mean") for j in range(k)]
        np.testing.assert_allclose(row[[*names, "log_likelihood"]].to_numpy(float), wanted, rtol=1e-9, atol=1e-15)
        for which, series in zip(("filtered", "predicted"), spreads(prices, one), strict=False):
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


def test_the_model_is_that_of_the_last_sound_pass(etfs):
    prices = etfs[ORDERS[0]].to_numpy()
    found = tune_adaptively(prices, center_spread=False)
    assert (found.passes, found.chosen, len(found.trace)) == (6, 5, 6)
    assert found.model.observation_variance == found.trace["observation_variance"].loc[5]
    shorter = tune_adaptively(prices, passes=5, center_spread=False)
    assert shorter.collapse is None
    assert shorter.model.observation_variance == found.model.observation_variance


def test_without_centring_the_spread_keeps_its_mean():
    prices = basket(2)
    found = tune_adaptively(prices, passes=3, center_spread=False)
    _, m = check_passes(found, prices, 3, center_spread=False)
    assert m == found.model.spread_mean == 0.0


def test_tested_passes_when_tuning_continues_after_a_collapse():
    prices = basket(2)
    stopped = tune_adaptively(prices)
    at = stopped.collapse.at_pass
    assert (stopped.passes, stopped.chosen) == (at, at - 1)
    assert stopped.model.observation_variance == stopped.trace["observation_variance"].loc[at - 1]
    slow, _ = tune_slowly(prices, at - 1)
    filtered, predicted, _ = spreads(prices, slow[-1])
    assert stopped.trace["adf_filtered"].loc[at - 1] == pytest.approx(adf_statistic(filtered, 1, True), rel=1e-7)
    assert stopped.trace["adf_predicted"].loc[at - 1] == pytest.approx(adf_statistic(predicted, 1, True), rel=1e-7)
    continued = tune_adaptively(prices, passes=45, on_collapse="continue")
    assert continued.collapse == stopped.collapse
    assert continued.chosen == continued.passes == 45
    noted = continued.trace.index[continued.trace["adf_filtered"].notna()]
    assert list(noted) == sorted({1, at - 1, 20, 40, 45})
    assert list(continued.trace["sound"]) == [True] * (at - 1) + [False] * (46 - at)


def test_a_level_that_does_not_revert_ends_the_tuning(etfs):
    found = tune_adaptively(etfs[ORDERS[0]].to_numpy())
    assert found.collapse.reason == "persistence"
    assert found.trace["a"].loc[found.collapse.at_pass] >= 1.0
    assert found.trace["half_life"].loc[found.collapse.at_pass] == np.inf
    assert found.trace["half_life"].loc[1] == pytest.approx(22.3136, abs=1e-4)


def test_the_model_filters_the_raw_prices():
    prices = basket(3)
    prices[[0, 1, 50, 51, 52], [0, 1, 2, 0, 1]] = np.nan
    found = tune_adaptively(prices, passes=4)
    slow, m = check_passes(found, prices[2:], 4)
    model, raw = found.model, prices[2:]
    assert model.spread_mean == pytest.approx(m, rel=1e-10)
    A, missing = np.diag([model.persistence, 1.0, 1.0]), np.isnan(raw).any(axis=1)
    offset = np.array([(1.0 - model.persistence) * model.spread_mean, 0.0, 0.0])
    other = dense_filter(
        np.where(missing, np.nan, raw[:, 0])[:, None],
        np.column_stack([np.ones(len(raw)), np.nan_to_num(raw[:, 1:])])[:, None, :],
        np.array([[model.observation_variance]]),
        np.diag(model.state_variance),
        offset + A @ model.start_mean,
        A @ np.diag(model.start_variance) @ A + np.diag(model.state_variance),
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


def test_the_scale_of_the_first_price_scales_all_variances():
    prices = basket(2)
    plain, scaled = (tune_adaptively(prices * [c, 1.0, 1.0], passes=5) for c in (1.0, 100.0))
    np.testing.assert_allclose(scaled.trace["a"], plain.trace["a"], rtol=1e-8)
    np.testing.assert_allclose(scaled.model.state_variance, 1e4 * plain.model.state_variance, rtol=1e-6)


def test_weights_are_statsmodels():
    prices = basket(4)
    np.testing.assert_array_equal(tune_adaptively(prices, passes=1).weights, coint_johansen(prices, 0, 1).evec[:, 0])


def test_without_trace_nothing_is_tested():
    found = tune_adaptively(basket(1), passes=3, trace=False)
    assert found.trace[["adf_filtered", "p_predicted"]].isna().all().all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"passes": 0}, "passes must be a whole number of at least 1, got 0"),
        ({"passes": -3}, "passes must be .* got -3"),
        ({"passes": 2.5}, "passes must be .* got 2.5"),
        ({"passes": True}, "passes must be .* got True"),
        ({"center_spread": "yes"}, "center_spread must be True or False, got 'yes'"),
        ({"start": "zero"}, "start must be 'johansen' or 'path', got 'zero'"),
        ({"center": "path"}, "center must be .* got 'path'"),
        ({"on_collapse": "raise"}, "on_collapse must be .* got 'raise'"),
    ],
)
def test_invalid_options(options, message):
    with pytest.raises(InputError, match=message):
        tune_adaptively(basket(1), **options)


def test_invalid_prices():
    prices = basket(1)
    same, still, few = prices.copy(), prices.copy(), prices[:10]
    same[:, 2], still[:, 1] = same[:, 1], 7.0
    infinite = prices.copy()
    infinite[3, 1] = np.inf
    for bad, message in (
        (same, "linear combinations"),
        (still, "constant price of 'TWO'"),
        (few, "at least 11 dates .* got 10"),
        (np.full((40, 2), np.nan), "got 0"),
        (infinite, "1 infinite"),
        (prices[:, :1], r"got \(300, 1\)"),
        (prices[0], "shape"),
    ):
        names = ["ONE", "TWO", "SIX"][: bad.shape[-1]] if bad.ndim == 2 else None
        with pytest.raises(InputError, match=message):
            tune_adaptively(bad, names=names)
    with pytest.raises(DataTypeError, match="a list"):
        tune_adaptively(prices.tolist())
    with pytest.raises(DataTypeError, match="int64"):
        tune_adaptively(prices.astype(int))


def test_a_first_asset_without_a_weight_in_johansens_basket():
    draw = np.random.default_rng(0)
    two = 30.0 + np.cumsum(draw.normal(size=3000))
    three = two + 1e-9 * draw.normal(size=3000)
    stranger = 30.0 + np.cumsum(draw.normal(size=3000))
    three += 1e-3 * draw.normal(size=3000)
    with pytest.raises(InputError, match=r"'ONE' must have a weight .* Put another asset first, e.g. 'T"):
        tune_adaptively(np.column_stack([1e-3 * stranger, two, three]), names=["ONE", "TWO", "TEN"])
