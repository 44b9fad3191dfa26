import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import InputError
from statefolio.report import style
from statefolio.report.backtest.value_figures import drawdown_figure, gross_value, value_figure


def trace(figure, name):
    [found] = [trace for trace in figure.data if trace.name == name]
    return found


def test_net_and_gross_values_are_those_of_the_ledger(long_only, long_short):
    figure = value_figure({"one": long_only, "two": long_short}, "two", currency="EUR")
    for name, result in (("one", long_only), ("two", long_short)):
        net, gross = trace(figure, name), trace(figure, f"{name}, gross")
        np.testing.assert_allclose(net.y, result.ledger["value"], rtol=1e-6)
        assert list(net.x) == [f"{date:%Y-%m-%d}" for date in result.ledger.index]
        grown = [result.capital]
        for earned in result.gross_returns:
            grown.append(grown[-1] * (1 + earned))
        np.testing.assert_allclose(gross.y, grown, rtol=1e-6)
        assert gross.y[-1] > net.y[-1]
    assert trace(figure, "two").line.color == style.MUTED != trace(figure, "one").line.color
    assert figure.layout.yaxis.title.text == "Value, EUR"
    assert "EUR" in net.hovertemplate


def test_a_log_axis_leaves_out_values_at_or_below_zero(bankrupt):
    drawn = trace(value_figure({"b": bankrupt}, log=True), "b").y
    assert np.isnan(drawn[-1])
    np.testing.assert_allclose(drawn[:-1], bankrupt.value[:-1], rtol=1e-6)
    assert trace(value_figure({"b": bankrupt}), "b").y[-1] < 0


def test_drawdowns(long_only, all_cash):
    value = long_only.value
    [drawn] = drawdown_figure({"one": long_only}).data
    np.testing.assert_allclose(drawn.y, 100 * (value / value.cummax() - 1), atol=1e-4)
    assert drawn.y.min() < -1.0
    assert not np.any(drawdown_figure({"cash": all_cash}).data[0].y)


def test_a_single_date(long_only):
    from dataclasses import replace

    start = replace(long_only, ledger=long_only.ledger.iloc[:1], weights=long_only.weights.iloc[:1])
    assert list(trace(value_figure({"s": start}), "s").y) == [1e6]
    assert gross_value(start).equals(pd.Series([1e6], long_only.ledger.index[:1]))


def test_no_back_test_is_an_error():
    with pytest.raises(InputError, match="results must have at least one"):
        value_figure({})
