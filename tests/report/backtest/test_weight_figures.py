from dataclasses import replace

import numpy as np
import pytest

from statefolio.exceptions import InputError
from statefolio.report.backtest.downsampling import evenly_spaced
from statefolio.report.backtest.weight_figures import FIFTHS, expected_return_figure, weights_figure


def drawn_rows(result):
    held = result.weights.iloc[1:]
    return held.iloc[evenly_spaced(len(held))]


def test_areas_are_the_weights_of_the_largest_assets_and_of_the_others(long_only):
    held = drawn_rows(long_only)
    figure = weights_figure(long_only, most=12)
    names = [trace.name for trace in figure.data]
    sizes = long_only.weights.mean().sort_values(ascending=False)
    assert names == [*sizes.index[:12], "8 others"]
    for trace in figure.data[:12]:
        np.testing.assert_allclose(trace.y, 100 * held[trace.name], atol=1e-4)
    np.testing.assert_allclose(np.sum([trace.y for trace in figure.data], axis=0), 100.0, atol=1e-3)
    assert {trace.stackgroup for trace in figure.data} == {"long"}


def test_others_that_would_fill_the_chart_are_drawn_in_fifths_of_the_positions_of_each_date(long_only):
    held = drawn_rows(long_only)
    figure = weights_figure(long_only, most=4)
    assert [trace.name for trace in figure.data] == list(FIFTHS)
    ordered = -np.sort(-held.to_numpy(), axis=1)  # 20 positions: four in each fifth
    for place, trace in enumerate(figure.data):
        wanted = ordered[:, 4 * place : 4 * place + 4].sum(axis=1)
        np.testing.assert_allclose(trace.y, 100 * wanted, atol=1e-4)


def test_shorts_are_below_zero_with_a_line_for_the_net_weight(long_short):
    held = drawn_rows(long_short)
    figure = weights_figure(long_short, most=5)
    signed = {side: [t.y for t in figure.data if t.stackgroup == side] for side in ("long", "short")}
    np.testing.assert_allclose(np.sum(signed["long"], axis=0), 100 * held.clip(lower=0).sum(axis=1), atol=1e-2)
    np.testing.assert_allclose(np.sum(signed["short"], axis=0), 100 * held.clip(upper=0).sum(axis=1), atol=1e-2)
    assert max(np.max(part) for part in signed["short"]) <= 0
    assert figure.data[-1].name == "Net weight"
    np.testing.assert_allclose(figure.data[-1].y, 100 * held.sum(axis=1), atol=1e-3)


def test_cash_is_the_remainder(long_only):
    half = replace(long_only, weights=long_only.weights / 2)
    cash = weights_figure(half).data[-1]
    assert cash.name == "Cash"
    np.testing.assert_allclose(cash.y, 50.0, atol=1e-3)


def test_a_portfolio_in_cash_is_an_error(all_cash):
    with pytest.raises(InputError, match="holds only cash"):
        weights_figure(all_cash)


def test_expected_returns_are_those_of_the_largest_target_weights(long_only):
    figure = expected_return_figure(long_only, most=3)
    low, high, *lines = figure.data
    wanted = long_only.decisions.abs().mean().sort_values(ascending=False)
    assert [line.name for line in lines] == list(wanted.index[:3])
    expected = long_only.details["expected_return"] * 252 * 100
    for line in lines:
        np.testing.assert_allclose(line.y, expected[line.name], rtol=1e-5)
    np.testing.assert_allclose(low.y, np.percentile(expected, 10, axis=1), rtol=1e-5)
    np.testing.assert_allclose(high.y, np.percentile(expected, 90, axis=1), rtol=1e-5)


def test_decisions_without_expected_returns(all_cash, long_only):
    with pytest.raises(InputError, match="record no 'expected_return'"):
        expected_return_figure(all_cash)
    gone = {"expected_return": long_only.details["expected_return"] * np.nan}
    with pytest.raises(InputError, match="record no 'expected_return'"):
        expected_return_figure(replace(long_only, details=gone))
