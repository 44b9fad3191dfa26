"""Contradictory constraints raise an error that names them."""

import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import DataTypeError, InputError, UnknownNameError
from statefolio.portfolio.constraints import Constraints

GROUPS = pd.Series({"a": "x", "b": "y"})


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"lower": 0.2, "upper": 0.1}, "lower"),
        ({"lower": np.nan}, "lower"),
        ({"upper": pd.Series({"a": np.nan})}, "upper"),
        ({"upper": -np.inf}, "upper"),
        ({"net": (1.0, 0.5)}, "net"),
        ({"net": np.nan}, "net"),
        ({"gross": -1.0}, "gross"),
        ({"gross": 0.5}, "gross"),
        ({"net": (None, -1.0), "gross": 0.5}, "gross"),
        ({"groups": GROUPS, "group_limits": {"x": (0.5, 0.1)}}, "group_limits\\['x'\\]"),
        ({"group_limits": {"x": (0.0, 0.1)}}, "groups"),
        ({"factor_limits": {"MKT": (0.5, 0.1)}}, "factor_limits\\['MKT'\\]"),
        ({"factor_limits": {"MKT": 0.5}}, "factor_limits\\['MKT'\\]"),
        ({"exposure_confidence": 95.0}, "exposure_confidence"),
        ({"turnover": -0.1}, "turnover"),
        ({"daily_turnover": np.nan}, "daily_turnover"),
        ({"max_holdings": 0}, "max_holdings"),
        ({"max_holdings": 2.5}, "max_holdings"),
        ({"volume_share": -1.0}, "volume_share"),
        ({"no_trade_band": -0.01}, "no_trade_band"),
        ({"no_trade_band": None}, "no_trade_band"),
        ({"lower": True}, "lower"),
        ({"upper": {"a": True}}, "upper"),
        ({"upper": pd.Series([0.1, 0.2], index=["a", "a"])}, "upper must name each asset once, got 'a' twice"),
        ({"net": True}, "net"),
        ({"net": (0.0, "1")}, "net"),
        ({"net": [0.0, 1.0]}, "net"),
        ({"gross": "2"}, "gross"),
        ({"turnover": True}, "turnover"),
        ({"max_holdings": True}, "max_holdings"),
        ({"factor_limits": {"MKT": (0.0, 0.1)}, "exposure_confidence": True}, "exposure_confidence"),
        ({"exposure_confidence": 0.95}, "factor_limits must be given with exposure_confidence"),
        ({"groups": pd.Series(["x", "y"], index=["a", "a"])}, "groups must name each asset once, got 'a' twice"),
    ],
)
def test_contradictions_raise_an_error_that_names_them(options, named):
    with pytest.raises(InputError, match=named):
        Constraints(**options)


def test_groups_without_assets_and_wrong_types_raise_an_error():
    with pytest.raises(UnknownNameError, match="'z'"):
        Constraints(groups=GROUPS, group_limits={"z": (0.0, 0.5)})
    with pytest.raises(DataTypeError, match="groups"):
        Constraints(groups={"a": "x"}, group_limits={"x": (0.0, 0.5)})
    with pytest.raises(DataTypeError, match=r"upper must be .* got \[0.1, 0.2\]"):
        Constraints(upper=[0.1, 0.2])


def test_one_sided_and_unbounded_limits_are_fine():
    Constraints(net=(None, None), lower=-np.inf, upper=np.inf, gross=2.0)
    Constraints(net=(None, 0.5), factor_limits={"MKT": (None, 0.1)}, groups=GROUPS, group_limits={"x": (0.1, None)})
