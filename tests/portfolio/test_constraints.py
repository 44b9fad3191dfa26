"""Contradictory constraints raise an error that names them."""

import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import DataTypeError, InputError, StatefolioWarning, UnknownNameError
from statefolio.portfolio.constraints import Constraints

GROUPS = pd.Series({"a": "x", "b": "y"})
THREE = pd.Series({"a": "x", "b": "y", "c": "y"})


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"lower": 0.2, "upper": 0.1}, "lower"),
        ({"lower": np.nan}, "lower must be a number, or -inf for no bound, got nan. Pass e.g. lower=0,"),
        ({"lower": np.inf}, "lower must be a number, or -inf for no bound, got inf"),
        (
            {"upper": pd.Series({"a": np.nan})},
            "upper must be a number, or inf for no bound, got nan for 'a'. .*upper=0.1",
        ),
        ({"upper": -np.inf}, "upper must be a number, or inf for no bound, got -inf"),
        ({"net": (1.0, 0.5)}, "net"),
        ({"net": np.nan}, "net"),
        ({"gross": -1.0}, "gross"),
        ({"gross": 0.5}, "gross"),
        ({"net": (None, -1.0), "gross": 0.5, "lower": -1.0}, "gross"),
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


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (
            {"upper": 0.1, "max_holdings": 3, "net": 1},
            "max_holdings=3, upper=0.1 and net=1. .* at most 0.3. Pass e.g. net=0.3",
        ),
        ({"upper": 0.1, "max_holdings": 3, "net": (0.5, None)}, "at most 0.3"),
        ({"lower": -0.1, "max_holdings": 3, "net": -1}, "lower=-0.1, max_holdings=3 and net=-1. .* at least -0.3"),
        ({"upper": {"a": 1.5, "b": 0.2}, "max_holdings": 2, "net": 2.6}, "upper by asset and net=2.6. .* at most 2.5"),
        ({"upper": 0.0}, "upper=0.0 and net"),
        ({"upper": -0.1, "lower": -1.0, "net": (0.0, 1.0)}, "upper=-0.1 and net"),
        ({"net": -0.5}, "lower=0.0 and net=-0.5"),
        ({"net": 1, "gross": 0.5}, "gross=0.5 and net=1"),
        ({"lower": 0.5, "gross": 0.3, "net": (0, 1)}, "gross=0.3 and lower=0.5"),
        ({"lower": {"a": 0.6}, "gross": 0.3, "net": (0, 1)}, "gross=0.3 and lower by asset"),
        ({"lower": {"a": 1.5}, "upper": {"a": 2.0}}, "lower by asset and net"),
        ({"lower": {"a": 0.5}, "upper": {"a": 0.2}}, "lower must be at most upper for every asset, got 0.5 above 0.2"),
        ({"upper": {"a": -0.1}}, "got 0 above -0.1 for 'a'"),
        ({"lower": 0.1, "upper": pd.Series({"a": 0.05})}, "got 0.1 above 0.05 for 'a'"),
        ({"volume_share": 0.0}, "volume_share=0.0 and net"),
        (
            {"groups": THREE, "group_limits": {"x": (0.6, None), "y": (0.6, None)}},
            r"group_limits\['x'\].* at least 1.2",
        ),
        (
            {"groups": THREE, "group_limits": {"x": (0.3, None)}, "upper": 0.2},
            r"group_limits\['x'\]=\(0.3, None\) and upper",
        ),
        ({"groups": THREE, "group_limits": {"x": (None, -0.5)}}, r"group_limits\['x'\]=.* and lower=0.0"),
        ({"groups": THREE, "group_limits": {"x": (None, -0.5)}, "lower": -1, "gross": 1.5}, "gross=1.5, .* and net"),
        ({"groups": THREE, "group_limits": {"x": (0.3, None), "y": (0.1, 0.2)}, "max_holdings": 1}, "max_holdings"),
        (
            {"groups": THREE, "group_limits": {"y": (0.5, None)}, "upper": 0.3, "max_holdings": 1, "net": (0, 1)},
            "max_holdings",
        ),
        ({"groups": THREE, "group_limits": {"x": (None, 0.2)}, "lower": {"a": 0.3}}, r"group_limits\['x'\]=.* lower"),
        ({"no_trade_band": 0.5, "upper": 0.05}, "no_trade_band must be at most 0.05"),
        ({"no_trade_band": np.inf, "upper": np.inf}, "no_trade_band"),
        ({"no_trade_band": 1.1, "upper": {"a": 0.05}}, "no_trade_band must be at most 1,"),
        ({"no_trade_band": 1.6, "upper": {"a": 1.5}}, "no_trade_band must be at most 1.5,"),
    ],
)
def test_limits_that_cannot_hold_together_are_refused(options, named):
    with pytest.raises(InputError, match=named):
        Constraints(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"upper": 0.1, "max_holdings": 10},
        {"upper": 1 / 3, "max_holdings": 3},
        {"upper": 0.001, "max_holdings": 1000},
        {"upper": {"a": 0.1, "b": 0.2}, "max_holdings": 1},
        {"upper": {"a": 1.5, "b": 0.2}, "max_holdings": 2, "net": 2.5},
        {"upper": pd.Series(0.01, range(500)), "max_holdings": 30},
        {"lower": -1, "upper": -0.1, "net": (-2.0, 0.0)},
        {"lower": 0.02, "max_holdings": 3},
        {"upper": 0.2},
        {"volume_share": 0.0, "net": (0.0, 1.0)},
        {"groups": THREE, "group_limits": {"x": (None, 0.3), "y": (None, 0.3)}},
        {"groups": THREE, "group_limits": {"x": (None, -0.5)}, "lower": -1, "gross": 2.0},
        {"groups": THREE, "group_limits": {"x": (0.3, 0.5), "y": (0.3, 0.5)}, "upper": 0.4, "max_holdings": 3},
        {"no_trade_band": 0.05, "upper": 0.05},
        {"turnover": 0.0, "gross": 1.0},
        {"gross": np.inf, "turnover": np.inf, "daily_turnover": np.inf, "volume_share": np.inf},
        {"no_trade_band": 0.9, "upper": {"a": 0.05}},
        {"no_trade_band": 1.2, "upper": {"a": 1.5}},
        {"lower": {"b": 0.8}, "upper": {"a": 0.5}},
        {"lower": {"a": -0.5}, "upper": {"b": 0.5}},
    ],
)
def test_limits_that_some_assets_satisfy_are_accepted(options):
    Constraints(**options)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"lower": {"a": 0.6, "b": 0.6}}, "lower by asset and net=1.0. The weights then sum to at least 1.2"),
        ({"lower": {"a": 0.1, "b": 0.1, "c": 0.1}, "max_holdings": 2}, "lower by asset and max_holdings=2"),
        ({"groups": THREE, "group_limits": {"y": (None, 0.3)}, "lower": {"b": 0.2, "c": 0.2}}, r"group_limits\['y'\]"),
    ],
)
def test_limits_that_named_assets_satisfy_only_one_at_a_time_warn(options, named):
    with pytest.warns(StatefolioWarning, match=named):
        Constraints(**options)
