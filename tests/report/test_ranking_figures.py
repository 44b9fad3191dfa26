"""Figures of a ranking of factors."""

import numpy as np
import pandas as pd
import pytest

from statefolio.factors.ranking import rank_factors
from statefolio.loadings.results import HALF_BAND
from statefolio.report.ranking_figures import chosen_pairs, explained_heat_map, relation, relation_figure


@pytest.fixture(scope="module")
def ranking():
    rng = np.random.default_rng(3)
    dates = pd.bdate_range("2010-01-04", periods=800, name="date")
    factors = pd.DataFrame(0.01 * rng.normal(size=(800, 2)), dates, ["market", "size"])
    returns = pd.DataFrame(0.01 * rng.normal(size=(800, 5)), dates, list("ABCDE"))
    returns["A"] += 2.0 * factors["market"] + 0.5 * factors["size"]
    returns["B"] += 0.8 * factors["size"].abs() + 0.3 * factors["market"]
    returns.iloc[::7, 1] = np.nan
    returns["C"] += 0.5 * factors["market"]
    return rank_factors(returns, factors, dates[600])


def test_the_chosen_pairs_are_the_simulated_ones(ranking):
    pairs = chosen_pairs(ranking)
    assert pairs["strongest"] == ("A", "market")
    assert pairs["most nonlinear"] == ("B", "size")
    assert float(ranking.shares["alone"].sel(asset=pairs["weakest"][0], factor=pairs["weakest"][1])) < 0.01


def test_bin_means_lie_on_the_line_of_a_linear_relation_and_leave_that_of_a_nonlinear_one(ranking):
    def outside(one):
        line = one.slope * (one.bins["x"] - one.x.mean())
        return np.count_nonzero(np.abs(one.bins["y"] - line) > HALF_BAND * one.bins["error"])

    assert outside(relation(ranking, "A", "market")) <= 2
    assert outside(relation(ranking, "B", "size")) >= 5


def test_partial_residuals_have_the_slope_of_all_factors_together(ranking):
    one = relation(ranking, "A", "size")
    assert np.polyfit(one.x, one.y, 1)[0] == pytest.approx(one.slope, abs=0.05)
    assert one.slope == pytest.approx(0.5, abs=0.1)


def test_figures_draw_the_relation_and_all_shares(ranking):
    figure = relation_figure(ranking, "A", "market")
    assert len(figure.data) == 4
    assert figure.layout.xaxis.title.text == "market, %"
    heat = explained_heat_map(ranking).data[0]
    assert list(heat.x) == list(ranking.summary.index)
    assert heat.y[-1] == "A"
    shown = pd.DataFrame(heat.z, heat.y, heat.x).loc["A", "market"]
    assert shown == pytest.approx(float(ranking.shares["alone"].sel(asset="A", factor="market")), abs=1e-4)
