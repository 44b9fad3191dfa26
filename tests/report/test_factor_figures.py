import numpy as np
import pandas as pd
import pytest

from statefolio.data import load_demo
from statefolio.factors.factor_returns import FactorReturns
from statefolio.factors.observed import traded_factors
from statefolio.factors.surprises import find_surprises
from statefolio.report.factor_figures import cumulative_factors_figure, surprises_figure


def test_factors_are_drawn_as_sums_of_what_they_earned_by_kind():
    returns = load_demo().factors.iloc[:300].copy()
    returns.iloc[100:110, 1] = np.nan
    made = FactorReturns(pd.DataFrame({"first": 0.001}, returns.index), "statistical")
    figure = cumulative_factors_figure(traded_factors(returns).join(made))
    assert [line.name for line in figure.data] == [*returns.columns, "first"]
    assert figure.data[0].y[-1] == pytest.approx(100 * returns.iloc[:, 0].sum(), abs=1e-3)
    assert figure.data[-1].y[-1] == pytest.approx(30.0)
    assert np.isnan(figure.data[1].y[100:110]).all()
    assert np.isfinite(figure.data[1].y[110:]).all()
    assert [line.legendgroup for line in figure.data] == ["observed"] * 6 + ["statistical"]
    looks = {(line.line.color, line.line.dash) for line in figure.data}
    assert len(looks) == 7


def test_surprises_are_drawn_in_the_band_their_past_promised():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(500, 2)).cumsum(axis=0), pd.date_range("1980-01-31", periods=500, freq="ME"))
    news = find_surprises(frame.set_axis(["rate", "output"], axis=1), 15)
    figure = surprises_figure(news)
    assert len(figure.data) == 6
    for place, name in enumerate(["rate", "output"]):
        upper, lower, dots = figure.data[3 * place : 3 * place + 3]
        known = news[(news["series"] == name) & news["surprise"].notna()]
        np.testing.assert_array_equal(dots.y, known["surprise"])
        np.testing.assert_array_equal(dots.x, known["published"])
        inside = (dots.y <= upper.y) & (dots.y >= lower.y)
        assert 0.92 < inside.mean() < 0.98
    assert figure.layout.yaxis2.domain[1] < figure.layout.yaxis.domain[0]
