"""Every public function gives its plain answer for the same data in another form, or a StatefolioError."""

import warnings

import numpy as np
import pandas as pd
import pytest

from statefolio.diagnostics import diagnose_collinearity, diagnose_estimation, diagnose_specification
from statefolio.exceptions import StatefolioError, StatefolioWarning
from statefolio.loadings.least_squares import RollingLoadings, StaticLoadings
from statefolio.risk import FactorRisk, ResidualFactors, SectorBlocks, attribute_return, attribute_risk
from statefolio.validation import clark_west, diebold_mariano, model_confidence_set, score_loadings, validate_risk

SCALES = (1e-12, 1e-6, 1e6, 1e12)


def _relabel(make):
    return lambda r, f: (r.set_axis(make(r.columns), axis=1), f)


def _relabel_factors(make):
    return lambda r, f: (r, f.set_axis(make(f.columns), axis=1))


def _tuples(names):
    return pd.Index([(name, 1) for name in names], tupleize_cols=False)


SAME = {
    "named": lambda r, f: (r.rename_axis(index="Date", columns="ticker"), f.rename_axis(index="Date", columns="name")),
    "named as results are": lambda r, f: (r.rename_axis(index="asset", columns="asset"), f.rename_axis("factor")),
    "integers": _relabel(lambda names: range(len(names))),
    "dates": _relabel(lambda names: pd.date_range("2020", periods=len(names))),
    "categories": _relabel(pd.CategoricalIndex),
    "strings": _relabel(lambda names: pd.Index(names, dtype="string")),
    "tuples": _relabel(_tuples),
    "factors integers": _relabel_factors(lambda names: range(len(names))),
    "factors categories": _relabel_factors(pd.CategoricalIndex),
    "factors tuples": _relabel_factors(_tuples),
    "levels": _relabel(lambda names: pd.MultiIndex.from_tuples([(name, 1) for name in names])),
    "objects": lambda r, f: (r.astype(object), f.astype(object)),
    "nullable": lambda r, f: (r.astype("Float64"), f.astype("Float64")),
    "single precision": lambda r, f: (r.astype(np.float32), f.astype(np.float32)),
    "newest first": lambda r, f: (r.iloc[::-1], f.iloc[::-1]),
    "dates as text": lambda r, f: (r.set_axis(r.index.strftime("%Y-%m-%d")), f.set_axis(f.index.strftime("%Y-%m-%d"))),
}
OTHER = {
    "one asset": lambda r, f: (r.iloc[:, :1], f),
    "one factor": lambda r, f: (r, f.iloc[:, :1]),
    "one date": lambda r, f: (r.iloc[-1:], f.iloc[-1:]),
    "ten dates": lambda r, f: (r.iloc[-10:], f.iloc[-10:]),
    "seventy dates": lambda r, f: (r.iloc[-70:], f.iloc[-70:]),
    "an asset twice": lambda r, f: (r.assign(again=r.iloc[:, 0]), f),
    "a name twice": lambda r, f: (pd.concat([r, r.iloc[:, :1]], axis=1), f),
    "near twins": lambda r, f: (r.assign(near=r.iloc[:, 0] * (1.0 + 1e-9)), f),
    "a factor's twin": lambda r, f: (r.assign(fund=f.iloc[:, 0]), f),
    "cash": lambda r, f: (r.assign(cash=0.0), f),
    "an asset named as a factor": lambda r, f: (r, f.set_axis([r.columns[0], "other"], axis=1)),
    "collinear factors": lambda r, f: (r, f.assign(again=f.iloc[:, 0])),
    "nearly collinear factors": lambda r, f: (r, f.assign(again=f.iloc[:, 0] + 1e-9 * f.iloc[::-1, 1].to_numpy())),
}


def _model():
    """Unfitted: a fitted model would be diagnosed as it is."""
    return RollingLoadings(60)


def _weights(r):
    return pd.Series(np.arange(1.0, r.shape[1] + 1.0), index=r.columns)


def _risk(r, f):
    return FactorRisk(_model(), residual_structure=None).fit(r, f)


def _numbers(table):
    return table.select_dtypes("number").to_numpy(dtype=np.float64)


