from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from skfolio.containers import AssetPanel, FieldCategorical
from skfolio.descriptor import Passthrough
from skfolio.factor_exposure import FixedWeightedFactor, GlobalFactor, OneHotCategoricalFactors
from skfolio.prior import CharacteristicsFactorModel

from statefolio.adapters.characteristic import characteristic_factors, from_skfolio
from statefolio.data import load_stocks_and_index, to_returns
from statefolio.exceptions import DataTypeError, InputError, NotFittedError, StatefolioWarning
from statefolio.factors.characteristics_of_prices import price_exposures

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def simulated(dates=30, assets=50, seed=5):
    """Returns, two numbers and a category known the day before; gaps, late listings and missing exposures."""
    rng = np.random.default_rng(seed)
    index = pd.bdate_range("2021-01-04", periods=dates)
    names = [f"A{i}" for i in range(assets)]
    returns = pd.DataFrame(rng.normal(0, 0.02, (dates, assets)), index, names)
    size, value = (pd.DataFrame(rng.normal(size=(dates, assets)), index, names) for _ in range(2))
    caps = pd.DataFrame(np.exp(rng.normal(3, 1, (dates, assets))), index, names)
    sector = pd.Series(np.array(["tech", "bank", "oil"])[np.arange(assets) % 3], names)
    returns = returns.mask(rng.random(returns.shape) < 0.05)
    returns.iloc[:12, 3] = np.nan
    value = value.mask(rng.random(value.shape) < 0.05)
    sector["A7"] = None
    return returns, {"size": size, "value": value, "sector": sector}, caps


def one_date(returns, exposures, caps, t):
    """Weighted least squares of date t by NumPy, sectors constrained to a weighted mean of zero by a multiplier."""
    listed = returns.iloc[:t].notna().any().to_numpy()  # on t - 1
    used_before = listed & caps.iloc[t - 1].notna().to_numpy()
    observed = used_before & returns.iloc[t - 1].notna().to_numpy()
    benchmark = np.where(observed, caps.iloc[t - 1], 0.0)
    columns = []
    for name in ("size", "value"):
        x = exposures[name].iloc[t - 1].to_numpy()
        known = observed & np.isfinite(x)
        low, high = np.quantile(x[known], [0.01, 0.99])
        x = np.clip(x, low, high)
        mean = np.average(x[known], weights=benchmark[known])
        columns.append((x - mean) / np.sqrt(((x[known] - mean) ** 2).sum() / (known.sum() - 1)))
    levels = ["bank", "oil", "tech"]
    dummies = np.column_stack([(exposures["sector"] == level).to_numpy(dtype=float) for level in levels])
    has = used_before & exposures["sector"].notna().to_numpy()
    share = np.array([benchmark[has & (dummies[:, j] == 1)].sum() for j in range(3)])
    X = np.column_stack([np.ones(len(dummies)), dummies, *columns])
    r = returns.iloc[t].to_numpy()
    ok = has & np.isfinite(X).all(axis=1) & np.isfinite(r)
    w = np.sqrt(caps.iloc[t - 1].to_numpy()[ok])
    XtWX = (X[ok] * w[:, None]).T @ X[ok]
    constraint = np.r_[0.0, share / share.sum(), 0.0, 0.0]
    system = np.block([[XtWX, constraint[:, None]], [constraint[None], np.zeros((1, 1))]])
    return np.linalg.solve(system, np.r_[(X[ok] * w[:, None]).T @ r[ok], 0.0])[:-1], X


def test_a_date_is_weighted_least_squares():
    returns, exposures, caps = simulated()
    found = characteristic_factors(returns, exposures, market_cap=caps, minimum_assets=20)
    assert list(found.returns.columns) == ["market", "bank", "oil", "tech", "size", "value"]
    assert set(found.kinds) == {"characteristic"}
    for date in found.returns.index[[0, 5, -1]]:
        expected, X = one_date(returns, exposures, caps, returns.index.get_loc(date))
        np.testing.assert_allclose(found.returns.loc[date], expected, rtol=0, atol=1e-10)
        used = found.exposures["exposure"].sel(date=date).to_numpy()
        seen = np.isfinite(used)
        np.testing.assert_allclose(used[seen], X[seen], rtol=0, atol=1e-10)
    assert found.returns.index.equals(returns.index[2:])
    assert found.exposures.indexes["date"].equals(found.returns.index)
    np.testing.assert_array_equal(found.exposures["next_exposure"].sel(factor="oil", asset=["A1", "A2"]), [0.0, 1.0])


