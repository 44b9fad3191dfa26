"""A hedge is tested on a later period with the fewest dates or more."""

import numpy as np
import pytest
from statsmodels.tsa.stattools import adfuller

from statefolio.pairs.cointegration.engle_granger import FEWEST_ROWS
from statefolio.pairs.screening.held_out import held_out_statistics


@pytest.mark.parametrize("missing", [0, 4])
def test_fewest_dates(missing: int) -> None:
    draw = np.random.default_rng(1)
    prices = np.cumsum(draw.normal(size=(FEWEST_ROWS + 1 + missing, 2)), axis=0)
    prices[3 : 3 + missing, 1] = np.nan
    members, ratios = np.array([[0, 1]]), np.array([[0.7]])
    enough = held_out_statistics(prices, members, ratios)
    value = (prices[:, 0] - 0.7 * prices[:, 1])[~np.isnan(prices[:, 1])]
    assert enough.rows[0] == FEWEST_ROWS + 1
    assert enough.statistic[0] == pytest.approx(adfuller(value, result_object=False)[0], rel=1e-9)
    few = held_out_statistics(prices[:-1], members, ratios)
    assert few.rows[0] == FEWEST_ROWS
    assert np.isnan([few.statistic[0], few.half_life[0], few.p_value[0]]).all()
