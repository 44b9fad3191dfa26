"""The start that a panel suggests for assets that its tuning has not seen."""

import warnings

import numpy as np
import pandas as pd
import pytest
import textbook

import statefolio as sf
from statefolio.kalman.ordinary_least_squares import ordinary_least_squares
from statefolio.kalman.panel_start import suggest_start

DATES, TUNED, NEW, SPLIT = 500, 12, 8, 300
FACTORS = ["market", "value"]
PLAIN = {"noise": "constant", "tails": "gaussian"}


@pytest.fixture(scope="module")
def data():
    """Twelve assets, eight that are listed after the tuning, and a constant one."""
    rng = np.random.default_rng(2)
    dates = pd.bdate_range("2018-01-01", periods=DATES)
    factors = pd.DataFrame(rng.normal(0.0, [0.01, 0.006], (DATES, 2)), dates, FACTORS)
    beta = rng.normal([1.0, 0.2], [0.2, 0.3], (TUNED + NEW, 2))
    noise = 0.01 * rng.standard_t(6, (DATES, TUNED + NEW))
    values = pd.DataFrame(factors.to_numpy() @ beta.T + noise, dates, [f"a{i:02}" for i in range(TUNED + NEW)])
    for k in range(NEW):
        values.iloc[: SPLIT + 10 * (k + 1), TUNED + k] = np.nan
    return values.assign(cash=np.where(np.arange(DATES) < SPLIT + 50, np.nan, 1e-4)), factors, beta


@pytest.fixture(scope="module")
def fitted(data):
    returns, factors, _ = data
    fits = {}
    for start in (None, "diffuse"):
        fits[start] = sf.KalmanLoadings(start=start).fit(returns, factors, tune_until=returns.index[SPLIT - 1])
    return fits