def skfolio_fit(returns, exposures, lag=1):
    """The same model written for skfolio alone."""
    levels = ["bank", "oil", "tech"]
    active = returns.notna().cummax().to_numpy()
    codes = np.tile(pd.Categorical(exposures["sector"], levels).codes, (len(returns), 1))
    fields = {"returns": returns.to_numpy(), "sector": FieldCategorical(np.where(active, codes, -1), levels=levels)}
    fields |= {name: np.where(active, exposures[name].to_numpy(), np.nan) for name in ("size", "value")}
    panel = AssetPanel(fields, returns.index.to_numpy(), np.array(returns.columns), active_mask=active)
    factors = [("market", GlobalFactor()), ("sector", OneHotCategoricalFactors("sector", family="sector"))]
    factors += [(n, FixedWeightedFactor(descriptors=[(n, Passthrough(n))])) for n in ("size", "value")]
    model = CharacteristicsFactorModel(
        factors=factors,
        constrained_families=[("sector", None)],
        exposure_lag=lag,
        benchmark_mcap_power=0.0,
        regression_mcap_power=0.0,
        min_regression_assets=20,
    )
    return model.fit(characteristics=panel)


@pytest.mark.parametrize("lag", [1, 3])
def test_factor_returns_are_those_of_skfolio(lag):
    returns, exposures, _ = simulated(120)
    peer = skfolio_fit(returns, exposures, lag)
    found = characteristic_factors(returns, exposures, lag=lag, minimum_assets=20)
    expected = peer.factor_model_.factor_returns_df.iloc[lag:]
    np.testing.assert_allclose(found.returns, expected[found.returns.columns], rtol=0, atol=1e-14)
    same = from_skfolio(peer)
    pd.testing.assert_frame_equal(same.returns, found.returns, atol=1e-14, rtol=0, check_freq=False)
    np.testing.assert_allclose(same.exposures["exposure"], found.exposures["exposure"], atol=1e-14)
    fitted = np.einsum("tnk,tk->tn", found.exposures["exposure"], found.returns)
    residual = returns.loc[found.returns.index].to_numpy() - fitted
    np.testing.assert_allclose(residual, peer.factor_model_.idio_returns[lag:], atol=1e-14)


def test_the_future_and_its_exposures_change_nothing():
    returns, exposures, caps = simulated(60)
    whole = characteristic_factors(returns, exposures, market_cap=caps, minimum_assets=20)
    until = returns.index[39]

    def cut(table):
        return table if isinstance(table, pd.Series) else table[:until]

    early = characteristic_factors(
        cut(returns), {name: cut(x) for name, x in exposures.items()}, market_cap=cut(caps), minimum_assets=20
    )
    pd.testing.assert_frame_equal(whole.returns[:until], early.returns, rtol=0, atol=1e-15, check_freq=False)
    np.testing.assert_allclose(early.exposures["next_exposure"], whole.exposures["exposure"].isel(date=38), atol=1e-15)
    changed = {name: x.copy() for name, x in exposures.items()}
    changed["size"].loc[until:] += np.random.default_rng(0).normal(size=changed["size"].loc[until:].shape)
    other = characteristic_factors(returns, changed, market_cap=caps, minimum_assets=20)
    same = np.isclose(other.returns, whole.returns, rtol=0, atol=1e-15).all(axis=1)
    assert same[:38].all()
    assert whole.returns.index[37] == until
    assert not same[38:].any()


def test_permuting_assets_changes_nothing_and_scaling_returns_scales():
    returns, exposures, caps = simulated()
    base = characteristic_factors(returns, exposures, market_cap=caps, minimum_assets=20)
    order = np.random.default_rng(1).permutation(returns.columns)
    other = characteristic_factors(0.5 * returns[order], exposures, market_cap=caps, minimum_assets=20)
    np.testing.assert_allclose(2.0 * other.returns, base.returns, atol=1e-12)


