"""Bootstrap draws consist of blocks of price changes, depend on seed and number alone, and are not cointegrated."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.stattools import coint

from statefolio.pairs.verdict.bootstrap import ChangeBootstrap, default_block


def test_a_draw_is_blocks_of_changes_from_the_first_prices_on(prices: pd.DataFrame) -> None:
    values = np.where(prices.isna().any(axis=1).to_numpy()[:, None], np.nan, prices.to_numpy())
    drawn = ChangeBootstrap(values, block=7, seed=3).draw(5)
    np.testing.assert_array_equal(np.isnan(drawn), np.isnan(values))
    complete, made = values[~np.isnan(values[:, 0])], drawn[~np.isnan(drawn[:, 0])]
    np.testing.assert_array_equal(made[0], complete[0])
    changes = np.diff(complete, axis=0) - np.diff(complete, axis=0).mean(axis=0)
    origin = [
        int(np.flatnonzero((np.abs(changes - change) < 1e-9).all(axis=1)).item()) for change in np.diff(made, axis=0)
    ]
    for place, row in enumerate(origin):
        if place % 7:  # inside a block the next date follows, around the end
            assert row == (origin[place - 1] + 1) % len(changes)
    starts = origin[::7]
    assert len(set(starts)) > len(starts) // 2


def test_a_draw_depends_on_its_number_and_the_seed_alone() -> None:
    values = np.random.default_rng(0).normal(size=(120, 3)).cumsum(axis=0)
    one, other = ChangeBootstrap(values, 5, 1), ChangeBootstrap(values, 5, 2)
    np.testing.assert_array_equal(one.draw(4), ChangeBootstrap(values, 5, 1).draw(4))
    assert (one.draw(4) != one.draw(3))[1:].any()
    assert (one.draw(4) != other.draw(4))[1:].any()


def test_draws_of_a_cointegrated_basket_are_not_cointegrated_and_do_not_drift() -> None:
    rng = np.random.default_rng(1)
    other = 50.0 + np.cumsum(0.05 + rng.normal(size=600))
    values = np.column_stack([0.8 * other + rng.normal(size=600), other])
    draws = [ChangeBootstrap(values, 9, 0).draw(number) for number in range(60)]
    found, *others = [coint(x[:, 0], x[:, 1], maxlag=1, autolag=None)[0] for x in (values, *draws)]
    assert found < 3.0 * np.median(others)
    spread = np.array([(draw[-1] - draw[0]) @ [1.0, -0.8] for draw in draws])
    assert spread.std() > 6.0 * (values @ [1.0, -0.8]).std()  # two variances a block, root of 2 * 600 / 9 = 11.5
    ends = np.array([draw[-1, 1] - draw[0, 1] for draw in draws])
    assert abs(ends.mean()) < 3.0 * ends.std() / np.sqrt(len(ends))
    moves = np.array([np.corrcoef(np.diff(draw, axis=0).T)[0, 1] for draw in draws])
    assert moves.mean() == pytest.approx(np.corrcoef(np.diff(values, axis=0).T)[0, 1], abs=0.02)


def test_blocks_grow_with_the_cube_root() -> None:
    assert [default_block(count) for count in (1, 8, 27, 28, 999, 1000, 1499)] == [1, 2, 3, 4, 10, 10, 12]
