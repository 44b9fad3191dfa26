"""One bad asset does not spoil the panel: stale, absurd, constant and redundant assets beside real ones."""

import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from statefolio._arrays.panel import make_panel
from statefolio.data import load_demo
from statefolio.exceptions import StatefolioWarning
from statefolio.kalman.stale_returns import Marks
from statefolio.kalman.tuning import NO_RESIDUAL
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.observed_returns import find_unobserved

DATES = 1_000
BURN_IN = 150


@pytest.fixture(scope="module")
def demo():
    data = load_demo()
    return data.returns.iloc[:DATES, :16], data.factors.iloc[:DATES, :3]


def fit(returns, factors, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatefolioWarning)
        return KalmanLoadings(**options).fit(returns, factors)


@pytest.fixture(scope="module")
def alone(demo):
    return fit(*demo)


def change(demo, alone, column, **options) -> float:
    """Mean absolute change of the others' betas when an asset joins the panel."""
    returns, factors = demo
    with_it = fit(returns.assign(NEW=column), factors, **options).loadings_.filtered
    gap = abs(with_it.sel(asset=list(returns.columns)) - alone.loadings_.filtered).isel(date=slice(BURN_IN, None))
    return float(gap.sel(factor=list(factors.columns)).mean())


@pytest.fixture(scope="module")
def ordinary(demo, alone) -> float:
    """The change that ordinary stocks make."""
    returns = load_demo().returns.iloc[:DATES]
    return float(np.mean([change(demo, alone, returns.iloc[:, column]) for column in (16, 18, 19)]))


def _stock(returns):
    return load_demo().returns.iloc[:DATES, 17]


