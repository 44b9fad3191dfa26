"""The registered test of benchmarks/pair_prediction.py: its rule, account, permutations and correction are right."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from statsmodels.stats.multitest import multipletests

from statefolio.pairs.hedges.static_hedges import StaticHedge
from statefolio.pairs.trading.rules import Bands
from statefolio.pairs.verdict.verdict import judge_basket

_FOLDER = Path(__file__).parents[2] / "benchmarks"
pytestmark = pytest.mark.skipif(not _FOLDER.exists(), reason="the benchmarks are not part of the archive")


@pytest.fixture(scope="module")
def halves():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(_FOLDER))
        yield importlib.import_module("pair_halves")
        sys.modules.pop("pair_halves")


@pytest.fixture(scope="module")
def prediction(halves):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(_FOLDER))
        yield importlib.import_module("pair_prediction")
        sys.modules.pop("pair_prediction")


@pytest.fixture(scope="module")
def universe(halves):
    """Two assets that share a random walk with errors that revert, among four more random walks."""
    draw = np.random.default_rng(5)
    x = 60.0 + np.cumsum(draw.normal(scale=0.4, size=(600, 6)), axis=0)
    x[:, 1] = 0.8 * x[:, 0] + 10.0 + draw.normal(scale=0.5, size=600)
    prices = pd.DataFrame(x, pd.bdate_range("2010-01-04", periods=600), list("ABCDEF"))
    return halves.Universe("made up", prices, pd.Series(list("uuvvww"), list("ABCDEF")))


def test_the_rule_of_all_pairs_is_the_library_s(halves):
    z = np.random.default_rng(1).normal(scale=2.0, size=(200, 7)).cumsum(axis=0) / 4.0
    rule = Bands(entry=halves.ENTRY, exit=halves.EXIT)
    expected = np.column_stack([rule.units(column) for column in z.T])
    assert len(np.unique(expected)) == 3
    np.testing.assert_array_equal(halves.units_of_all(z), expected)


def test_the_profit_is_that_of_an_account_kept_by_hand(halves):
    units = np.array([[0.0], [1.0], [1.0], [-1.0], [0.0]])
    spread, gross = np.array([[5.0], [4.0], [6.0], [7.0], [6.5]]), np.full((5, 1), 100.0)
    earned = 1.0 * 2.0 / 100 + 1.0 * 1.0 / 100 - 1.0 * -0.5 / 100
    costs = halves.COST * (1.0 + 2.0)
    np.testing.assert_allclose(halves.profit(units, spread, gross), [252 * (earned - costs) / 4], rtol=1e-12)


def test_measures_of_the_first_half_see_no_later_date(halves, universe):
    first = halves.first_half(universe, 19, 0)
    changed = universe.prices.copy()
    changed.iloc[universe.half :] *= 3.0
    pd.testing.assert_frame_equal(first, halves.first_half(universe._replace(prices=changed), 19, 0))
    best = first["calibrated p"].idxmax()
    assert universe.pairs[best].tolist() == [0, 1]
    assert first["calibrated p"][best] == -1 / 20
    later = halves.second_half(universe, first)
    assert later["later p"][best] < 0.01
    assert later["Dickey-Fuller"].idxmax() == best
    assert first["same sector"].sum() == 3


def test_the_calibrated_p_is_that_of_the_verdict_on_a_constant_hedge(halves, universe):
    first = halves.first_half(universe, 99, 0)
    prices = universe.prices.iloc[: universe.half]
    for row in (1, 7, 12):
        verdict = judge_basket(StaticHedge(), prices.iloc[:, universe.pairs[row]], draws=99, seed=0)
        assert -first["calibrated p"][row] == pytest.approx(verdict.p_value, abs=0.02)


def test_correlations_and_correction_are_the_usual_ones(prediction):
    draw = np.random.default_rng(3)
    assets = 12
    strength = draw.normal(size=assets)
    rows, columns = np.triu_indices(assets, 1)
    measure = pd.Series(strength[rows] * strength[columns])
    outcomes = pd.DataFrame({"tied": measure + draw.normal(scale=0.3, size=66), "free": draw.normal(size=66)})
    found = prediction.mantel(measure, outcomes, assets, 199).set_index("outcome")
    for name in outcomes:
        assert found.loc[name, "correlation"] == pytest.approx(spearmanr(measure, outcomes[name]).statistic)
    assert found.loc["tied", "p"] == 1 / 200
    assert found.loc["free", "p"] > 0.05
    p = pd.Series(draw.uniform(size=20) ** 3)
    np.testing.assert_allclose(prediction.benjamini_hochberg(p), multipletests(p, method="fdr_bh")[1])