def test_suggestion_is_the_median_and_thrice_the_spread_beyond_sampling_errors(data):
    returns, factors, _ = data
    X = np.column_stack([np.ones(SPLIT), factors.iloc[:SPLIT]])
    Y = returns.iloc[:SPLIT, :TUNED].to_numpy(copy=True)
    Y[:200, 0] = np.nan  # too short a history
    ols = ordinary_least_squares(X, Y)
    mean, deviation = suggest_start(ols, np.array([True, False, False]))
    loadings, errors = [], []
    for y in Y[:, 1:].T:
        b, squares, *_ = np.linalg.lstsq(X, y, rcond=None)
        loadings.append(b)
        errors.append(squares[0] / (SPLIT - 3) * np.diag(np.linalg.inv(X.T @ X)))
    loadings, error = np.array(loadings), np.mean(errors, axis=0)
    centre = np.append(0.0, np.median(loadings[:, 1:], axis=0))
    between = np.maximum(np.mean((loadings - centre) ** 2, axis=0) - error, error / 4.0)
    np.testing.assert_allclose(mean, centre, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(deviation, [1.0, 3.0, 3.0] * np.sqrt(between), rtol=1e-9)
    assert suggest_start(ordinary_least_squares(X, Y[:, :8]), np.zeros(3, dtype=bool)) is None


def test_new_assets_have_the_filter_of_a_given_start(data):
    returns, factors, _ = data
    known = sf.KalmanLoadings(**PLAIN, parameter_uncertainty=False)
    model = known.fit(returns, factors, tune_until=returns.index[SPLIT - 1])
    mean, deviation = model._learned.origin
    X = np.column_stack([np.ones(DATES), factors])
    for asset in returns.columns[TUNED : TUNED + 3]:
        row = model.parameters_.loc[asset]
        q = row[[f"state_variance_{name}" for name in ("alpha", *FACTORS)]].to_numpy(dtype=float)
        given = textbook.Model(q, row["observation_variance"], start=(mean, np.diag(deviation**2)))
        path = textbook.run(given, X, returns[asset].to_numpy())
        first = returns[asset].first_valid_index()
        found = model.loadings_.sel(asset=asset, date=slice(first, None))
        seen = len(returns.loc[first:])
        np.testing.assert_allclose(found["filtered"], path.mean[-seen:], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(found["predicted"], path.predicted[-seen:], rtol=1e-9, atol=1e-12)
        variance = np.diagonal(path.predicted_covariance, axis1=1, axis2=2)[-seen:]
        np.testing.assert_allclose(found["predicted_variance"], variance, rtol=1e-9)
        assert np.isnan(model.loadings_["filtered"].sel(asset=asset)).to_numpy()[: DATES - seen].all()


def test_assets_that_tuning_has_seen_keep_their_bits(data, fitted):
    seen = list(data[0].columns[:TUNED])
    assert fitted[None].loadings_.sel(asset=seen).equals(fitted["diffuse"].loadings_.sel(asset=seen))
    assert fitted[None].innovations_.sel(asset=seen).equals(fitted["diffuse"].innovations_.sel(asset=seen))


def test_first_weeks_are_forecast_better_and_bands_cover(data, fitted):
    returns, _, beta = data
    error, inside = {}, []
    for start, model in fitted.items():
        squared = []
        for i in range(TUNED, TUNED + NEW):
            first = returns.index.get_loc(returns.iloc[:, i].first_valid_index())
            days = model.loadings_.isel(asset=i, date=slice(first + 4, first + 40)).sel(factor=FACTORS)
            away = days["predicted"].to_numpy() - beta[i]
            squared.append(away**2)
            if start is None:
                inside.append(np.abs(away) < 1.96 * np.sqrt(days["predicted_variance"].to_numpy()))
        error[start] = np.mean(squared)
    assert error[None] < 0.2 * error["diffuse"]
    assert np.mean(inside) > 0.9


def test_constant_assets_have_their_alpha_alone(fitted):
    last = fitted[None].loadings_.sel(asset="cash").isel(date=-1)
    np.testing.assert_array_equal(last["filtered"], [1e-4, 0.0, 0.0])
    np.testing.assert_array_equal(fitted[None].next_["mean"].sel(asset="cash"), [1e-4, 0.0, 0.0])


def test_continuing_a_saved_model_equals_one_fit(data, fitted, tmp_path):
    returns, factors, _ = data
    until = returns.index[SPLIT - 1]
    for cut in (SPLIT + 5, SPLIT + 35):
        model = sf.KalmanLoadings().fit(returns.iloc[:cut], factors.iloc[:cut], tune_until=until)
        model.save(tmp_path / f"{cut}")
        model = sf.KalmanLoadings.load(tmp_path / f"{cut}")
        model.partial_fit(returns.iloc[cut:], factors.iloc[cut:])
        assert model.loadings_.equals(fitted[None].loadings_.isel(date=slice(cut, None)))
        assert model.next_.equals(fitted[None].next_)
    before = fitted[None].loadings_.isel(date=slice(0, cut))
    again = sf.KalmanLoadings().fit(returns.iloc[:cut], factors.iloc[:cut], tune_until=until)
    assert again.loadings_.equals(before)  # cutting the future


def test_assets_that_join_start_from_the_panel(data, fitted):
    returns, factors, _ = data
    cut = SPLIT + 5
    model = sf.KalmanLoadings().fit(returns.iloc[:cut, :TUNED], factors.iloc[:cut], tune_until=returns.index[SPLIT - 1])
    model.partial_fit(returns.iloc[cut:], factors.iloc[cut:])
    pd.testing.assert_frame_equal(
        model.next_["mean"].to_pandas(), fitted[None].next_["mean"].to_pandas(), rtol=1e-9, atol=1e-12
    )


def test_blocks_of_a_panel_have_its_start(data, fitted):
    returns, factors, _ = data
    until = returns.index[SPLIT - 1]
    learned = sf.loadings.learn_panel(sf.KalmanLoadings(), returns, factors, tune_until=until)
    part = list(returns.columns[TUNED - 1 : TUNED + 2])
    assert learned.fit(returns[part], factors).loadings_.equals(fitted[None].loadings_.sel(asset=part))


def test_few_returns_of_a_new_asset_suffice(data):
    returns, factors, _ = data
    cut = SPLIT + 11  # the first of the new assets has one return
    with warnings.catch_warnings():
        warnings.simplefilter("error", sf.StatefolioWarning)
        found = sf.KalmanLoadings().fit(
            returns.iloc[:cut, : TUNED + 1], factors.iloc[:cut], tune_until=returns.index[SPLIT - 1]
        )
    assert np.isfinite(found.next_["mean"]).all()
    assert "no loadings" not in found.parameters_.loc[returns.columns[TUNED], "reason"]


def test_all_assets_may_start_from_the_panel(data, tmp_path):
    returns, factors, _ = data
    few = returns.iloc[:SPLIT, :TUNED], factors.iloc[:SPLIT]
    first = sf.KalmanLoadings(start="panel").fit(*few).loadings_["predicted"].isel(date=0)
    assert np.isfinite(first).all()
    assert (first == first[0]).all()
    model = sf.KalmanLoadings(start="panel").fit(*few)
    mean, deviation = model._learned.origin
    same = sf.KalmanLoadings(start=(mean, np.diag(deviation**2)), dynamics="panel_reverting").fit(*few)
    assert model.loadings_.equals(same.loadings_)  # the tuning has the start too
    model.save(tmp_path / "model")
    loaded = sf.KalmanLoadings.load(tmp_path / "model")
    for each in (loaded, same):
        each.partial_fit(returns.iloc[SPLIT:, : TUNED + 1], factors.iloc[SPLIT:])
    assert loaded.loadings_.equals(same.loadings_)
    with pytest.warns(sf.StatefolioWarning, match="start should be 'diffuse' without 8 assets"):
        model = sf.KalmanLoadings(start="panel", dynamics="random_walk").fit(few[0].iloc[:, :4], few[1])
    assert np.isnan(model.loadings_["predicted"].isel(date=1)).all()
    with pytest.raises(sf.InputError, match="got 'panel'"):
        sf.KalmanLoadings(start="panel", tuning="mle").fit(*few)


def test_multiples_of_the_level_under_conjugate_learning(data):
    """The start is in the units of the loadings, whatever those of the state are."""
    returns, factors, _ = data
    until = returns.index[SPLIT - 1]
    model = sf.KalmanLoadings(noise="discount", tails="gaussian").fit(returns, factors, tune_until=until)
    _, deviation = model._learned.origin
    asset = returns.columns[TUNED]
    first = model.loadings_["predicted_variance"].sel(asset=asset, date=returns[asset].first_valid_index())
    np.testing.assert_allclose(first, deviation**2, rtol=1e-9)
