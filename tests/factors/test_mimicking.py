import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from statefolio.data import load_demo
from statefolio.exceptions import InputError, StatefolioWarning
from statefolio.factors.mimicking import mimicking_portfolios
from statefolio.factors.surprise_returns import surprise_factors
from statefolio.factors.surprises import find_surprises


def made(rows=400, seed=2):
    """Six base assets, one listed late, one with a gap; a factor they explain in part, with holes."""
    rng = np.random.default_rng(seed)
    dates = pd.bdate_range("2015-01-01", periods=rows)
    x = rng.normal(0, 0.01, (rows, 6))
    y = x[:, :3] @ [1.0, -0.5, 2.0] + rng.normal(0, 0.01, rows)
    y[rng.random(rows) < 0.1] = np.nan
    x[:150, 4] = np.nan
    x[320:322, 5] = np.nan
    return pd.DataFrame({"growth": y}, dates), pd.DataFrame(x, dates, list("ABCDEF"))


@pytest.mark.parametrize("window", [None, 200])
@pytest.mark.parametrize("unit", [True, False])
def test_equals_least_squares_of_the_past_at_every_estimate(window, unit):
    factors, base = made()
    found = mimicking_portfolios(factors, base, minimum=100, every=7, window=window, unit_exposure=unit)
    first = int(found.r_squared["growth"].notna().argmax())
    joined = False
    for t in range(first, 400, 7):
        start = 0 if window is None else t - window if t > window else 0
        y, x = factors["growth"].iloc[start:t], base.iloc[start:t]
        enough = x[y.notna()].notna().sum() >= 100
        joined |= bool(enough["E"])
        x = x.loc[:, enough]
        ok = y.notna() & x.notna().all(axis=1)
        X = np.column_stack([np.ones(ok.sum()), x[ok]])
        b = np.linalg.solve(X.T @ X, X.T @ y[ok])[1:]
        fitted = x[ok] @ b
        r_squared = np.corrcoef(fitted, y[ok])[0, 1] ** 2
        assert found.r_squared["growth"].iloc[t] == pytest.approx(r_squared, abs=1e-10)
        if unit:
            b = b / np.polyfit(y[ok], fitted, 1)[0]
            assert np.polyfit(y[ok], x[ok] @ b, 1)[0] == pytest.approx(1.0)
        expected = pd.Series(b, x.columns).reindex(base.columns).fillna(0.0)
        for held in range(t, min(t + 7, 400)):
            weights = found.weights["weight"].isel(date=held, factor=0)
            np.testing.assert_allclose(weights, expected, atol=1e-10)
            earned = found.factors.returns["growth"].iloc[held]
            by_hand = (expected[expected != 0.0] * base.iloc[held][expected != 0.0]).sum(skipna=False)
            np.testing.assert_allclose(earned, by_hand, atol=1e-12)
    assert joined
    assert found.factors.returns["growth"].isna().to_numpy()[first:].nonzero()[0].tolist() == [320 - first, 321 - first]


def test_full_sample_projection_is_ordinary_least_squares():
    """On stable data the last estimate is close to plain OLS of the whole sample."""
    factors, base = made(3000)
    found = mimicking_portfolios(factors, base, unit_exposure=False)
    ok = factors["growth"].notna() & base.notna().all(axis=1)
    X = np.column_stack([np.ones(ok.sum()), base[ok]])
    plain = np.linalg.lstsq(X, factors["growth"][ok], rcond=None)[0][1:]
    np.testing.assert_allclose(found.weights["weight"][-1, :, 0], plain, atol=0.01)
    portfolio = found.factors.returns["growth"]
    both = portfolio.notna() & ok
    of_plain = (base[both] @ plain).corr(factors["growth"][both])
    assert portfolio[both].corr(factors["growth"][both]) == pytest.approx(of_plain, abs=0.01)


def test_ridge_is_that_of_scikit_learn():
    factors, base = made()
    found = mimicking_portfolios(factors, base[list("ABCD")], minimum=100, every=1, ridge=0.3, unit_exposure=False)
    y = factors["growth"].iloc[:-1]
    x = base.loc[y.index, list("ABCD")][y.notna()]
    spread = np.sqrt(((x - x.mean()) ** 2).sum())
    peer = Ridge(alpha=0.3).fit(x / spread, y.dropna())
    np.testing.assert_allclose(found.weights["weight"][-1, :, 0], peer.coef_ / spread, atol=1e-10)


def test_the_future_changes_nothing():
    factors, base = made()
    options = {"minimum": 100, "every": 5}
    whole = mimicking_portfolios(factors, base, **options)
    cut = mimicking_portfolios(factors[:300], base[:300], **options)
    np.testing.assert_array_equal(whole.weights["weight"][:300], cut.weights["weight"])
    other = base.copy()
    other.iloc[300:] *= -5.0
    moved = mimicking_portfolios(factors, other, **options)
    pd.testing.assert_frame_equal(moved.factors.returns[:300], whole.factors.returns[:300], check_exact=True)