def _renewed(returns):
    prices = (1.0 + _stock(returns)).cumprod()
    seen = prices.iloc[(np.arange(DATES) // 20) * 20].to_numpy()
    return np.append(0.0, seen[1:] / seen[:-1] - 1.0)


def _spoilt(returns):
    column = _stock(returns).copy()
    column.iloc[300] = 1e200
    return column


BAD = {
    "dead throughout": lambda r, f: 0.0,
    "dead from the middle": lambda r, f: _stock(r).where(np.arange(DATES) < 350, 0.0),
    "dead, less a cash rate": lambda r, f: _stock(r).where(np.arange(DATES) < 350, -2e-4),
    "zeros before the listing": lambda r, f: _stock(r).where(np.arange(DATES) >= 350, 0.0),
    "suspended for weeks": lambda r, f: _stock(r).where(np.abs(np.arange(DATES) - 300) > 30, 0.0),
    "cash": lambda r, f: 1e-4,
    "equal to a factor": lambda r, f: f.iloc[:, 0],
    "equal to a mix of factors": lambda r, f: 0.5 * f.iloc[:, 0] - 2.0 * f.iloc[:, 2],
    "equal to a factor but for rounding": lambda r, f: f.iloc[:, 0].round(9),
    "nearly equal to a factor": lambda r, f: f.iloc[:, 0] + np.random.default_rng(1).normal(0, 3e-5, DATES),
    "a hundred times as large": lambda r, f: 100.0 * _stock(r),
    "observed once": lambda r, f: _stock(r).where(np.arange(DATES) == 300),
    "Cauchy noise": lambda r, f: f.iloc[:, 0] + 0.01 * np.random.default_rng(2).standard_cauchy(DATES),
    "renewed every 20th date": lambda r, f: _renewed(r),
    "one absurd cell": lambda r, f: _spoilt(r),
}


@pytest.mark.parametrize("kind", BAD)
def test_no_asset_moves_the_others_more_than_three_ordinary_ones_do(demo, alone, ordinary, kind):
    assert change(demo, alone, BAD[kind](*demo)) <= 3.0 * ordinary


@pytest.mark.parametrize("tuning", ["mle", "shrunk"])
def test_a_price_that_stands_still_has_a_variance_of_its_own_size(demo, tuning):
    returns, factors = demo
    model = fit(returns.assign(NEW=_renewed(returns)).iloc[:, 12:], factors, tuning=tuning)
    variance = model.parameters_["observation_variance"]
    assert variance["NEW"] > 0.05 * variance.drop("NEW").median()
    assert model.log_likelihood_.drop("NEW").gt(0.0).all()


def test_constants_and_twins_of_factors_have_their_own_answer(demo):
    returns, factors = demo
    added = returns.assign(ZERO=0.0, CASH=1e-4, FUND=factors.iloc[:, 1], LATE=returns.iloc[:, 0])
    added.loc[added.index[:50], ["ZERO", "LATE"]] = np.nan, 0.0
    model = fit(added, factors)
    last = model.loadings_.filtered.isel(date=-1).to_pandas()
    np.testing.assert_array_equal(last.loc["ZERO"], 0.0)
    np.testing.assert_array_equal(last.loc["CASH"], [1e-4, 0.0, 0.0, 0.0])
    np.testing.assert_allclose(last.loc["FUND"], [0.0, 0.0, 1.0, 0.0], atol=1e-6)
    assert float(abs(model.innovations_.innovation.sel(asset="FUND").isel(date=slice(20, None))).max()) < 1e-9
    ahead = model.next_
    np.testing.assert_array_equal(ahead["mean"].sel(asset="CASH"), [1e-4, 0.0, 0.0, 0.0])
    assert float(ahead["observation_variance"].sel(asset="CASH")) == 0.0
    assert float(ahead["observation_variance"].sel(asset="FUND")) < 1e-8
    late = model.loadings_.filtered.sel(asset="LATE")
    np.testing.assert_array_equal(late.isel(date=slice(4, 50)), 0.0)
    assert late.isel(date=slice(60, None)).notnull().all()


def test_marks_are_causal_and_continue_to_the_last_bit(demo):
    returns, factors = demo
    added = returns.iloc[:, :4].assign(DEAD=BAD["dead from the middle"](*demo), CASH=0.0, RARE=_renewed(returns))
    model = fit(added, factors, tuning="fixed", state_variance=1e-3)
    cut = fit(added.iloc[:360], factors.iloc[:360], tuning="fixed", state_variance=1e-3,
              observation_variance=model.parameters_["observation_variance"])  # fmt: skip
    whole = fit(added, factors, tuning="fixed", state_variance=1e-3,
                observation_variance=model.parameters_["observation_variance"])  # fmt: skip
    np.testing.assert_array_equal(
        cut.loadings_.filtered, whole.loadings_.filtered.isel(date=slice(0, 360)), strict=False
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatefolioWarning)
        cut.partial_fit(added.iloc[360:], factors.iloc[360:])
    np.testing.assert_array_equal(cut.loadings_.filtered, whole.loadings_.filtered.isel(date=slice(360, None)))
    for name in ("predicted", "predicted_variance", "filtered_variance"):
        np.testing.assert_array_equal(cut.loadings_[name], whole.loadings_[name].isel(date=slice(360, None)))
    np.testing.assert_array_equal(cut.next_["covariance"], whole.next_["covariance"])


def test_a_constant_asset_keeps_its_answer_on_dates_without_a_return(demo):
    returns, factors = demo
    added = returns.iloc[:, :3].assign(CASH=1e-4)
    added.iloc[200:, 3] = np.nan
    model = fit(added.iloc[:200], factors.iloc[:200], tuning="fixed", state_variance=1e-3)
    model.partial_fit(added.iloc[200:203], factors.iloc[200:203])
    known = [1e-4, 0.0, 0.0, 0.0]
    for name in ("predicted", "filtered"):
        np.testing.assert_array_equal(model.loadings_[name].sel(asset="CASH"), [known] * 3)
        np.testing.assert_array_equal(model.loadings_[f"{name}_variance"].sel(asset="CASH"), 0.0)
    np.testing.assert_array_equal(model.next_["mean"].sel(asset="CASH"), known)


def test_only_constant_assets_have_loadings_before_their_filters_begin(demo):
    returns, factors = demo
    late = returns.iloc[:, 0].where(np.arange(DATES) >= 40)
    added = returns.iloc[:, 1:3].assign(CASH=1e-4, LATE=late)
    whole = fit(added.iloc[:60], factors.iloc[:60], tuning="fixed", state_variance=1e-3).loadings_
    model = fit(added.iloc[:30], factors.iloc[:30], tuning="fixed", state_variance=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatefolioWarning)
        model.partial_fit(added.iloc[30:60], factors.iloc[30:60])
    for found, first in ((whole, 0), (model.loadings_, 30)):
        for name, since in (("predicted", 1), ("predicted_variance", 1), ("filtered", 0), ("filtered_variance", 0)):
            known = found[name].notnull().all("factor").to_pandas()
            begins = [int(known[asset].argmax()) + first for asset in known]
            assert begins == [max(3 + since, first), max(3 + since, first), max(4 + since, first), 43 + since]
            assert (known.iloc[5:, :3]).all(axis=None)


@pytest.mark.parametrize("intercept", [True, False])
def test_without_an_alpha_only_returns_of_zero_have_known_loadings(demo, intercept):
    returns, factors = demo
    added = returns.iloc[:, :3].assign(ZERO=0.0, CASH=1e-4)
    last = fit(added, factors, tuning="discount", intercept=intercept).loadings_.filtered.isel(date=-1).to_pandas()
    np.testing.assert_array_equal(last.loc["ZERO"], 0.0)
    if intercept:
        np.testing.assert_array_equal(last.loc["CASH"], [1e-4, 0.0, 0.0, 0.0])
    else:
        assert last.loc["CASH"].isna().all()


@pytest.mark.parametrize(
    ("stale", "dates", "warns"), [(20, 500, False), (21, 500, True), (30, 3_000, False), (31, 3_000, True)]
)
def test_more_than_twenty_stale_returns_in_a_row_and_one_percent_are_named(stale, dates, warns):
    index = pd.bdate_range("2010-01-01", periods=dates)
    draw = np.random.default_rng(3).normal(0.0, 0.01, (dates, 3))
    panel = make_panel(pd.DataFrame(draw[:, :2], index, ["A", "B"]), pd.DataFrame(draw[:, 2:], index, ["market"]))
    marks = Marks(*np.zeros((3, dates, 2), dtype=bool))
    marks.unobserved[:stale, 1] = True
    learned = SimpleNamespace(reason=np.array(["", NO_RESIDUAL if warns else ""]))
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        find_unobserved(panel, marks, learned).warn(panel)
    said = [str(one.message) for one in found]
    words = f"'B' that stands still on {stale} of {dates} dates. Those dates count"
    assert [words in text for text in said] == [True] * warns
    marks.absurd[:] = marks.unobserved
    marks.absurd[[1, -1], 0] = True
    with pytest.warns(
        StatefolioWarning, match=rf"{stale + 2} cells a million times the usual size \(first: 'B' on 2010-01-01"
    ):
        find_unobserved(panel, marks, SimpleNamespace(reason=np.array(["", ""]))).warn(panel)


def test_a_saved_model_goes_on_watching(demo, tmp_path):
    returns, factors = demo
    added = returns.iloc[:, :3].assign(DEAD=BAD["dead from the middle"](*demo))
    model = fit(added.iloc[:400], factors.iloc[:400], tuning="fixed", state_variance=1e-3)
    model.save(tmp_path / "model")
    again = KalmanLoadings.load(tmp_path / "model")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatefolioWarning)
        for one in (model, again):
            one.partial_fit(added.iloc[400:], factors.iloc[400:])
    np.testing.assert_array_equal(model.loadings_.filtered, again.loadings_.filtered)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("dead throughout", r"returns should not stand still, got 'NEW' that stands still on \d+ of 1000 dates"),
        ("dead from the middle", r"'NEW' that stands still on 64\d of 1000 dates\. Those dates count as missing"),
        ("renewed every 20th date", "stands still"),
        ("equal to a factor", r"returns of 'NEW' have hardly a residual"),
        ("one absurd cell", r"1 such moves \(first: 'NEW' on 2015-.*a million times the .* count as missing"),
    ],
)
def test_what_is_left_out_is_named(demo, kind, message):
    returns, factors = demo
    with pytest.warns(StatefolioWarning, match=message):
        KalmanLoadings(tuning="discount", discount_factor=0.99, memory=0.97, degrees_of_freedom=6.0,
                       volatility_exponent=0.95).fit(returns.assign(NEW=BAD[kind](*demo)), factors)  # fmt: skip


def test_ordinary_data_warn_of_nothing(demo):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        KalmanLoadings(tuning="discount").fit(*demo)


def test_scaling_everything_scales_what_is_found(demo):
    returns, factors = demo
    added = returns.iloc[:, :3].assign(DEAD=BAD["dead from the middle"](*demo))
    plain, small = (fit(scale * added, scale * factors, tuning="discount") for scale in (1.0, 1e-6))
    betas = [one.loadings_.filtered.sel(factor=list(factors)) for one in (small, plain)]
    np.testing.assert_allclose(*betas, rtol=1e-4)