CALLS = {
    "FactorRisk": (2, lambda r, f: _risk(r, f).covariance_.dense()),
    "SectorBlocks": (
        2,
        lambda r, f: (
            FactorRisk(_model(), residual_structure=SectorBlocks(pd.Series("a", index=r.columns)))
            .fit(r, f)
            .covariance_.dense()
        ),
    ),
    "portfolio_volatility": (1, lambda r, f: _risk(r, f).portfolio_volatility(_weights(r))),
    "portfolio_volatility of a mapping": (1, lambda r, f: _risk(r, f).portfolio_volatility(dict(_weights(r)))),
    "attribute_risk": (1, lambda r, f: attribute_risk(_risk(r, f), _weights(r).rename_axis("x"))["contribution"]),
    "attribute_return": (
        1,
        lambda r, f: attribute_return(_model().fit(r, f), _weights(r), r, f)["contribution"].sum("date"),
    ),
    "attribute_return of dated weights": (
        1,
        lambda r, f: attribute_return(_model().fit(r, f), r * 0.0 + 1.0, r, f)["contribution"].sum("date"),
    ),
    "fit_quality_": (0, lambda r, f: _model().fit(r, f).fit_quality_.filter(like="r_squared")),
    "score_loadings": (
        2,
        lambda r, f: score_loadings({"a": _model(), "b": StaticLoadings()}, r, f, "2015-01-15")["error_variance"],
    ),
    "validate_risk": (0, lambda r, f: _numbers(_validated(r, f).summary()[["bias", "coverage_95%"]])),
    "diagnose_collinearity": (0, lambda r, f: diagnose_collinearity(_model(), r, f).summary()["statistic"].iloc[:2]),
    "diagnose_specification": (0, lambda r, f: _numbers(diagnose_specification(_model(), r, f).summary())),
    "diagnose_estimation": (0, lambda r, f: diagnose_estimation(_model(), r, f).summary()["statistic"]),
}


def _validated(r, f):
    return validate_risk(FactorRisk(_model(), residual_structure=None), r, f, "2015-01-15", random_portfolios=5)


@pytest.fixture(scope="module")
def panel(demo):
    returns, factors = demo.returns.iloc[:320, :6], demo.factors.iloc[:320, :2]
    return returns.rename_axis(index=None, columns=None), factors.rename_axis(index=None, columns=None)


@pytest.fixture(scope="module")
def plain(panel):
    return {name: np.asarray(call(*panel), dtype=np.float64) for name, (_, call) in CALLS.items()}


