import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import DataTypeError, InputError, UnknownNameError
from statefolio.risk.weights import dated_weights, weights_of

ASSETS = pd.Index(["A", "B", "C"])
EXCLUDED = pd.DataFrame({"reason": ["3 returns were observed, 14 are needed"]}, index=["X"])
DATES = pd.date_range("2020-01-01", periods=3)


def test_order_and_those_not_named():
    np.testing.assert_array_equal(weights_of({"C": 0.4, "A": 0.6}, ASSETS, EXCLUDED, 1.0), [0.6, 0.0, 0.4])
    np.testing.assert_array_equal(weights_of(pd.Series({"B": 1, "X": 0}), ASSETS, EXCLUDED), [0.0, 1.0, 0.0])


@pytest.mark.parametrize(
    ("weights", "expected_sum", "error", "message"),
    [
        ({"Q": 0.5}, None, UnknownNameError, "'Q'.*lacks"),
        ({"Q": 0.0}, None, UnknownNameError, "'Q'"),
        ({"X": 0.5}, None, UnknownNameError, "'X'.*3 returns were observed"),
        ({"A": np.nan}, None, InputError, "'A'.*NaN"),
        ({"A": np.inf}, None, InputError, "infinite"),
        ({"A": 0.5, "B": 0.4}, 1.0, InputError, "sum to 0.9; 1 was expected"),
        (pd.Series([0.5, 0.5], ["A", "A"]), None, InputError, "'A' twice"),
        ([0.5, 0.5, 0.0], None, DataTypeError, "list"),
        ({"A": "half"}, None, DataTypeError, "no number"),
        ({"A": 0.5}, "1", DataTypeError, "expected_sum='1'"),
        ({"A": 0.5}, np.nan, InputError, "sum to 0.5; nan was expected"),
    ],
)
def test_weights_that_cannot_be_used(weights, expected_sum, error, message):
    with pytest.raises(error, match=message):
        weights_of(weights, ASSETS, EXCLUDED, expected_sum)


def test_dated_weights():
    observed = np.zeros((3, 3))
    same = dated_weights({"B": 0.5}, DATES, ASSETS, observed)
    np.testing.assert_array_equal(same, np.tile([0.0, 0.5, 0.0], (3, 1)))
    frame = pd.DataFrame({"C": [1.0, 2, 3, 4], "A": 0.5}, index=pd.date_range("2019-12-31", periods=4))
    np.testing.assert_array_equal(dated_weights(frame, DATES, ASSETS, observed)[:, 2], [2.0, 3.0, 4.0])


def test_dated_weights_that_cannot_be_used():
    observed = np.zeros((3, 3))
    observed[1, 1] = np.nan
    frame = pd.DataFrame({"A": 1.0}, index=DATES)
    with pytest.raises(InputError, match=r"lack 1 dates of returns .first: 2020-01-03"):
        dated_weights(frame.iloc[:2], DATES, ASSETS, observed)
    with pytest.raises(InputError, match="'A' are NaN on some dates"):
        dated_weights(frame.reindex(DATES[:2]).reindex(DATES), DATES, ASSETS, observed)
    with pytest.raises(UnknownNameError, match="'Q'"):
        dated_weights(frame.rename(columns={"A": "Q"}), DATES, ASSETS, observed)
    with pytest.raises(InputError, match="'B' on 2020-01-02"):
        dated_weights({"A": 1.0, "B": 0.1}, DATES, ASSETS, observed)
    np.testing.assert_array_equal(dated_weights({"A": 1.0}, DATES, ASSETS, observed)[:, 0], 1.0)
