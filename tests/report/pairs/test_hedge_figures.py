"""Figures of a basket's hedges show the values of the hedges."""

import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import InputError
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.static_hedges import StaticHedge
from statefolio.report.pairs.hedge_figures import hedge_ratio_figure, held_value_figure, spread_figure
from statefolio.report.pairs.plot_elements import axis_range


def test_the_constant_spread_is_above_the_time_varying_one(results):
    figure = spread_figure(results.static, results.hedge)
    above, below = figure.data
    assert (above.yaxis, below.yaxis) == ("y", "y2")
    np.testing.assert_allclose(above.y, results.static.spread_["predicted"].dropna(), rtol=1e-5)
    np.testing.assert_allclose(below.y, results.hedge.spread_["predicted"].dropna(), rtol=1e-5)
    texts = [note.text for note in figure.layout.annotations]
    assert texts == ["Constant hedge", "Time-varying hedge"]
    assert figure.layout.yaxis.domain[0] > figure.layout.yaxis2.domain[1]


def test_bands_are_95_percent_of_predicted_ratios(prices, results):
    hedge = KalmanHedge("identity", "fixed").fit(prices)
    figure = hedge_ratio_figure(hedge, results.static)
    assert len(figure.data) == 2 * 4
    ratios = hedge.hedge_ratios_.sel(asset="SIX")
    mean, error = ratios["predicted"].to_numpy(), np.sqrt(ratios["predicted_variance"].to_numpy())
    assert error[-1] > 1e-3
    low, high, other, line = figure.data[4:]
    np.testing.assert_allclose(low.y, mean - 1.96 * error, rtol=2e-4, atol=1e-5)
    np.testing.assert_allclose(high.y, mean + 1.96 * error, rtol=2e-4, atol=1e-5)
    np.testing.assert_allclose(line.y, mean, rtol=1e-5)
    assert np.unique(np.asarray(other.y)[~np.isnan(other.y)]).size == 1


def test_a_hedge_without_variances_has_only_lines(prices):
    assert len(hedge_ratio_figure(StaticHedge("johansen").fit(prices)).data) == 2


def test_held_value_starts_at_zero(results):
    later = results.hedge.held_value_.iloc[100:]
    figure = held_value_figure({"a": later, "nothing": later * np.nan})
    assert [trace.name for trace in figure.data] == ["a"]
    assert figure.data[0].y[0] == 0.0
    np.testing.assert_allclose(figure.data[0].y[-1], later.iloc[-1] - later.iloc[0], rtol=1e-5)
    with pytest.raises(InputError, match="held must have at least one"):
        held_value_figure({})


def test_a_first_transient_does_not_set_the_range():
    values = pd.Series([1e6] * 5 + [0.0, 1.0] * 100)
    low, high = axis_range(values)
    assert -0.2 < low < 0.0 < 1.0 < high < 1.2
    assert axis_range([np.nan, np.nan]) == (-1.0, 1.0)


def test_the_identity_hedge_from_zero_is_drawn(prices, results):
    chan = KalmanHedge("identity", "fixed").fit(prices)
    figure = spread_figure(results.static, chan)
    low, high = figure.layout.yaxis2.range
    assert high - low < 0.8 * (max(figure.data[1].y) - min(figure.data[1].y))
