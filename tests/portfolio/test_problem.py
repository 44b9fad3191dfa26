"""A problem is consistent, or raises an error that names the argument."""

import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import InputError
from statefolio.portfolio.constraints import Constraints
from statefolio.portfolio.problem import Problem, add
from statefolio.risk.low_rank import LowRankCovariance


def problem(**changes):
    given = {
        "assets": pd.Index(["a", "b"]),
        "covariance": LowRankCovariance(np.ones((2, 1)), np.full((1, 1), 1e-4), np.full(2, 1e-4)),
        "factors": pd.Index(["MKT"]),
        "previous": np.zeros(2),
        "constraints": Constraints(),
        "trade_cost": np.zeros(2),
    }
    return Problem(**(given | changes))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"mean": np.zeros(3)}, "mean"),
        ({"mean": np.array([0.0, np.nan])}, "mean"),
        ({"previous": np.array([np.inf, 0.0])}, "previous"),
        ({"trade_cost": np.array([0.0, -1e-3])}, "trade_cost"),
        ({"holding_period": 0.0}, "holding_period"),
        ({"loading_variance": np.zeros((2, 2))}, "loading_variance"),
        ({"assets": pd.Index(["a"]), "previous": np.zeros(1), "trade_cost": np.zeros(1)}, "covariance"),
    ],
)
def test_inconsistent_arguments_are_named(changes, named):
    with pytest.raises(InputError, match=named):
        problem(**changes)


def test_risk_adds_the_covariance_of_the_mean():
    doubt = LowRankCovariance(np.array([[1.0], [2.0]]), np.full((1, 1), 3e-5), np.full(2, 1e-6))
    given = problem(mean_covariance=doubt)
    np.testing.assert_allclose(given.risk.dense(), given.covariance.dense() + doubt.dense(), rtol=1e-14)
    month = problem(mean_covariance=doubt, holding_period=21.0)
    np.testing.assert_allclose(month.risk.dense(), given.covariance.dense() + 21.0 * doubt.dense(), rtol=1e-14)
    np.testing.assert_allclose(add(doubt, doubt).dense(), 2.0 * doubt.dense(), rtol=1e-14)
