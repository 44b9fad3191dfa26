import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import DataTypeError, InputError, UnknownNameError
from statefolio.risk.weights import dated_weights, match_weights

ASSETS = pd.Index(["A", "B", "C"])
EXCLUDED = pd.DataFrame({"reason": ["3 returns were observed, 14 are needed"]}, index=["X"])
DATES = pd.date_range("2020-01-01", periods=3)


def test_order_and_unnamed_assets():
    np.testing.assert_array_equal(match_weights({"C": 0.4, "A": 0.6}, ASSETS, EXCLUDED, 1.0), [0.6, 0.0, 0.4])
    np.testing.assert_array_equal(match_weights(pd.Series({"B": 1, "X": 0}), ASSETS, EXCLUDED), [0.0, 1.0, 0.0])


@pytest.mark.parametrize(
    ("weights", "expected_sum", "error", "message"),
    [
        ({"Q": 0.5}, None, UnknownNameError, "assets of the covariance, got 'Q'"),
        ({"Q": 0.0}, None, UnknownNameError, "'Q'"),
        ({"X": 0.5}, None, UnknownNameError, "'X'.*3 returns were observed"),
        ({"A": np.nan}, None, InputError, "NaN or infinite values for 'A'"),
        ({"A": np.inf}, None, InputError, "infinite"),
        ({"A": 0.5, "B": 0.4}, 1.0, InputError, "sum to 1, got a sum of 0.9"),
        (pd.Series([0.5, 0.5], ["A", "A"]), None, InputError, "'A' twice"),
        ([0.5, 0.5, 0.0], None, DataTypeError, "weights must be a Series or a mapping"),
        ({"A": "half"}, None, DataTypeError, "must hold numbers"),
        ({"A": 0.5}, "1", DataTypeError, "expected_sum must be a number or None, got '1'"),
        ({"A": 0.5}, np.nan, InputError, "sum to nan, got a sum of 0.5"),
    ],
)
def test_weights_that_cannot_be_used(weights, expected_sum, error, message):
    with pytest.raises(error, match=message):
        match_weights(weights, ASSETS, EXCLUDED, expected_sum)


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
    with pytest.raises(InputError, match=r"every date of returns, got 1 missing .first: 2020-01-03"):
        dated_weights(frame.iloc[:2], DATES, ASSETS, observed)
    with pytest.raises(InputError, match="on all dates, got NaN for 'A'"):
        dated_weights(frame.reindex(DATES[:2]).reindex(DATES), DATES, ASSETS, observed)
    with pytest.raises(UnknownNameError, match="'Q'"):
        dated_weights(frame.rename(columns={"A": "Q"}), DATES, ASSETS, observed)
    with pytest.raises(InputError, match="'B' on 2020-01-02"):
        dated_weights({"A": 1.0, "B": 0.1}, DATES, ASSETS, observed)
    np.testing.assert_array_equal(dated_weights({"A": 1.0}, DATES, ASSETS, observed)[:, 0], 1.0)
