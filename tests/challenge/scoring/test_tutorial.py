"""Tests of the tutorial's data and of the loadings revealed at its end."""

import json

import numpy as np
import pytest

from statefolio.challenge.rules.settings import SyntheticTable, example_rules, parse_rules
from statefolio.challenge.rules.submission import read_submission
from statefolio.challenge.scoring.tutorial import make_round, new_seed, synthetic_market, true_loadings
from statefolio.exceptions import InputError

SEED = "0123456789abcdef"
SMALL = SyntheticTable(dates=750)


@pytest.fixture(scope="module")
def tutorial():
    return parse_rules(example_rules(tutorial=True).replace("1_500", "750"), "challenge.toml")


def test_a_seed_makes_one_market_and_another_seed_another():
    first, again, other = (synthetic_market(SMALL, seed) for seed in (SEED, SEED, new_seed()))
    assert first.market.returns.to_numpy().tobytes() == again.market.returns.to_numpy().tobytes()
    assert not np.array_equal(first.market.returns, other.market.returns)
    assert first.market.returns.shape == (750, 10)
    with pytest.raises(InputError, match="seed must be"):
        synthetic_market(SMALL, "")


def test_returns_follow_the_true_loadings_which_move():
    found = synthetic_market(SyntheticTable(dates=5_000, assets=30), SEED)
    factors = found.market.factors.to_numpy()
    residual = found.market.returns.to_numpy() - np.einsum("tnk,tk->tn", found.loadings, factors)
    assert abs(np.corrcoef(residual.ravel(), np.repeat(factors[:, 0], 30))[0, 1]) < 0.02
    assert 0.003 < residual.std() < 0.03
    kurtosis = np.mean((residual / residual.std(axis=0)) ** 4)
    assert kurtosis > 4.0
    steps = np.diff(found.loadings, axis=0).std(axis=(0, 1))
    assert ((steps > 0.003) & (steps < 0.021)).all()


def test_the_truth_is_revealed_beside_an_estimate_that_is_near_it(tutorial):
    data = make_round(tutorial, ".", SEED)
    submission = read_submission(b'{"track": "forecast", "name": "mine"}', data.universe)
    found = true_loadings(submission, data, tutorial.synthetic, SEED)
    truth = synthetic_market(tutorial.synthetic, SEED).loadings
    path = found["assets"]["A01"]["market"]
    assert len(found["dates"]) == len(path["true"]) == 120
    assert path["true"][-1] == truth[-1, 0, 0]
    inside = [
        low <= true <= high
        for factors in found["assets"].values()
        for each in factors.values()
        for low, true, high in zip(each["low"], each["true"], each["high"], strict=True)
        if low is not None
    ]
    assert 0.85 < np.mean(inside) <= 1.0
    for place, factor in enumerate(found["factors"]):
        assert found["error"][factor] < 0.6 * truth[:, :, place].std()
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_files_and_synthetic_data_have_one_way_in(rules, data, tutorial, tmp_path):
    found = make_round(rules, tmp_path)
    assert found.windows == data.windows
    assert make_round(tutorial, tmp_path, SEED).universe.assets[0] == "A01"
