import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.portfolio.policies.model_key import model_key
from statefolio.risk.factor_risk import FactorRisk


def equal_pairs():
    groups = pd.Series(["a", "b"], index=["x", "y"])
    frame = pd.DataFrame(np.eye(2), index=["m", "s"], columns=["m", "s"])
    return [
        (FactorRisk(), FactorRisk()),
        (
            FactorRisk(KalmanLoadings(memory=0.97), groups=groups),
            FactorRisk(KalmanLoadings(memory=0.97), groups=groups.copy()),
        ),
        (FactorRisk(factor_covariance=frame), FactorRisk(factor_covariance=frame.copy())),
        ({"a": [1, (2.5, None)]}, {"a": [1, (2.5, None)]}),
        (np.arange(3), np.arange(3)),
        ({1, 2}, {2, 1}),
        (pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-01")),
        (float("nan"), float("nan")),
    ]


@pytest.mark.parametrize(("one", "other"), equal_pairs())
def test_equal_values_have_equal_keys(one, other):
    assert model_key(one) == model_key(other)
    assert hash(model_key(one)) == hash(model_key(other))


def different_pairs():
    groups = pd.Series(["a", "b"], index=["x", "y"])
    return [
        (FactorRisk(), FactorRisk(uncertainty=False)),
        (FactorRisk(KalmanLoadings()), FactorRisk(KalmanLoadings(tails="gaussian"))),
        (FactorRisk(), KalmanLoadings()),
        (FactorRisk(groups=groups), FactorRisk(groups=groups.rename({"y": "z"}))),
        (FactorRisk(groups=groups), FactorRisk(groups=pd.Series(["a", "c"], index=["x", "y"]))),
        (pd.DataFrame({"a": [1.0]}), pd.DataFrame({"b": [1.0]})),
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (1, True),
        (1, "1"),
        (object(), object()),
        (int, float),
    ]


@pytest.mark.parametrize(("one", "other"), different_pairs())
def test_different_values_have_different_keys(one, other):
    assert model_key(one) != model_key(other)


def test_a_clone_has_the_key_of_its_model():
    model = FactorRisk(KalmanLoadings(dynamics="random_walk"), factor_mean="zero")
    assert model_key(clone(model)) == model_key(model)


def test_other_objects_equal_only_themselves():
    thing = object()
    assert model_key(thing) == model_key(thing)
