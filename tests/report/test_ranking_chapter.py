"""The chapter that ranks the factors."""

import numpy as np
import pandas as pd
import pytest

from statefolio.factors.ranking import rank_factors
from statefolio.report import ranking_chapter as module
from statefolio.report.ranking_chapter import ranking_chapter

DATES = pd.bdate_range("2015-01-01", periods=900, name="date")
TEST_FROM = DATES[700]


def panel(assets=6, seed=3):
    rng = np.random.default_rng(seed)
    factors = pd.DataFrame(0.01 * rng.normal(size=(900, 2)), DATES, ["market", "size"])
    loadings = np.column_stack([np.full(assets, 1.0), np.linspace(-0.2, 0.2, assets)])
    returns = factors.to_numpy() @ loadings.T + 0.01 * rng.normal(size=(900, assets))
    return pd.DataFrame(returns, DATES, [f"A{i}" for i in range(assets)]), factors


def test_the_table_is_the_ranking_on_the_last_dates_before_the_test():
    returns, factors = panel()
    chapter = ranking_chapter(returns, factors, TEST_FROM)
    used = DATES[700 - module.MOST_DATES :]
    expected = rank_factors(returns.loc[used], factors.loc[used], TEST_FROM).summary
    table = chapter.exhibits[0].table.set_index("Factor")
    assert list(table.index) == list(expected.index) == ["market", "size"]
    np.testing.assert_array_equal(table["Alone, out of sample"], expected["alone_holdout"])
    np.testing.assert_array_equal(table["Shapley share of R²"], expected["shapley"])
    assert chapter.lead.startswith("The factor that explains most is market: ")
    assert f"in sample, {used[0]:%Y-%m-%d} to {DATES[699]:%Y-%m-%d}" in chapter.lead


def test_a_heat_map_and_three_relations_are_drawn():
    chapter = ranking_chapter(*panel(), TEST_FROM)
    titles = [exhibit.title.split(":")[0] for exhibit in chapter.exhibits[1:]]
    assert titles == [
        "Variance explained by asset and factor",
        "Strongest relation",
        "Weakest relation",
        "Most nonlinear relation",
    ]
    assert all(exhibit.figure is not None for exhibit in chapter.exhibits[1:])


def test_of_many_assets_those_with_the_most_returns_are_used(monkeypatch):
    monkeypatch.setattr(module, "MOST_ASSETS", 3)
    returns, factors = panel()
    returns.iloc[::5, [0, 2, 4]] = np.nan
    chapter = ranking_chapter(returns, factors, TEST_FROM)
    assert set(chapter.exhibits[1].figure.data[0].y) == {"A1", "A3", "A5"}
    assert "3 of 6 assets (at most the 3 with the most returns)" in chapter.lead


def test_too_few_data_give_the_reason():
    returns, factors = panel()
    chapter = ranking_chapter(returns.iloc[690:], factors.iloc[690:], TEST_FROM)
    assert chapter.exhibits == ()
    assert chapter.lead.startswith("Not computed: ")


@pytest.mark.parametrize("assets", [1, 3])
def test_few_assets_are_ranked_without_premia(assets):
    assert len(ranking_chapter(*panel(assets), TEST_FROM).exhibits) == 5
