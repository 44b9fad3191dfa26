"""Every model of loadings on collinear factors: what is identified equals a slow pseudo-inverse, the rest is NaN."""

import pickle
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

import statefolio as sf
from statefolio.exceptions import StatefolioWarning
from statefolio.kalman.separation import patience_of

T, LATE = 320, 200
EXACT = {"noise": "constant", "tails": "gaussian", "common_volatility": False}
"""Options with which a filter of constant loadings is least squares."""


def given(intercept: bool) -> sf.KalmanLoadings:
    return sf.KalmanLoadings(
        tuning="fixed", state_variance=0.0, observation_variance=1e-4, intercept=intercept, **EXACT
    )


MODELS = {
    "fixed": given,
    "static": lambda intercept: sf.StaticLoadings(intercept=intercept),
    "rolling": lambda intercept: sf.RollingLoadings(90, intercept=intercept),
    "exponential": lambda intercept: sf.ExponentialLoadings(60.0, intercept=intercept),
    "pooled": lambda intercept: sf.KalmanLoadings(intercept=intercept),
    "mle": lambda intercept: sf.KalmanLoadings(tuning="mle", intercept=intercept, **EXACT),
    "shrunk": lambda intercept: sf.KalmanLoadings(tuning="shrunk", intercept=intercept, **EXACT),
    "discount": lambda intercept: sf.KalmanLoadings(tuning="discount", intercept=intercept),
    "conjugate": lambda intercept: sf.KalmanLoadings(tuning="discount", noise="discount", intercept=intercept),
    "reverting": lambda intercept: sf.KalmanLoadings("mean_reverting", intercept=intercept),
}
LEAST_SQUARES = {"fixed": 0, "static": 0, "rolling": 90, "exponential": 60}
KALMAN = [name for name in MODELS if name not in ("static", "rolling", "exponential")]


def draw() -> np.random.Generator:
    return np.random.default_rng(11)


def base() -> pd.DataFrame:
    dates = pd.bdate_range("2019-01-01", periods=T, name="date")
    return pd.DataFrame(draw().normal(0.0, 0.01, (T, 3)), dates, ["a", "b", "c"])


def noise(seed: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 0.01, T)


def late_constant(f: pd.DataFrame) -> pd.DataFrame:
    return f.assign(t=np.where(np.arange(T) < LATE, noise(), 0.004))


DESIGNS: dict[str, tuple[Any, list[str], bool, bool]] = {
    # factors, names whose loadings are not identified, intercept, only the late asset "LATE" is concerned
    "twins": (lambda f: f.assign(t=f.a), ["a", "t"], True, False),
    "sum": (lambda f: f.assign(t=f.a + f.b), ["a", "b", "t"], True, False),
    "first of two sums": (lambda f: pd.DataFrame({"s": f.a - 3 * f.b, "u": f.b - f.c, **f}), [*"suabc"], True, False),
    "near twins": (lambda f: f.assign(t=f.a + 1e-10 * noise()), ["a", "t"], True, False),
    "near sum": (lambda f: f.assign(t=f.b - 2.0 * f.c + 1e-9 * noise()), ["b", "c", "t"], True, False),
    "units": (lambda f: f.assign(t=1e-7 * f.a), ["a", "t"], True, False),
    "without intercept": (lambda f: f.assign(t=f.a, k=0.01), ["a", "t"], False, False),
    "constant": (lambda f: f.assign(k=0.0001 + 1e-14 * noise()), ["alpha", "k"], True, False),
    "late constant": (late_constant, ["alpha", "t"], True, True),
    "late zero": (lambda f: late_constant(f).replace(0.004, 0.0), ["t"], True, True),
    "late twins": (lambda f: f.assign(t=np.where(np.arange(T) < LATE, noise(), f.a)), ["a", "t"], True, True),
}


