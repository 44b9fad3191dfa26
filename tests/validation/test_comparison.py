import numpy as np
import pytest

from statefolio.exceptions import InputError, UnknownNameError
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import RollingLoadings, StaticLoadings
from statefolio.validation.comparison import compare_nested, compare_pairs, compare_with, nested_pairs
from statefolio.validation.equal_accuracy import clark_west, diebold_mariano
from statefolio.validation.losses import LOSSES, adjustment_series, date_series


def test_every_other_model_against_the_benchmark(validation):
    table = compare_with(validation.losses, "static").set_index(["loss", "model"])
    assert len(table) == 2 * len(LOSSES)
    assert (table.benchmark == "static").all()
    series = date_series(validation.losses, "qlike")
    expected = diebold_mariano(series["kalman"] - series["static"])
    row = table.loc[("qlike", "kalman")]
    assert row.p_value == expected.p_value
    assert row.difference == expected.difference == pytest.approx((series["kalman"] - series["static"]).mean())
    assert compare_with(validation.losses, "static", lags=3).lags.eq(3).all()


def test_all_pairs_are_tested_once(validation):
    table = compare_pairs(validation.losses)
    assert list(table[table.loss == "qlike"][["model", "benchmark"]].itertuples(index=False, name=None)) == [
        ("rolling", "static"),
        ("rolling", "kalman"),
        ("static", "kalman"),
    ]
    against = compare_with(validation.losses, "kalman").set_index(["loss", "model"])
    both = table[table.benchmark == "kalman"].set_index(["loss", "model"])
    np.testing.assert_array_equal(both.p_value, against.loc[both.index].p_value)


def test_nested_models(validation):
    table = compare_nested(validation.losses, [("static", "kalman")]).iloc[0]
    expected = clark_west(adjustment_series(validation.losses, "static", "kalman"))
    assert (table.adjusted, table.p_value) == (expected.difference, expected.p_value)
    means = date_series(validation.losses, "squared_error").mean()
    assert table.difference == pytest.approx(means["kalman"] - means["static"])
    assert table.adjusted > -table.difference
    assert list(compare_nested(validation.losses, []).columns) == list(table.index)


def test_which_models_nest():
    found = {
        "static": StaticLoadings(),
        "bare": StaticLoadings(intercept=False),
        "rolling": RollingLoadings(100),
        "rolling bare": RollingLoadings(100, intercept=False),
        "shorter bare": RollingLoadings(50, intercept=False),
        "kalman": KalmanLoadings(),
        "kalman bare": KalmanLoadings(intercept=False),
    }
    assert set(nested_pairs(found)) == {
        ("bare", "static"),
        ("rolling bare", "rolling"),
        ("kalman bare", "kalman"),
        ("static", "kalman"),
        ("bare", "kalman"),
        ("bare", "kalman bare"),
    }
    assert nested_pairs(found, None) == []
    assert nested_pairs(found, [["static", "rolling"]]) == [("static", "rolling")]
    for wrong in ("all", ["static"], [("static", "static")], 5):
        with pytest.raises(InputError, match="nested"):
            nested_pairs(found, wrong)
    with pytest.raises(UnknownNameError, match="'other'"):
        nested_pairs(found, [("static", "other")])
