import numpy as np
import pandas as pd
import pytest

from statefolio.diagnostics import diagnose_collinearity
from statefolio.exceptions import InputError
from statefolio.loadings.kalman_loadings import KalmanLoadings

NAMES = ["variance inflation", "condition number", "variance decomposition", "unidentified combination"]


def model():
    return KalmanLoadings(tuning="fixed", state_variance=0.0, noise="constant", tails="gaussian")


def test_identified_factors(returns, factors):
    diagnosis = diagnose_collinearity(model(), returns, factors, window=100)
    assert list(diagnosis.summary().index) == NAMES
    assert not diagnosis.summary().rejected.any()
    assert diagnosis.summary().p_value.isna().all()
    assert diagnosis["variance inflation"].table.shape == (8, 2)
    assert diagnosis["variance inflation"].table.index[-1] == factors.index[-1]


def test_a_blend_is_found_and_named(returns, factors):
    rng = np.random.default_rng(3)
    blend = factors["market"] - factors["size"] + 1e-4 * rng.standard_normal(len(factors))
    diagnosis = diagnose_collinearity(model(), returns, factors.assign(blend=blend, own=rng.normal(0, 0.01, 260)))
    assert diagnosis.summary().rejected.all()
    assert "standard error of +0.7" in diagnosis["unidentified combination"].verdict
    combination = diagnosis["unidentified combination"].table.iloc[0]
    expected = pd.Series({"market": 1.0, "size": -1.0, "blend": -np.sqrt(2.0), "own": 0.0}) / 2.0
    signed = combination[expected.index] * np.sign(combination["market"])
    np.testing.assert_allclose(signed.to_numpy(dtype=float), expected, atol=0.06)
    assert combination["share"] > 0.9
    shares = diagnosis["variance decomposition"].table.iloc[-1]
    assert (shares[["market", "size", "blend"]] > 0.95).all()
    assert shares["own"] < 0.5
    assert "'own'" not in diagnosis["variance decomposition"].verdict


def test_a_collinear_window(returns, factors):
    late = factors.copy()
    late.iloc[130:, 1] = late.iloc[130:, 0] * 1.5
    table = diagnose_collinearity(None, returns, late, window=60, step=20)["variance inflation"].table
    assert np.isinf(table.iloc[-1]).all()
    assert (table.loc[: factors.index[130]] < 2.0).all(axis=None)


def test_a_constant_factor_and_a_copied_one(returns, factors):
    found = diagnose_collinearity(None, returns, factors.assign(still=0.01))
    assert np.isinf(found["variance inflation"].statistic)
    assert "'still'" in found["variance inflation"].verdict
    copied = diagnose_collinearity(None, returns, factors.assign(copy=factors["size"]))
    assert np.isinf(copied["condition number"].statistic)
    assert copied["variance decomposition"].rejected


def test_one_factor(returns, factors):
    diagnosis = diagnose_collinearity(model(), returns, factors[["market"]])
    assert diagnosis["variance inflation"].statistic == pytest.approx(1.0)
    assert diagnosis["unidentified combination"].rejected is None


def test_more_factors_than_dates(returns, factors):
    rng = np.random.default_rng(4)
    many = pd.DataFrame(rng.normal(0, 0.01, (20, 25)), factors.index[:20])
    with pytest.raises(InputError, match=r"more dates than loadings .26., got 20 dates"):
        diagnose_collinearity(None, returns.iloc[:20], many)
    with pytest.raises(InputError, match=r"window must have more dates than loadings .3., got 3"):
        diagnose_collinearity(None, returns, factors, window=3)


def test_factors_may_have_any_name(returns, factors):
    names = ["condition_number", "share"]
    found = diagnose_collinearity(model(), returns, factors.set_axis(names, axis=1), window=100)
    expected = diagnose_collinearity(model(), returns, factors, window=100)
    np.testing.assert_array_equal(found.summary().statistic, expected.summary().statistic)
    assert list(found["variance inflation"].table) == names
    np.testing.assert_array_equal(found["condition number"].table, expected["condition number"].table)
    np.testing.assert_array_equal(found["unidentified combination"].table, expected["unidentified combination"].table)


def test_the_worst_combination_is_by_standard_errors(returns, factors):
    """With one variance the covariance is a multiple of (X'X)^-1: the errors' ratio is that of its roots."""
    factors = factors.assign(size=factors["market"] + 0.2 * factors["size"])
    ratio = diagnose_collinearity(model(), returns[["A0"]], factors)["unidentified combination"].statistic
    X = factors[returns["A0"].notna()].to_numpy()
    X = np.column_stack([np.ones(len(X)), X])
    scaled = np.linalg.inv(X.T @ X)[1:, 1:] * np.outer(*[factors.to_numpy().std(axis=0)] * 2)
    values = np.linalg.eigvalsh(scaled)
    assert ratio == pytest.approx(np.sqrt(values[-1] / values[0]), rel=1e-3)
