"""Figures of the z-score with a rule's levels, and of a statistic among draws."""

import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import InputError
from statefolio.pairs.trading.rules import Bands, Linear
from statefolio.report.pairs.calibration_figure import calibration_figure
from statefolio.report.pairs.signal_figure import signal_figure


def scores(values):
    return pd.Series(values, pd.bdate_range("2020-01-01", periods=len(values)))


def test_levels_are_named_once_and_units_are_those_of_all_dates():
    z = scores([-1.5, -0.5, -0.5, -0.5, -0.5])
    figure = signal_figure(z, Bands(stop=3.0), last=3)
    notes = {line.name: line.y0 for line in figure.layout.shapes}
    assert notes["long exit, short exit"] == 0.0
    assert (notes["long entry"], notes["long stop"]) == (-1.0, -3.0)
    np.testing.assert_array_equal(figure.data[1].y, [1.0, 1.0, 1.0])  # bought before the first date drawn
    assert "flat" in [line.name for line in signal_figure(z, Linear()).layout.shapes]


def test_no_z_score_is_an_error():
    with pytest.raises(InputError, match="z must have at least one value"):
        signal_figure(scores([np.nan, np.nan]), Bands())


def test_shares_of_draws_sum_to_one_hundred_percent_and_lines_are_placed():
    draws = pd.Series(np.append(np.linspace(-3.0, 1.0, 101), np.nan))
    figure = calibration_figure(draws, -4.5, level=0.05)
    bars = figure.data[0]
    assert sum(bars.y) == pytest.approx(100.0, rel=1e-5)
    first, second = figure.layout.shapes
    assert (first.x0, second.x0) == (-4.5, pytest.approx(-2.8))
    assert figure.layout.xaxis.range[0] < -4.5 < min(bars.x) < -4.4


def test_equal_draws_are_one_bar_and_too_few_are_an_error():
    assert sum(calibration_figure(pd.Series([1.0, 1.0]), 1.0).data[0].y) == 100.0
    with pytest.raises(InputError, match="at least 2 finite values, got 1"):
        calibration_figure(pd.Series([1.0, np.nan]), 0.0)