def panel(design: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return returns and factors; the loadings on the collinear factors are one each."""
    f, rng = DESIGNS[design][0](base()), np.random.default_rng(3)
    scaled = f / f.abs().max()
    beta = rng.uniform(0.3, 1.2, (f.shape[1], 4))
    r = pd.DataFrame(0.03 * scaled.to_numpy() @ beta + rng.normal(0, 0.01, (T, 4)), f.index, ["A", "B", "C", "LATE"])
    r.iloc[:LATE, 3] = np.nan
    r.iloc[::7, 1] = np.nan
    return r, f


def fitted(name: str, design: str) -> tuple[Any, pd.DataFrame, pd.DataFrame]:
    r, f = panel(design)
    with pytest.warns(StatefolioWarning, match="collinear.*condition number|condition number.*collinear"):
        return MODELS[name](DESIGNS[design][2]).fit(r, f), r, f


def pseudo_inverse(name: str, design: str, r: pd.DataFrame, f: pd.DataFrame, asset: str) -> tuple[np.ndarray, float]:
    """Return slow loadings (minimum norm in comparable units) at the end, and the residual variance."""
    X = f.to_numpy()
    if DESIGNS[design][2]:
        X = np.column_stack([np.ones(T), X])
    w = np.ones(T)
    if name == "rolling":
        w[:-90] = 0.0
    if name == "exponential":
        w = 0.5 ** (np.arange(T)[::-1] / 60.0)
    y = r[asset].to_numpy()
    seen = ~np.isnan(y) & (w > 0.0)
    X, y, w = X[seen], y[seen], w[seen]
    size = np.sqrt((X * X).mean(axis=0))
    size[size == 0.0] = 1.0
    root = np.sqrt(w)[:, None]
    b = np.linalg.pinv(X / size * root, rcond=1e-7) @ (y * root[:, 0])
    rank = np.linalg.matrix_rank(X / size * root, tol=1e-7 * np.linalg.norm(X / size * root, 2))
    left = (w * (y - X / size @ b) ** 2).sum()
    return b / size, left / (w.sum() - rank * (w * w).sum() / w.sum())


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("name", MODELS)
def test_what_is_not_identified_is_nan_with_a_reason(name: str, design: str) -> None:
    model, r, _ = fitted(name, design)
    _, hidden, _, late = DESIGNS[design]
    names = model.factors_.tolist()
    expected = pd.DataFrame(np.isin(names, hidden), names, ["LATE"]).T
    if not late or name == "rolling":  # the last window of every asset is that of the late one
        expected = expected.reindex(r.columns, method=None).ffill().bfill().astype(bool)
    concerned = [asset for asset in r if asset in expected.index and expected.loc[asset].any()]
    for asset in r:
        own = model.next_.sel(asset=asset)
        nan = expected.loc[asset] if asset in expected.index else np.zeros(len(names), dtype=bool)
        np.testing.assert_array_equal(np.isnan(own["mean"]), nan)
        np.testing.assert_array_equal(np.isnan(np.diagonal(own["covariance"])), nan)
        last = model.loadings_.sel(asset=asset).isel(date=-1)
        for part in ("filtered", "filtered_variance", "predicted", "predicted_variance"):
            np.testing.assert_array_equal(np.isnan(last[part]), nan, err_msg=part)
            assert not np.isinf(model.loadings_[part]).any()
        assert np.isfinite(model.innovations_.innovation_variance.sel(asset=asset)[-1])
        reason = model.parameters_.reason[asset]
        assert ("not identified: collinear on its dates (condition number" in reason) == (asset in concerned)
        for hidden_name in hidden if asset in concerned and len(hidden) <= 3 else []:
            assert f"'{hidden_name}'" in reason
    assert np.isfinite(model.next_.observation_variance).all()


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("name", LEAST_SQUARES)
def test_what_is_identified_is_a_pseudo_inverse(name: str, design: str) -> None:
    model, r, f = fitted(name, design)
    x = f.iloc[-1]
    ahead = model.predict(x)
    for asset in r:
        own = model.next_["mean"].sel(asset=asset).to_numpy()
        b, variance = pseudo_inverse(name, design, r, f, asset)
        known = ~np.isnan(own)
        np.testing.assert_allclose(own[known], b[known], rtol=1e-5, atol=1e-6 * np.abs(b).max())
        row = x.to_numpy() if not DESIGNS[design][2] else np.concatenate([[1.0], x.to_numpy()])
        assert float(ahead["mean"].sel(asset=asset)) == pytest.approx(row @ b, rel=1e-5, abs=1e-8)
        if name != "fixed":
            assert float(model.next_["observation_variance"].sel(asset=asset)) == pytest.approx(variance, rel=1e-5)


@pytest.mark.parametrize("design", ["twins", "sum", "near twins", "units"])
@pytest.mark.parametrize("name", KALMAN)
def test_predictions_are_those_without_the_superfluous_factor(name: str, design: str) -> None:
    model, r, f = fitted(name, design)
    alone = MODELS[name](True).fit(r, f.drop(columns="t"))
    settled = slice(280, None)
    together, other = model.innovations_, alone.innovations_
    scale = float(np.sqrt(other.innovation_variance.median()))
    gap = np.abs(together.innovation - other.innovation).isel(date=settled) / scale
    drops = name == "fixed"  # the same hyper-parameters, and no learned level that starts later
    assert float(gap.max()) < (1e-6 if drops else 0.05)
    ratio = (together.innovation_variance / other.innovation_variance).isel(date=settled)
    assert float(np.abs(ratio - 1.0).max()) < (1e-6 if drops else 0.2)
    kept = [name for name in ("alpha", "b", "c") if name not in DESIGNS[design][1]]
    a, b = (each.next_["mean"].sel(factor=kept) for each in (model, alone))
    deviation = np.sqrt(alone.loadings_.filtered_variance.isel(date=-1).sel(factor=kept))
    assert float((np.abs(a - b) / (deviation + 1e-9)).max()) < (1e-3 if drops else 0.3)


@pytest.mark.parametrize("name", MODELS)
def test_forecasts_off_the_sample_are_nan(name: str) -> None:
    model, _, f = fitted(name, "twins")
    scenarios = pd.DataFrame([f.iloc[-1], f.iloc[-1].where(f.columns != "t", 0.5)], index=["on", "off"])
    ahead = model.predict(scenarios)
    assert np.isfinite(ahead["mean"].sel(scenario="on")).all()
    assert ahead["mean"].sel(scenario="off").isnull().all()
    assert ahead["variance"].sel(scenario="off").isnull().all()
    parts = model.contributions(*panel("twins"))
    known = parts["contribution"].isel(date=-1).sel(asset="A")
    assert np.isnan(known.sel(factor=["a", "t"])).all()
    assert np.isfinite(known.sel(factor=["alpha", "b", "c", "residual"])).all()
    assert float(known.sel(factor="residual")) == pytest.approx(
        float(model.innovations_.innovation.sel(asset="A")[-1]), rel=1e-9
    )
    assert np.isfinite(model.fit_quality_["r_squared_one_step"]).all()


@pytest.mark.parametrize("design", ["twins", "late constant", "separating"])
@pytest.mark.parametrize("name", [name for name in MODELS if name != "reverting"])
def test_continuing_equals_one_fit(name: str, design: str, tmp_path: Any) -> None:
    if design == "separating":
        r, f = panel("twins")
        f = f.assign(t=np.where(np.arange(T) < 250, f.a, noise(8)))
    else:
        r, f = panel(design)
    cut = f.index[229]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatefolioWarning)
        whole = MODELS[name](True).fit(r, f, tune_until=cut)
        part = MODELS[name](True).fit(r.loc[:cut], f.loc[:cut], tune_until=cut)
        early, ahead = part.loadings_, part.next_
        part.save(tmp_path / "model")
        loaded = type(part).load(tmp_path / "model")
        later = slice(f.index[230], None)
        for each in (part, loaded, pickle.loads(pickle.dumps(whole))):
            if each is not whole and each.last_date_ == cut:
                assert np.array_equal(each.next_["mean"], ahead["mean"], equal_nan=True)
                each.partial_fit(r.loc[later], f.loc[later])
            for name_ in ("filtered", "filtered_variance", "predicted", "predicted_variance"):
                np.testing.assert_array_equal(
                    each.loadings_[name_].sel(date=later), whole.loadings_[name_].sel(date=later), err_msg=name_
                )
            np.testing.assert_array_equal(
                each.innovations_.innovation.sel(date=later), whole.innovations_.innovation.sel(date=later)
            )
            np.testing.assert_array_equal(each.next_["covariance"], whole.next_["covariance"])
    np.testing.assert_array_equal(early.filtered, whole.loadings_.filtered.sel(date=slice(None, cut)))
    if design == "separating":
        last = whole.loadings_.sel(asset="A").isel(date=-1)
        assert np.isfinite(last.filtered).all()
        at = whole.loadings_.filtered.sel(asset="A", factor="t").isel(date=slice(245, 255))
        assert np.isnan(at[:4]).all()
        if name != "rolling":
            assert np.isfinite(at[6:]).all()
            assert np.isnan(whole.innovations_.innovation.sel(asset="A")[250])


def test_separated_factors_are_those_of_a_start_that_waited() -> None:
    """Once factors separate, the filter is the exact diffuse one: least squares over all dates."""
    r, f = panel("twins")
    f = f.assign(t=np.where(np.arange(T) < 250, f.a, noise(8)))
    with pytest.warns(StatefolioWarning, match="collinear on some dates"):
        model, least_squares = given(True).fit(r, f), sf.StaticLoadings().fit(r, f)
    for t in (251, 300, T - 1):
        np.testing.assert_allclose(model.loadings_.filtered[t], least_squares.loadings_.filtered[t], rtol=1e-8)


@pytest.mark.parametrize("name", ["fixed", "reverting"])
def test_smoothed_loadings_and_covariances(name: str) -> None:
    model, r, f = fitted(name, "late constant")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatefolioWarning)
        smoothed, spread = model.smooth(r, f), model.covariances(r, f)["filtered_covariance"]
    nan = np.isnan(model.next_["mean"])
    np.testing.assert_array_equal(np.isnan(smoothed["smoothed"].isel(date=-1)), nan)
    np.testing.assert_allclose(smoothed["smoothed"].isel(date=-1), model.loadings_.filtered.isel(date=-1))
    assert np.isfinite(smoothed["smoothed"].sel(asset="A")[20:]).all()
    if name == "fixed":
        variance = spread.isel(date=-1).to_numpy()[:, range(5), range(5)]
        np.testing.assert_array_equal(variance, model.loadings_.filtered_variance.isel(date=-1))


def test_condition_numbers_of_nearly_collinear_factors() -> None:
    f, (r, _) = base(), panel("twins")
    for size, said in (
        (1e-5, "nearly collinear .condition number 2.2e.05."),
        (1e-10, r"collinear .condition number 2.2e.10."),
    ):
        with pytest.warns(StatefolioWarning, match=said):
            model = sf.StaticLoadings().fit(r, f.assign(t=f.a + size * noise()))
        assert np.isnan(model.next_["mean"].sel(factor="t")).all() == (size < 1e-7)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sf.StaticLoadings().fit(r, f.assign(t=f.a + 1e-3 * noise()))


def test_too_few_dates_say_how_many_are_needed() -> None:
    r, f = panel("twins")
    few = patience_of(5) - 1
    with pytest.warns(StatefolioWarning, match="collinear"):
        model = sf.KalmanLoadings().fit(r.iloc[:few, :1], f.iloc[:few])
    assert np.isnan(model.next_["mean"]).all()
    assert f"5 observations on dates that tell the factors apart, or {few + 1} where" in model.parameters_.reason["A"]


def test_given_starts_are_labelled() -> None:
    r, f = panel("twins")
    model = sf.KalmanLoadings(tuning="fixed", state_variance=0.0, observation_variance=1e-4, start=(0.0, 1.0), **EXACT)
    with pytest.warns(StatefolioWarning, match="'a', 't' are collinear"):
        model.fit(r, f)
    assert np.isfinite(model.next_["mean"]).all()
    assert "loadings on 'a', 't' told apart by the given start alone" in model.parameters_.reason["A"]


def test_mean_reverting_loadings_tuned_before_factors_separate() -> None:
    r, f = panel("twins")
    f = f.assign(t=np.where(np.arange(T) < 250, f.a, noise(8)))
    with pytest.warns(StatefolioWarning) as raised:
        sf.KalmanLoadings("mean_reverting").fit(r, f, tune_until=f.index[200])
    assert "collinear ones that separate later" in str(raised[0].message)
    assert "condition number infinite for 'A'" in str(raised[1].message)
