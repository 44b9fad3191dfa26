import numpy as np
import pandas as pd
import pytest

from statefolio.diagnostics import diagnose_specification
from statefolio.diagnostics.blocks import critical_value, p_value
from statefolio.exceptions import DataTypeError, InputError, StatefolioWarning
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import StaticLoadings

pytestmark = pytest.mark.filterwarnings("ignore:returns should allow a diagnosis")  # tested where it is the subject

NAMES = [
    "largest residual eigenvalue",
    "mean absolute residual correlation",
    "first residual component",
    "Gibbons-Ross-Shanken",
    "mean squared t of the alphas",
]
FIXED = KalmanLoadings(tuning="fixed", state_variance=1e-5, noise="constant", tails="gaussian")


@pytest.mark.parametrize("model", [None, StaticLoadings(), FIXED])
def test_a_sector_left_out_is_found(sectored, model):
    returns, factors, sectors = sectored
    diagnosis = diagnose_specification(model, returns, factors, sectors)
    summary = diagnosis.summary()
    assert list(summary.index) == NAMES
    assert summary.rejected.tolist() == [True, True, True, False, False]
    assert diagnosis[NAMES[0]].p_value == 1 / 60
    assert diagnosis[NAMES[2]].table.index[0] == "oil"
    assert "oil (+0." in diagnosis[NAMES[2]].verdict
    assert "rejects 5% of sound models" in diagnosis[NAMES[0]].verdict
    assert diagnosis.excluded.empty


def test_the_hidden_factor_given_nothing_is_found(sectored):
    returns, factors, sectors = sectored
    oil = returns[[name for name in returns if sectors[name] == "oil"]]
    others = returns.drop(columns=oil.columns)
    summary = diagnose_specification(None, others, factors, sectors).summary()
    assert not summary.rejected.any()
    assert summary.notna().all(axis=None)


def test_seed_and_scale_and_order(sectored):
    returns, factors, sectors = sectored
    first = diagnose_specification(None, returns, factors, sectors, seed=3).summary()
    again = diagnose_specification(None, returns, factors, sectors, seed=3).summary()
    pd.testing.assert_frame_equal(first, again)
    other = diagnose_specification(None, 2.0 * returns[returns.columns[::-1]], factors, sectors).summary()
    np.testing.assert_allclose(other.statistic.to_numpy(dtype=float), first.statistic.to_numpy(dtype=float), rtol=1e-4)


def test_excluded_assets_are_named(returns, factors):
    returns = returns.assign(still=0.001, market=factors["market"])
    with pytest.warns(StatefolioWarning, match=r"left out: .*'A3' \(0 returns, fewer than the 60 needed\)"):
        diagnosis = diagnose_specification(StaticLoadings(), returns, factors)
    reasons = diagnosis.excluded["reason"]
    assert reasons["A3"] == "0 returns, fewer than the 60 needed"
    assert reasons["A4"] == "2 returns, fewer than the 60 needed"
    assert reasons["still"] == "returns do not vary"
    assert reasons["market"] == "the factors explain it exactly"
    assert reasons["A1"].endswith("innovations after the first 60, fewer than the 60 needed")
    assert set(reasons.index) == {"A1", "A2", "A3", "A4", "still", "market"}
    table = diagnosis["mean absolute residual correlation"].table
    assert "A1" not in table.index
    assert np.isfinite(table).all(axis=None)
    assert "A1" in diagnosis["mean squared t of the alphas"].table.index


def test_more_assets_than_shared_dates(returns, factors):
    finding = diagnose_specification(None, returns, factors)["Gibbons-Ross-Shanken"]
    assert finding.rejected is None
    assert np.isnan(finding.statistic)
    assert "cannot be computed: 38 assets share" in finding.verdict


def test_one_asset(returns, factors):
    diagnosis = diagnose_specification(None, returns[["A0"]], factors, {"A0": "tech"})
    assert [finding.rejected for finding in diagnosis.findings[:3]] == [None] * 3
    assert 0.0 < diagnosis["Gibbons-Ross-Shanken"].p_value <= 1.0


def test_invalid_input(returns, factors):
    with pytest.raises(InputError, match="at least one asset that can be diagnosed with 3 loadings"):
        diagnose_specification(None, returns.iloc[:40], factors)
    with pytest.raises(InputError, match=r"level must be a finite number above 0 and below 1, got 1\.5"):
        diagnose_specification(None, returns, factors, level=1.5)
    with pytest.raises(InputError, match="replications must be a whole number of at least 19, got 10"):
        diagnose_specification(None, returns, factors, replications=10)
    with pytest.raises(InputError, match="'innovations' or 'least_squares'"):
        diagnose_specification(None, returns, factors, residuals="raw")
    with pytest.raises(DataTypeError, match="mapping or Series from asset to sector"):
        diagnose_specification(None, returns, factors, ["tech"])
    with pytest.raises(DataTypeError, match="model must be a model of loadings, got 'kalman'"):
        diagnose_specification("kalman", returns, factors)
    model = StaticLoadings().fit(returns, factors)
    model.partial_fit(returns.set_axis(returns.index + pd.Timedelta(days=900)), factors.shift(900, freq="D"))
    with pytest.raises(InputError, match="dates in common with the model's results"):
        diagnose_specification(model, returns, factors)


@pytest.mark.filterwarnings("ignore:returns should be adjusted for splits, got 2 moves")  # DISCA, DISCK
@pytest.mark.filterwarnings("ignore:returns should not jump and return, got 1 large moves")  # LNT
def test_real_stocks(stocks):
    returns, factors, sectors = stocks
    diagnosis = diagnose_specification(FIXED, returns, factors, sectors)
    assert diagnosis["largest residual eigenvalue"].rejected
    assert diagnosis["first residual component"].p_value == 0.001
    assert diagnosis["first residual component"].table.mean_loading.abs().idxmax() in ("Utilities", "Real Estate")


@pytest.mark.parametrize(("level", "replications"), [(0.05, 59), (0.05, 19), (0.1, 999), (0.07, 99)])
def test_the_critical_value_agrees_with_the_p_value(level, replications):
    null = np.random.default_rng(9).standard_normal(replications)
    limit = critical_value(null, level)
    for statistic in np.concatenate([null, null + 1e-9, null - 1e-9]):
        assert (statistic > limit) == (p_value(statistic, null) <= level)


def test_invalid_seed(returns, factors):
    with pytest.raises(InputError, match=r"seed must be .* got 'a'"):
        diagnose_specification(None, returns, factors, seed="a")
