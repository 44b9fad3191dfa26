import numpy as np
import pandas as pd
import pytest

from statefolio.diagnostics import diagnose_estimation
from statefolio.exceptions import InputError, StatefolioWarning
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import StaticLoadings

pytestmark = pytest.mark.filterwarnings("ignore:returns should allow a diagnosis")  # tested where it is the subject


def test_precise_constant_loadings(sectored):
    returns, factors, _ = sectored
    diagnosis = diagnose_estimation(StaticLoadings(), returns, factors)
    summary = diagnosis.summary()
    assert list(summary.index) == [
        "standard errors of the model",
        "block bootstrap",
        "split-half agreement",
        "shrinkage wanted",
    ]
    assert not summary.rejected.any()
    assert summary.p_value.isna().all()
    np.testing.assert_allclose(summary.statistic.iloc[:2].to_numpy(dtype=float), 1.0, atol=0.12)
    assert summary.statistic.loc["split-half agreement"] > 0.9
    assert summary.statistic.loc["shrinkage wanted"] < 0.1
    halves = diagnosis["split-half agreement"].table
    assert (halves.xs("market", level="factor").p_value == 1 / 200).all()


def test_equal_loadings_are_noise(sectored):
    returns, factors, _ = sectored
    rng = np.random.default_rng(5)
    noise = rng.standard_t(5, returns.shape) * 0.01
    equal = pd.DataFrame(factors.to_numpy().sum(axis=1)[:, None] + noise, returns.index, returns.columns)
    diagnosis = diagnose_estimation(None, equal, factors)
    assert diagnosis["split-half agreement"].rejected
    assert "mostly noise" in diagnosis["split-half agreement"].verdict
    assert diagnosis["shrinkage wanted"].rejected
    assert diagnosis["shrinkage wanted"].statistic > 0.9


def test_a_model_with_too_narrow_bands(sectored):
    returns, factors, _ = sectored
    sure = KalmanLoadings(
        tuning="fixed", state_variance=0.0, observation_variance=1e-6, noise="constant", tails="gaussian"
    )
    finding = diagnose_estimation(sure, returns, factors)["standard errors of the model"]
    assert finding.rejected
    assert finding.statistic < 0.3


def test_dependence_that_classical_errors_miss(sectored):
    _, factors, _ = sectored
    rng = np.random.default_rng(6)
    wild = 5.0 * np.abs(factors[["market"]].to_numpy()) * rng.standard_normal((400, 20))
    returns = pd.DataFrame(wild, factors.index, [f"W{i}" for i in range(20)])
    finding = diagnose_estimation(None, returns, factors)["block bootstrap"]
    assert finding.rejected
    assert "most for 'market'" in finding.verdict


def test_one_asset_and_short_histories(returns, factors):
    with pytest.warns(StatefolioWarning, match=r"'A3' \(0 returns, fewer than the 60 needed\)"):
        diagnosis = diagnose_estimation(StaticLoadings(), returns[["A0", "A3"]], factors)
    assert list(diagnosis.excluded.index) == ["A3"]
    assert diagnosis["split-half agreement"].rejected is None
    assert diagnosis["shrinkage wanted"].rejected is None
    assert np.isfinite(diagnosis["block bootstrap"].table).all(axis=None)
    with pytest.raises(InputError, match="at least 10 blocks, got 100, which gives 3 blocks of 260 dates"):
        diagnose_estimation(None, returns, factors, block_length=100)


def test_order_of_assets(returns, factors):
    first = diagnose_estimation(None, returns, factors).summary()
    other = diagnose_estimation(None, returns[returns.columns[::-1]], factors).summary()
    np.testing.assert_allclose(other.statistic.to_numpy(dtype=float), first.statistic.to_numpy(dtype=float), rtol=1e-9)


@pytest.mark.filterwarnings("ignore:returns should be adjusted for splits, got 2 moves")  # DISCA, DISCK
@pytest.mark.filterwarnings("ignore:returns should not jump and return, got 1 large moves")  # LNT
def test_real_stocks(stocks):
    returns, factors, _ = stocks
    diagnosis = diagnose_estimation(None, returns, factors)
    assert not diagnosis["shrinkage wanted"].rejected
    assert diagnosis["split-half agreement"].statistic > 0.5
    errors = diagnosis["block bootstrap"].table
    assert np.isfinite(errors).all(axis=None)
    ratio = (errors.bootstrap / errors.newey_west).groupby("factor").median()
    np.testing.assert_allclose(ratio, 1.0, atol=0.15)
