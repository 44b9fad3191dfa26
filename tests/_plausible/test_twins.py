"""Twins are found the same way in small panels, by all distances, and in large ones, by distances in directions."""

import numpy as np
import pytest

from statefolio._plausible.twins import near_pairs, pairs_of_twins, sample_of


@pytest.mark.parametrize("count", [40, 500, 501, 620])
def test_twins_are_found_whatever_the_number_of_assets(count):
    rng = np.random.default_rng(1)
    returns = rng.normal(0.0, 0.01, (120, count))
    returns[:, count - 1] = 1.0001 * returns[:, 3]
    returns[:, 20] = returns[:, 7]
    places = np.arange(count)
    pairs = near_pairs(sample_of(returns, places), places)
    assert pairs_of_twins(pairs, lambda place: returns[:, place]) == {20: 7, count - 1: 3}