def test_scaling_the_factor_scales_the_projection_and_permuting_assets_permutes():
    factors, base = made()
    order = list("FBDACE")
    plain = mimicking_portfolios(factors, base, minimum=100).weights["weight"]
    moved = mimicking_portfolios(3.0 * factors, base[order], minimum=100).weights["weight"]
    np.testing.assert_allclose(moved.sel(asset=list("ABCDEF")), 3.0 * plain, atol=1e-10)


def test_volatility_surprises_followed_by_real_stocks(shared):
    macro = pd.read_parquet(shared / "macro_daily_1985_2015.parquet").loc["2004":]
    prices = pd.read_parquet(shared / "chan_etf_adjclose_2002_2016.parquet")
    returns = prices[["SPY", "TLT", "GLD", "HYG", "XLE"]].pct_change(fill_method=None).iloc[1:].loc["2005":"2015"]
    news = find_surprises(macro[["VIX"]], transform="log difference", every=21)
    found = mimicking_portfolios(surprise_factors(news, returns.index, quiet=np.nan), returns)
    portfolio = found.factors.returns["VIX"]
    surprises = surprise_factors(news, returns.index).returns["VIX"]
    assert portfolio["2007":].corr(surprises["2007":]) > 0.7
    assert (found.weights["weight"].sel(asset="SPY").dropna("date") < 0).all()
    assert np.polyfit(surprises["2008":], portfolio["2008":], 1)[0] == pytest.approx(1.0, abs=0.3)
    assert found.factors.notes[0].startswith("'VIX': a portfolio from 2006")


def test_a_factor_that_nothing_explains_is_called_weak():
    demo = load_demo()
    noise = pd.DataFrame({"noise": np.random.default_rng(0).normal(size=len(demo.returns))}, demo.returns.index)
    found = mimicking_portfolios(noise, demo.factors, window=1000, minimum=1000, every=100)
    assert found.factors.notes[0].endswith(", weak.")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"minimum": 500}, "'growth' must have 500 dates with base assets"),
        ({"minimum": 100, "window": 50}, "window must be .* of at least 100 or None, got 50"),
        ({"minimum": 2}, "minimum must be .* got 2"),
        ({"every": 0}, "every must be .* got 0"),
        ({"ridge": -1.0}, "ridge must be .* got -1.0"),
    ],
)
def test_invalid_input_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        mimicking_portfolios(*made(), **options)


def test_other_dates_and_constant_factors_are_refused():
    factors, base = made()
    with pytest.raises(InputError, match="dates in common"):
        mimicking_portfolios(factors.set_axis(factors.index.shift(5000)), base)
    with pytest.raises(InputError, match=r"'growth' must have .* got 400 dates"):
        mimicking_portfolios(0.0 * factors.fillna(0.0), base)
    with pytest.warns(StatefolioWarning, match="percent, it seems"):
        mimicking_portfolios(factors, 100.0 * base, minimum=100)


def test_a_delisted_asset_leaves_the_portfolio():
    factors, base = made()
    base.loc[base.index[200:], "A"] = np.nan
    found = mimicking_portfolios(factors, base, minimum=100, every=7)
    late = base.index[230:320]
    assert (found.weights["weight"].sel(asset="A", date=late) == 0.0).all()
    assert found.factors.returns.loc[late, "growth"].notna().all()
    without = mimicking_portfolios(factors, base.drop(columns="A"), minimum=100, every=7)
    pd.testing.assert_frame_equal(found.factors.returns.loc[late], without.factors.returns.loc[late])
    with pytest.raises(InputError, match=r"ridge must be .* got 'a'"):
        mimicking_portfolios(factors, base, ridge="a")


@pytest.mark.parametrize("ridge", [0.0, 0.5])
def test_the_portfolios_slope_on_the_factor_is_one_where_it_was_estimated(ridge):
    factors, base = made()
    base = base[list("ABCD")]
    found = mimicking_portfolios(factors, base, minimum=100, every=300, ridge=ridge)
    first = int(found.r_squared["growth"].notna().argmax())
    y = factors["growth"].iloc[:first].dropna()
    held = base.loc[y.index] @ found.weights["weight"].isel(date=first, factor=0).to_numpy()
    assert np.polyfit(y, held, 1)[0] == pytest.approx(1.0, rel=1e-10)


def test_an_asset_that_comes_back_is_seen_the_date_after():
    factors, base = made()
    base.loc[base.index[200:], "A"] = np.nan
    gone = mimicking_portfolios(factors, base, minimum=100, every=7).weights["weight"]
    for back in range(203, 225):
        again = base.copy()
        again.iloc[back:, 0] = 0.01
        found = mimicking_portfolios(factors, again, minimum=100, every=7).weights["weight"]
        np.testing.assert_array_equal(found[: back + 1], gone[: back + 1])
