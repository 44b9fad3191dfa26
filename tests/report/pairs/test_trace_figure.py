"""The figure of the adaptive tuning by pass, with its collapse."""

import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import InputError
from statefolio.pairs.adaptive.collapse import Collapse
from statefolio.report.pairs.trace_figure import trace_figure


def trace(passes):
    number = np.arange(1, passes + 1)
    table = {
        "a": 0.9 ** number.astype(float),
        "observation_variance": 10.0 ** -number.astype(float),
        "state_variance_1": 0.1,
        "state_variance_2": np.where(number == 1, 0.0, 1e-5),
        "p_filtered": np.where(number % 20 == 1, 1e-3, np.nan),
        "p_predicted": np.where(number % 20 == 1, 1e-2, np.nan),
    }
    return pd.DataFrame(table, pd.Index(number, name="pass"))


def test_coefficient_variances_and_p_values_are_stacked():
    figure = trace_figure(trace(45), None, ["level", "TWO"])
    named = {line.name: line for line in figure.data}
    assert list(named) == [
        "a",
        "Observation",
        "State, level",
        "State, TWO",
        "Predicted spread",
        "Filtered spread (not tradable)",
    ]
    assert list(named["State, TWO"].x) == list(range(2, 46))  # zero has no place on a log axis
    assert list(named["Predicted spread"].x) == [1, 21, 41]
    assert named["Observation"].y[-1] == pytest.approx(1e-45)
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.yaxis2.type == "log"
    assert not figure.layout.shapes


def test_the_collapse_is_marked_in_every_panel():
    figure = trace_figure(trace(10), Collapse("gain of one", 4, 3, "..."))
    assert [shape.x0 for shape in figure.layout.shapes] == [4, 4, 4]
    assert any("gain of one" in (line.name or "") for line in figure.layout.shapes)
    assert figure.layout.xaxis.type == "linear"


def test_no_pass_is_an_error():
    with pytest.raises(InputError, match="trace must have at least one pass"):
        trace_figure(trace(3).iloc[:0])