def ask(call, returns, factors):
    """Return the answer, or None where the input is refused; anything else raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatefolioWarning)
        try:
            return np.asarray(call(returns, factors), dtype=np.float64)
        except StatefolioError:
            return None


@pytest.mark.parametrize("form", SAME)
@pytest.mark.parametrize("name", CALLS)
def test_the_same_data_in_another_form(panel, plain, name, form):
    found = ask(CALLS[name][1], *SAME[form](*panel))
    if found is not None:
        exact = 1e-6 if name == "diagnose_specification" else 1e-10  # its bootstrap is in single precision
        rtol = 1e-4 if form == "single precision" else exact
        np.testing.assert_allclose(found, plain[name], rtol=rtol, atol=rtol * np.nanmax(np.abs(plain[name])))


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", CALLS)
def test_other_units(panel, plain, name, scale):
    returns, factors = panel
    power, call = CALLS[name]
    found = ask(call, returns * scale, factors * scale)
    assert found is not None
    rtol = 1e-6 if name == "diagnose_specification" else 1e-8
    np.testing.assert_allclose(found / scale**power, plain[name], rtol=rtol, atol=1e-9 * np.nanmax(np.abs(plain[name])))


@pytest.mark.parametrize("case", OTHER)
@pytest.mark.parametrize("name", CALLS)
def test_odd_panels_give_an_answer_or_a_statefolio_error(panel, name, case):
    ask(CALLS[name][1], *OTHER[case](*panel))


@pytest.mark.parametrize("case", ["an asset twice", "near twins", "a factor's twin", "cash"])
def test_an_odd_asset_does_not_change_the_others(panel, case):
    returns, factors = panel
    model = _model()
    plain = FactorRisk(model, residual_structure=None, idiosyncratic="model").fit(returns, factors)
    odd, _ = OTHER[case](returns, factors)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatefolioWarning)
        risk = FactorRisk(model, residual_structure=None, idiosyncratic="model").fit(odd, factors)
    found = risk.covariance_frame().loc[returns.columns, returns.columns]
    np.testing.assert_allclose(found, plain.covariance_.dense(), rtol=1e-9)


@pytest.mark.parametrize("test", [diebold_mariano, clark_west])
def test_tests_of_losses(test):
    x = np.random.default_rng(0).normal(0.1, 1.0, 300)
    plain = test(x).p_value
    forms = [pd.Series(x).rename_axis("d"), list(x), x.astype(object), pd.Series(x, dtype="Float64")]
    for form in [*forms, *(x * scale for scale in (1e-170, 1e-12, 1e12, 1e200))]:
        assert test(form).p_value == pytest.approx(plain, rel=1e-10)
    scaled = test(1e200 * x)
    assert scaled.difference == pytest.approx(1e200 * x.mean(), rel=1e-12)
    assert test(np.append(x, np.inf)).reason == "the losses are infinite on 1 dates"
    assert "fewer than the 20 needed" in test(x[:5]).reason
    with pytest.raises(StatefolioError, match="losses must be numbers"):
        test(["a"] * 30)


def test_confidence_sets():
    losses = pd.DataFrame(np.random.default_rng(1).normal(size=(200, 3)), columns=list("abc"))
    plain = model_confidence_set(losses, replications=50)["p_value"].to_numpy()
    forms = [losses.rename_axis(columns="m"), losses.set_axis(_tuples("abc"), axis=1), losses.astype(object)]
    forms += [losses.set_axis(pd.CategoricalIndex(list("abc")), axis=1), losses * 1e-12, losses * 1e12]
    for form in forms:
        np.testing.assert_allclose(model_confidence_set(form, replications=50)["p_value"], plain)
    for bad in (losses.to_numpy(), losses.assign(a=np.inf), losses.assign(a="x"), losses.set_axis(list("aab"), axis=1)):
        with pytest.raises(StatefolioError, match="losses must"):
            model_confidence_set(bad, replications=50)


LABELS = {
    "text": ["a", "b"],
    "integers": [1, 2],
    "tuples": [("a", 1), ("b", 2)],
    "categories": pd.Categorical(["a", "b"]),
    "nullable": pd.array([1, 2], dtype="Int64"),
}


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("use", [lambda g: {"groups": g}, lambda g: {"residual_structure": SectorBlocks(g)}])
def test_labels_of_groups_do_not_matter(panel, labels, use):
    returns, factors = panel
    plain = pd.Series(["a", "b"] * 3, index=returns.columns)
    values = pd.Series(LABELS[labels]).reindex([0, 1] * 3).to_numpy()
    given = pd.Series(values, index=pd.CategoricalIndex(returns.columns, name="stock"))
    expected, found = (
        FactorRisk(_model(), **{"residual_structure": None, **use(groups)}).fit(returns, factors)
        for groups in (plain, given)
    )
    assert not np.allclose(expected.covariance_.dense(), _risk(returns, factors).covariance_.dense(), rtol=1e-3)
    np.testing.assert_array_equal(found.covariance_.dense(), expected.covariance_.dense())


def test_few_dates_are_warned_of(panel):
    returns, factors = panel
    with pytest.warns(StatefolioWarning, match="test_from must leave at least 20 dates.*got 7"):
        score_loadings({"a": _model()}, returns, factors, returns.index[-7])
    with pytest.warns(StatefolioWarning, match="forecasts must leave at least 20 dates.*got 7"):
        validate_risk(FactorRisk(_model()), returns, factors, returns.index[-7], random_portfolios=2)


def test_few_residuals_have_no_factors():
    z = pd.DataFrame(np.random.default_rng(3).normal(size=(5, 4)))
    assert (ResidualFactors(count=1).fit(z).loadings_ == 0.0).all(axis=None)


def test_collinear_factors_are_refused_with_their_condition_number(panel):
    data = returns, factors = OTHER["nearly collinear factors"](*panel)
    for refused in (lambda: FactorRisk(_model()).fit(returns, factors), lambda: diagnose_specification(None, *data)):
        with (
            pytest.warns(StatefolioWarning, match="'market', 'again' are collinear .condition number 4.8e.09"),
            pytest.raises(StatefolioError, match="condition number"),
        ):
            refused()
