"""Rules traded together equal rules walked one by one; every cell of a grid is a trial."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.validation.sharpe import SharpeMoments, expected_maximum_sharpe
from statefolio.exceptions import DataTypeError, InputError
from statefolio.pairs.hedges.static_hedges import RollingHedge, StaticHedge
from statefolio.pairs.thresholds.ornstein_uhlenbeck import OrnsteinUhlenbeck
from statefolio.pairs.thresholds.rule_comparison import walk_rule_grid, walk_rules
from statefolio.pairs.trading.rules import Bands, Linear
from statefolio.pairs.trading.walk_forward import walk_baskets

DRAW = np.random.default_rng(9)
COSTS = TradingCosts(0.0005)


def prices():
    second = 40.0 + np.cumsum(DRAW.normal(scale=0.5, size=260))
    spread = np.zeros(260)
    for t in range(1, 260):
        spread[t] = 0.85 * spread[t - 1] + DRAW.normal(scale=0.4)
    return pd.DataFrame({"ONE": 3.0 + 0.8 * second + spread, "TWO": second}, pd.bdate_range("2015-01-05", periods=260))


PRICES, START = prices(), "2015-09-01"


@pytest.fixture(scope="module")
def grid():
    return walk_rule_grid(
        PRICES, start=START, entries=[0.5, 1.0, 2.0], exits=[0.0, 1.0], half_lives=[2, 5], retune=None, costs=COSTS
    )


def test_rules_equal_those_walked_one_by_one():
    rules = {"bands": Bands(1, -1.5), "linear": Linear(2.0)}
    found = walk_rules(PRICES, rules, RollingHedge(30), start=START, costs=COSTS)
    for name, rule in rules.items():
        alone = walk_baskets(PRICES, {"only": RollingHedge(30)}, rule, start=START, costs=COSTS).results["only"]
        pd.testing.assert_frame_equal(found[name].ledger, alone.ledger, check_exact=True)


def test_cells_equal_walks_with_their_parameters(grid):
    before = StaticHedge().fit(PRICES.loc[: grid.start].iloc[:-1])
    process = OrnsteinUhlenbeck.of(before.innovations_["innovation"].to_series())
    assert grid.half_life == process.half_life
    assert grid.trials == len(grid.table) == 10  # an exit of 1 is above an entry of .5
    for factor, entry, leave in [(2.0, 1.0, 0.0), (5.0, 2.0, 1.0)]:
        lookback = max(5, round(factor * process.half_life))
        walk = walk_baskets(
            PRICES,
            {"only": StaticHedge()},
            Bands(entry, leave),
            start=START,
            retune=None,
            costs=COSTS,
            of="spread",
            lookback=lookback,
        )
        assert grid.table.loc[(factor, entry, leave), "lookback"] == lookback
        assert grid.table.loc[(factor, entry, leave), "sharpe"] == walk.table.loc["only", "sharpe"]


def test_the_best_cell_is_deflated_by_the_number_of_cells(grid):
    assert grid.table.loc[grid.best, "sharpe"] == grid.table["sharpe"].max()
    moments = SharpeMoments.of(grid.best_result.returns)
    least = expected_maximum_sharpe(10.0, grid.table["sharpe"].var(ddof=1) / 252)
    expected = norm.cdf((moments.sharpe - least) * np.sqrt(moments.dates - 1) / moments.spread)
    assert grid.deflated_sharpe == pytest.approx(expected, rel=1e-10)
    assert "The best of 10 cells" in grid.sentence
    assert ("no evidence" in grid.sentence) == (grid.deflated_sharpe < 0.95)
    figure = grid.plot_map()
    assert np.nanmax(figure.data[0].z) == grid.table["sharpe"].max()
    assert np.isnan(figure.data[0].z).sum() == 2


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"entries": []}, InputError, "entries must be a list of different numbers"),
        ({"entries": [1, 1]}, InputError, "entries must be a list of different numbers"),
        ({"half_lives": [0]}, InputError, "half_lives must be"),
        ({"entries": [1], "exits": [2]}, InputError, "exits must have one that is at most one of entries"),
        ({"hedge": "static"}, DataTypeError, "hedge must be a hedge"),
        ({"start": "2015-01-06"}, InputError, "prices must have at least"),
    ],
)
def test_wrong_input_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        walk_rule_grid(PRICES, **{"start": START, **options})
    with pytest.raises(DataTypeError, match="rules must map names to rules"):
        walk_rules(PRICES, {}, start=START)
