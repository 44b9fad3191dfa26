import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.utils import estimator_checks

from statefolio.exceptions import DataTypeError, InputError, NotFittedError, StatefolioWarning, UnknownNameError
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import ExponentialLoadings, RollingLoadings, StaticLoadings
from statefolio.loadings.results import concat_results

KINDS = [StaticLoadings, ExponentialLoadings, RollingLoadings]


@pytest.fixture
def model(returns, factors) -> RollingLoadings:
    return RollingLoadings(60).fit(returns, factors, tune_until="2010-06")


def test_labels(model, returns, factors):
    loadings = model.loadings_
    assert loadings.predicted.dims == ("date", "asset", "factor")
    assert list(loadings) == ["predicted", "predicted_variance", "filtered", "filtered_variance"]
    assert list(loadings.factor.to_numpy()) == ["alpha", "market", "size"]
    assert loadings.indexes["date"].equals(returns.index)
    assert list(loadings.asset.to_numpy()) == list(returns.columns)
    assert list(model.innovations_) == ["innovation", "innovation_variance"]
    assert model.next_.covariance.dims == ("asset", "factor", "factor_other")
    assert model.next_.attrs == {"tuned_until": "2010-06-30", "after": "2010-12-31"}
    assert loadings.attrs == model.innovations_.attrs == {"tuned_until": "2010-06-30"}
    assert model.parameters_.index.equals(returns.columns.rename("asset"))
    assert model.log_likelihood_.index.name == "asset"


def test_predicted_is_filtered_a_date_earlier_made_when_asked(model):
    loadings = model.loadings_
    one = loadings.predicted.sel(asset="A0", factor="market")
    np.testing.assert_array_equal(one[1:], loadings.filtered.sel(asset="A0", factor="market")[:-1])
    some = loadings.predicted.isel(date=[200, 100], asset=[5, 0])
    np.testing.assert_array_equal(some, loadings.predicted.to_numpy()[[200, 100]][:, [5, 0]])
    assert model.loadings_.predicted.to_numpy() is not None


def test_polars_in_the_same_out(model, returns, factors):
    frames = [pl.from_pandas(frame.reset_index()) for frame in (returns, factors)]
    again = RollingLoadings(60).fit(*frames, tune_until="2010-06")
    np.testing.assert_array_equal(again.loadings_.filtered, model.loadings_.filtered)
    assert (again.loadings_.date == model.loadings_.date).all()


@pytest.mark.parametrize("kind", KINDS)
def test_scikit_learn_checks(kind):
    estimator_checks.check_parameters_default_constructible(kind.__name__, kind())
    for check in (
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_set_params,
        estimator_checks.check_estimator_cloneable,
        estimator_checks.check_estimator_repr,
        estimator_checks.check_do_not_raise_errors_in_init_or_set_params,
        estimator_checks.check_estimator_tags_renamed,
        estimator_checks.check_valid_tag_types,
        estimator_checks.check_mixin_order,
    ):
        check(kind.__name__, kind())


def test_fit_sets_only_learned_names(model):
    public = {name for name in vars(model) if not name.startswith("_")}
    assert public - set(model.get_params()) == {
        "assets_",
        "factors_",
        "dates_",
        "first_date_",
        "last_date_",
        "tuned_until_",
    }
    assert clone(model).get_params() == model.get_params()


@pytest.mark.parametrize(
    "name", ["loadings_", "innovations_", "next_", "parameters_", "log_likelihood_", "fit_quality_"]
)
def test_before_fit(name):
    model = RollingLoadings()
    assert not hasattr(model, name)
    with pytest.raises(NotFittedError, match="Call fit"):
        getattr(model, name)


def test_calls_before_fit(returns, factors, tmp_path):
    model = RollingLoadings()
    for call in (
        lambda: model.partial_fit(returns, factors),
        lambda: model.predict({}),
        lambda: model.contributions(returns, factors),
        lambda: model.save(tmp_path / "m"),
    ):
        with pytest.raises(NotFittedError):
            call()
    assert not list(tmp_path.iterdir())


def test_pickle(model, returns, factors):
    model.loadings_.predicted.load()
    again = pickle.loads(pickle.dumps(model))
    assert again.loadings_.equals(model.loadings_)
    assert again.next_.identical(model.next_)
    pd.testing.assert_frame_equal(again.fit_quality_, model.fit_quality_)


@pytest.mark.parametrize("until", ["1999-12-31", "soon", pd.Timestamp("2010-06-01", tz="UTC"), 3.5])
def test_tune_until(until, returns, factors):
    with pytest.raises(InputError, match="tune_until"):
        StaticLoadings().fit(returns, factors, tune_until=until)


@pytest.mark.parametrize("until", ["2010-06", "2010-07-04", pd.Timestamp("2010-06-30")])
def test_tuned_until_is_the_last_date_used(until, returns, factors):
    class Spy(StaticLoadings):
        def _learn(self, panel, tune_rows):
            self.last_ = panel.dates[tune_rows - 1]

    model = Spy().fit(returns, factors, tune_until=until)
    assert model.last_ <= pd.Timestamp("2010-07-04")
    assert model.loadings_.attrs["tuned_until"] == str(model.last_.date())