def test_a_data_array_is_a_mapping_of_frames():
    returns, exposures, _ = simulated()
    numbers = {name: exposures[name] for name in ("size", "value")}
    array = xr.DataArray(
        np.stack([x.to_numpy() for x in numbers.values()]),
        {"factor": list(numbers), "date": returns.index, "asset": list(returns)},
        ("factor", "date", "asset"),
    )
    base = characteristic_factors(returns, numbers, minimum_assets=20).returns
    pd.testing.assert_frame_equal(characteristic_factors(returns, array, minimum_assets=20).returns, base)
    whole = array.to_dataset(name="exposure")
    pd.testing.assert_frame_equal(characteristic_factors(returns, whole, minimum_assets=20).returns, base)
    parts = array.to_dataset(dim="factor")
    pd.testing.assert_frame_equal(characteristic_factors(returns, parts, minimum_assets=20).returns, base)


def test_monthly_exposures_are_joined_as_of_and_only_when_asked():
    returns, exposures, _ = simulated(60)
    monthly = {name: exposures[name].iloc[::20] for name in ("size", "value")}
    with pytest.raises(InputError, match=r"exposure 'size' must have .* got none on 57 dates .first: 2021-01-05"):
        characteristic_factors(returns, monthly, minimum_assets=20)
    found = characteristic_factors(returns, monthly, as_of=40, minimum_assets=20)
    daily = {name: x.reindex(returns.index).copy() for name, x in monthly.items()}
    for x in daily.values():
        for row in range(60):
            x.iloc[row] = x.iloc[20 * (row // 20)]
    expected = characteristic_factors(returns, daily, minimum_assets=20)
    pd.testing.assert_frame_equal(found.returns, expected.returns)
    with pytest.raises(InputError, match=r"must have 20 assets .* after the first regression"):
        characteristic_factors(returns, monthly, as_of=10, minimum_assets=20)


def test_without_standardisation_or_intercept_exposures_are_used_as_they_are():
    returns, exposures, _ = simulated()
    found = characteristic_factors(
        returns, {"value": exposures["value"]}, intercept=None, standardise=False, minimum_assets=20
    )
    date, before = returns.index[10], returns.index[9]
    x, r = exposures["value"].loc[before], returns.loc[date]
    ok = x.notna() & r.notna() & returns[:before].notna().any()
    assert found.returns.loc[date, "value"] == pytest.approx((x[ok] @ r[ok]) / (x[ok] @ x[ok]), abs=1e-14)


def test_bundled_stocks_characteristics_from_prices():
    prices = (1.0 + load_stocks_and_index().returns.iloc[-700:]).cumprod()
    returns = to_returns(prices)
    found = characteristic_factors(returns, price_exposures(prices), minimum_assets=15)
    assert list(found.returns.columns) == ["market", "momentum", "volatility", "beta"]
    assert found.returns["market"].corr(returns.mean(axis=1)) > 0.999
    assert found.notes == ("the first 253 dates have no factor returns: exposures known before them are missing.",)


@pytest.mark.filterwarnings("ignore:returns should be adjusted for splits, got 2 moves")  # DISCA, DISCK
@pytest.mark.filterwarnings("ignore:returns should not jump and return, got 1 large moves")  # LNT
def test_five_hundred_real_stocks_with_sectors():
    if not SHARED.is_dir():
        pytest.skip("the folder shared/data is not beside the project: tests on those files are skipped")
    prices = pd.read_parquet(SHARED / "sp500_close_2013_2018.parquet")
    volume = pd.read_parquet(SHARED / "sp500_dollarvolume_2013_2018.parquet")
    sectors = pd.read_csv(SHARED / "sp500_sector_map.csv").set_index("symbol")["sector"]
    returns = prices.pct_change(fill_method=None).iloc[1:].astype(float)
    found = characteristic_factors(returns, price_exposures(prices, volume, sectors))
    assert found.returns.shape == (1005, 16)
    assert found.returns.notna().all(axis=None)
    assert found.notes[1].startswith("59 assets never have every exposure")
    french = pd.read_parquet(SHARED / "ff5_mom_daily.parquet").reindex(found.returns.index)
    assert found.returns["market"].corr(french["Mkt-RF"]) > 0.95
    assert found.returns["beta"].corr(french["Mkt-RF"]) > 0.5
    assert found.returns["momentum"].corr(french["MOM"]) > 0.6
    assert found.returns["Energy"].std() == found.returns.iloc[:, 1:].std().max()
    fitted = np.einsum("tnk,tk->tn", found.exposures["exposure"], found.returns)
    residual = returns.loc[found.returns.index].to_numpy() - fitted
    known = np.isfinite(residual)
    assert known.sum(axis=1).min() > 400
    explained = 1.0 - np.nanvar(residual) / np.var(returns.loc[found.returns.index].to_numpy()[known])
    assert 0.25 < explained < 0.6


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"lag": 0}, InputError, r"lag must be .* of at least 1, got 0"),
        ({"as_of": -1}, InputError, "as_of must be .* got -1"),
        ({"minimum_assets": "some"}, InputError, "minimum_assets must be .* got 'some'"),
        ({"minimum_assets": 0}, InputError, "minimum_assets must be .* got 0"),
        ({"exposures": {}}, DataTypeError, "exposures must be .* got a dict"),
        ({"exposures": "size"}, DataTypeError, "exposures must be .* got 'size'"),
        ({"exposures": {"size": "dropped"}}, InputError, "'size' must have values"),
        ({"exposures": {"size": "elsewhere"}}, InputError, r"exposure 'size' must have assets in common .* got 'B0'"),
        ({"exposures": {"size": "later"}}, InputError, "got none on 30 dates"),
        (
            {"exposures": {"size": "same for all"}},
            InputError,
            "'size' must differ .* the same for every asset on every date",
        ),
        ({"exposures": {"size": "good", "again": "good"}}, InputError, "collinear across assets on 28 dates"),
        ({"exposures": {"market": "good"}}, InputError, "must name each factor once, got 'market' twice"),
        ({"exposures": {"alpha": "good"}}, InputError, "got 'alpha', a name reserved"),
        ({"returns": "one asset"}, InputError, r"a date with 20 assets .* got none .at most 1 assets"),
        ({"returns": "nothing"}, InputError, "a date with 20 assets"),
        ({"returns": "a holiday"}, InputError, r"must have 20 assets .* got 1 dates with fewer .*2021-01-18"),
        ({"minimum_assets": None, "returns": "few"}, InputError, "a date with 30 assets"),
        ({"market_cap": 0.0}, InputError, "market_cap must be positive .* got 1500 values at or below zero"),
    ],
)
def test_invalid_input_is_refused(change, error, message):
    returns, exposures, caps = simulated()
    x = exposures["size"]
    of = {
        "good": x,
        "dropped": x * np.nan,
        "elsewhere": x.set_axis([f"B{i}" for i in range(50)], axis=1),
        "later": x.set_axis(x.index.shift(1000)),
        "same for all": 0.0 * x + 1.0,
        "one asset": returns[["A0"]],
        "nothing": returns * np.nan,
        "a holiday": returns.drop(returns.index[10]).reindex(returns.index),
        "few": returns.iloc[:, :25],
    }
    arguments = {"returns": returns, "exposures": exposures, "minimum_assets": 20} | change
    if isinstance(arguments["exposures"], dict):
        arguments["exposures"] = {n: of[v] if isinstance(v, str) else v for n, v in arguments["exposures"].items()}
    if isinstance(arguments["returns"], str):
        arguments["returns"] = of[arguments["returns"]]
    if "market_cap" in arguments:
        arguments["market_cap"] = 0.0 * caps
    with pytest.raises(error, match=message):
        characteristic_factors(**arguments)


def test_a_category_without_members_is_refused_with_its_date():
    returns, exposures, _ = simulated()
    sector = pd.DataFrame([exposures["sector"]] * 30, index=returns.index)
    sector.iloc[15] = sector.iloc[15].replace("oil", "bank")
    with pytest.raises(InputError, match=r"category without a member .first: 2021-01-26"):
        characteristic_factors(returns, exposures | {"sector": sector}, minimum_assets=20)


def test_percent_warns():
    returns, exposures, _ = simulated()
    with pytest.warns(StatefolioWarning, match="percent, it seems"):
        characteristic_factors(100.0 * returns, exposures, minimum_assets=20)


def test_only_a_fitted_model_of_skfolio_is_taken():
    with pytest.raises(NotFittedError, match="must be fitted"):
        from_skfolio(CharacteristicsFactorModel(factors=[("market", GlobalFactor())]))
    with pytest.raises(DataTypeError, match=r"model must be .* got a dict"):
        from_skfolio({})
