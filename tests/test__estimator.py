import pandas as pd
import pytest
from sklearn import base
from sklearn.linear_model import Ridge

import statefolio as sf
from statefolio._estimator import clone

GROUPS = pd.Series({"AAPL": "technology"})
PROGRESS = print
ESTIMATORS = [
    sf.RollingLoadings(window=60),
    sf.KalmanLoadings(tuning="fixed", start=([0.0], [[1.0]]), progress=PROGRESS),
    sf.risk.FactorRisk(sf.StaticLoadings(intercept=False), groups=GROUPS, uncertainty=False),
    sf.pairs.KalmanHedge(logs=True),
    Ridge(alpha=2.0),
]


def described(estimator):
    options = estimator.get_params(deep=True)
    return {
        name: (type(value), repr(value) if not hasattr(value, "get_params") else "") for name, value in options.items()
    }


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda each: type(each).__name__)
def test_a_clone_is_that_of_scikit_learn(estimator):
    estimator.learned_ = 1.0
    ours, theirs = clone(estimator), base.clone(estimator)
    assert type(ours) is type(estimator)
    assert ours is not estimator
    assert described(ours) == described(theirs) == described(estimator)
    assert not hasattr(ours, "learned_")


def test_options_are_copied_and_estimators_in_them_cloned():
    inner = sf.RollingLoadings(window=60)
    inner.learned_ = 1.0
    risk = clone(sf.risk.FactorRisk(inner, groups=GROUPS))
    assert risk.groups is not GROUPS
    assert risk.loadings is not inner
    assert not hasattr(risk.loadings, "learned_")
    assert clone(sf.KalmanLoadings(progress=PROGRESS)).progress is PROGRESS


def test_what_is_no_estimator_is_refused():
    for each in (1.0, [1.0], sf.KalmanLoadings):
        with pytest.raises(TypeError):
            clone(each)