@pytest.mark.parametrize("kind", KINDS)
def test_assets_join_and_leave(kind, returns, factors):
    """An asset that leaves counts as not observed, one that joins as listed late; every bit equals one fit."""
    early, late = returns.iloc[:130].drop(columns=["A1", "A3"]), returns.iloc[130:].drop(columns=["A2", "A4"])
    model = kind().fit(early, factors)
    first = model.loadings_
    model.partial_fit(late[late.columns[::-1]], factors.iloc[130:, ::-1])
    assert len(model.assets_) == 40
    whole = kind().fit(returns.assign(A2=returns.A2[:130], A4=returns.A4[:130]), factors)
    joined = concat_results([first, model.loadings_]).sel(asset=returns.columns)
    assert joined.drop_attrs().equals(whole.loadings_.drop_attrs())
    for name in ("mean", "covariance", "observation_variance"):
        assert np.array_equal(model.next_[name].sel(asset=returns.columns), whole.next_[name], equal_nan=True)


def test_dates_must_follow(model, returns, factors):
    with pytest.raises(InputError, match="dates after 2010-12-31"):
        model.partial_fit(returns[-2:], factors[-2:])


def later(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_axis(frame.index + pd.Timedelta(days=400))


def test_factors_must_be_the_same(model, returns, factors):
    with pytest.raises(InputError, match="got no 'size'"):
        model.partial_fit(later(returns), later(factors[["market"]]))
    with pytest.raises(InputError, match="got 'extra' too"):
        model.partial_fit(later(returns), later(factors).assign(extra=0.01))


def test_a_run_that_stops_leaves_the_model_as_it_was(model, returns, factors, monkeypatch):
    before, state = model.next_, model._state()

    def stop(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(type(model), "_run", stop)
    with pytest.raises(KeyboardInterrupt):
        model.partial_fit(later(returns).assign(new=0.01), later(factors))
    monkeypatch.undo()
    assert model.next_.identical(before)
    assert {name: values.shape for name, values in model._state().items()} == {k: v.shape for k, v in state.items()}
    model.partial_fit(later(returns).assign(new=0.01), later(factors))
    assert len(model.assets_) == 41


def test_a_fit_that_stops_leaves_no_half(model, returns, factors, monkeypatch):
    def stop(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(type(model), "_run", stop)
    with pytest.raises(KeyboardInterrupt):
        model.fit(returns, factors)
    with pytest.raises(NotFittedError):
        _ = model.loadings_


def test_predict(model):
    mean, P, R = (model.next_[name][0].to_numpy() for name in ("mean", "covariance", "observation_variance"))
    x = np.array([1.0, 0.02, -0.01])
    one = model.predict({"size": -0.01, "market": 0.02})
    assert one["mean"].dims == ("asset",)
    np.testing.assert_allclose(one["mean"][0], x @ mean, rtol=1e-12)
    np.testing.assert_allclose(one["variance"][0], x @ P @ x + R, rtol=1e-12)
    scenarios = pd.DataFrame({"market": [0.02, 0.0], "size": [-0.01, 0.0]}, index=["up", "flat"])
    several = model.predict(scenarios)
    assert several["mean"].dims == ("scenario", "asset")
    np.testing.assert_allclose(several["mean"].sel(scenario="up"), one["mean"], rtol=1e-12)
    np.testing.assert_allclose(several["variance"].sel(scenario="flat")[0], P[0, 0] + R, rtol=1e-12)
    assert model.predict(scenarios.loc["up"]).equals(one)


@pytest.mark.parametrize("name", [None, "date", "asset", "scenario", 0])
def test_predict_keeps_the_labels_of_scenarios(name, model, factors):
    scenarios = factors.tail(3).rename_axis(name)
    forecast = model.predict(scenarios)
    assert dict(forecast.sizes) == {"scenario": 3, "asset": len(model.assets_)}
    assert list(forecast.indexes["scenario"]) == list(scenarios.index)
    pairs = scenarios.set_axis(pd.MultiIndex.from_product([["up"], [1, 2, 3]]))
    assert list(model.predict(pairs)["scenario"].values) == [("up", 1), ("up", 2), ("up", 3)]


def test_predict_refuses(model):
    with pytest.raises(InputError, match="got no 'size'"):
        model.predict({"market": 0.1})
    with pytest.raises(InputError, match="got 'alpha' too"):
        model.predict({"market": 0.1, "size": 0.1, "alpha": 1.0})
    with pytest.raises(InputError, match="NaN"):
        model.predict({"market": 0.1, "size": np.nan})
    with pytest.raises(DataTypeError, match="mapping, Series or DataFrame, got"):
        model.predict([0.1, 0.2])
    with pytest.raises(DataTypeError, match="not a number"):
        model.predict({"market": 0.1, "size": "x"})


@pytest.mark.parametrize("which", ["predicted", "filtered"])
def test_contributions_add_up(which, model, returns, factors):
    parts = model.contributions(returns, factors[["size", "market"]], which)
    assert list(parts.factor.to_numpy()) == ["alpha", "market", "size", "residual"]
    known = model.loadings_[which].notnull().all("factor") & returns.notna().to_numpy()
    total = parts.contribution.sum("factor", skipna=False)
    np.testing.assert_allclose(total.where(known), returns.where(known.to_numpy()), atol=1e-12)
    assert np.isnan(total.where(~known)).all()
    market = parts.sel(factor="market", asset="A0")
    beta = model.loadings_.sel(factor="market", asset="A0")
    np.testing.assert_allclose(market.contribution, beta[which] * factors.market, rtol=1e-12)
    sd = np.sqrt(beta[f"{which}_variance"]) * np.abs(factors.market.to_numpy())
    np.testing.assert_allclose(market.standard_deviation, sd, rtol=1e-12)
    np.testing.assert_allclose(market.upper - market.lower, 2 * 1.959963984540054 * sd, rtol=1e-10)


def test_contributions_residual(model, returns, factors):
    parts = model.contributions(returns.iloc[100:120, :5], factors).sel(factor="residual")
    v = model.innovations_.isel(date=slice(100, 120), asset=slice(0, 5))
    np.testing.assert_allclose(parts.contribution, v.innovation, atol=1e-15)
    assert (parts.standard_deviation**2 < v.innovation_variance).where(v.innovation_variance.notnull(), True).all()
    filtered = model.contributions(returns, factors, "filtered").sel(factor="residual")
    assert filtered.standard_deviation.isnull().all()


def test_contributions_refuse(model, returns, factors):
    with pytest.raises(InputError, match="which must be 'predicted' or 'filtered', got 'smoothed'"):
        model.contributions(returns, factors, "smoothed")
    with pytest.raises(UnknownNameError, match=r"1 assets .*'X'"):
        model.contributions(returns.rename(columns={"A0": "X"}), factors)
    with pytest.raises(UnknownNameError, match="260 dates"):
        model.contributions(later(returns), later(factors))


def test_fit_quality(model, returns, factors):
    table = model.fit_quality_
    assert list(table.columns) == [
        "r_squared_in_sample",
        "r_squared_one_step",
        "rmse_in_sample",
        "rmse_one_step",
        "returns_scored",
    ]
    X = np.column_stack([np.ones(len(factors)), factors])
    r = returns.A0.to_numpy()
    for which, name in (("filtered", "in_sample"), ("predicted", "one_step")):
        beta = model.loadings_[which].sel(asset="A0").to_numpy()
        ok = ~np.isnan(r) & model.informative_["A0"].to_numpy()
        e = (r - (X * beta).sum(1))[ok]
        np.testing.assert_allclose(table.loc["A0", f"rmse_{name}"], np.sqrt(np.mean(e**2)), rtol=1e-10)
        share = 1 - np.sum(e**2) / np.sum((r[ok] - r[ok].mean()) ** 2)
        np.testing.assert_allclose(table.loc["A0", f"r_squared_{name}"], share, rtol=1e-10)
        assert table.loc["A0", "returns_scored"] == ok.sum()
    assert table.loc["A3"].drop("returns_scored").isna().all()
    assert (table.r_squared_in_sample > table.r_squared_one_step).loc["A5":].all()


def test_results_are_not_shared_with_the_model(model):
    quality = model.fit_quality_
    quality.loc["A0"] = 0.0
    dropped = model.loadings_
    del dropped["filtered"]
    assert "filtered" in model.loadings_
    assert model.fit_quality_.loc["A0", "rmse_one_step"] > 0


def test_concat_refuses(model):
    with pytest.raises(InputError, match="empty"):
        concat_results([])
    with pytest.raises(InputError, match="later and later dates"):
        concat_results([model.loadings_, model.loadings_])


@pytest.mark.parametrize(
    "kind",
    [
        KalmanLoadings(),
        KalmanLoadings(tuning="mle"),
        KalmanLoadings(tuning="discount"),
        StaticLoadings(),
        ExponentialLoadings(),
        RollingLoadings(window=100, min_observations=3),
    ],
)
def test_too_few_observations_are_named_once(kind, returns, factors):
    returns = returns[["A0", "A1", "A5"]].fillna(0.001)
    with pytest.warns(StatefolioWarning) as caught:
        kind.fit(returns.iloc[-2:], factors.iloc[-2:])
    assert [str(warning.message)[:57] for warning in caught] == [
        "returns must have at least 3 observations of an asset for"
    ]
    assert kind.parameters_["reason"].str.contains("need").all()
    once = returns.where((returns.index == returns.index[-40])[:, None] | (returns.columns != "A1")[None, :])
    with pytest.warns(StatefolioWarning, match="at least 3 observations .* got 1 of 'A1', whose loadings are missing"):
        kind.fit(once, factors)
    assert "need" in kind.parameters_.loc["A1", "reason"]
    assert "need" not in kind.parameters_.loc["A0", "reason"]
    assert np.isnan(kind.next_["mean"].sel(asset="A1")).all()
