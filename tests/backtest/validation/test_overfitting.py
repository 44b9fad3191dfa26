from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from statefolio.backtest.validation.overfitting import overfitting_probability
from statefolio.exceptions import InputError


def textbook(table, blocks):
    """Bailey, Borwein, López de Prado and Zhu, step by step."""
    size = len(table) // blocks
    parts = [table.iloc[k * size : (k + 1) * size] for k in range(blocks)]
    below, losses, pairs = [], [], []
    for chosen in combinations(range(blocks), blocks // 2):
        inside = pd.concat([parts[k] for k in chosen])
        outside = pd.concat([parts[k] for k in range(blocks) if k not in chosen])
        before, after = inside.mean() / inside.std(), outside.mean() / outside.std()
        best = before.idxmax()
        w = after.rank()[best] / (table.shape[1] + 1)
        below.append(np.log(w / (1 - w)))
        losses.append(after[best] < 0)
        pairs.append((before[best], after[best]))
    before, after = np.array(pairs).T
    return np.array(below), np.mean(losses), np.cov(before, after)[0, 1] / np.var(before, ddof=1)


@pytest.mark.parametrize("blocks", [4, 8])
def test_against_the_textbook(noise, blocks):
    table = noise(dates=160, count=7, seed=3) + 0.002 * np.arange(7) / 7
    found = overfitting_probability(table, blocks=blocks)
    logits, losses, slope = textbook(table, blocks)
    np.testing.assert_allclose(found.logits, logits, atol=1e-12)
    assert found.probability == (logits <= 0).mean()
    assert found.loss_probability == losses
    assert found.slope == pytest.approx(slope, rel=1e-9)
    by_function = overfitting_probability(table, lambda r: r.mean() / r.std(), blocks=blocks)
    np.testing.assert_allclose(by_function.logits, logits, atol=1e-12)


def test_near_one_half_on_noise(noise):
    found = [overfitting_probability(noise(250, 10, seed=seed), blocks=8).probability for seed in range(200)]
    assert abs(np.mean(found) - 0.5) < 4 * np.std(found) / np.sqrt(200)
    assert np.std(found) / np.sqrt(200) < 0.03


def test_near_zero_with_skill_and_near_one_where_it_reverses(noise):
    table = noise(800, 10)
    table["T3"] += 0.003
    found = overfitting_probability(table)
    assert found.probability < 0.01
    assert found.chosen.idxmax() == "T3"
    assert len(found.logits) == 12870
    centred = noise(800, 10) - noise(800, 10).mean()  # what one half gains the other loses
    assert overfitting_probability(centred).probability > 0.9


def test_dates_left_over_are_the_first(noise):
    table = noise(165, 4)
    one, other = overfitting_probability(table, blocks=16), overfitting_probability(table.iloc[5:], blocks=16)
    np.testing.assert_array_equal(one.logits, other.logits)
    assert one.dates == 160


def test_scale_and_order_of_trials_do_not_matter(noise):
    table = noise(320, 6)
    other = (table * 100).iloc[:, ::-1]
    assert overfitting_probability(table).probability == overfitting_probability(other).probability


def test_copies_share_a_rank_and_cash_is_never_the_best(noise):
    one = noise(320, 1)
    copies = pd.concat([one["T0"].rename(str(j)) for j in range(5)], axis=1)
    assert overfitting_probability(copies).probability == 1.0  # no better than the median
    with_cash = noise(320, 3).assign(cash=0.0)
    found = overfitting_probability(with_cash, blocks=8)
    assert found.chosen["cash"] == 0
    cash_alone = overfitting_probability(with_cash[["cash"]].assign(other=0.0), blocks=8)
    assert np.isnan(cash_alone.probability)
    assert "no trial's measure" in cash_alone.reason


def test_too_little_says_why(noise):
    assert overfitting_probability(noise(300, 1)).reason == "1 trial"
    assert "20 dates for 16 blocks" in overfitting_probability(noise(20, 3)).reason
    with pytest.raises(InputError, match="an even number"):
        overfitting_probability(noise(), blocks=7)
