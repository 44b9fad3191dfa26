import numpy as np
import pandas as pd
import pytest
from arch.bootstrap import MCS, optimal_block_length

from statefolio.exceptions import InputError
from statefolio.validation.confidence_set import model_confidence_set


def losses(dates=300, gap=0.3, seed=0):
    """Two models of the same accuracy, one worse by `gap`; half of each loss is shared."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((dates, 1)) + rng.standard_normal((dates, 3)) + [0.0, gap, 0.0]
    return pd.DataFrame(values, columns=["a", "worse", "b"])


def test_against_arch():
    table = losses()
    found = model_confidence_set(table, size=0.1, replications=500, seed=7)
    relative = table.sub(table.mean(axis=1), axis=0)
    length = int(np.ceil(optimal_block_length(relative)["stationary"].max()))
    assert (found.block_length == length).all()
    peer = MCS(table, 0.1, reps=500, block_size=length, seed=7)
    peer.compute()
    np.testing.assert_allclose(found.p_value, peer.pvalues["Pvalue"].reindex(table.columns), atol=1e-12)
    assert sorted(found.index[found.included]) == sorted(peer.included)
    assert not found.included["worse"]
    assert found.p_value.max() == 1.0
    pd.testing.assert_frame_equal(found, model_confidence_set(1e-9 * table, 0.1, 500, seed=7))


def test_coverage_of_the_best_model():
    held = [model_confidence_set(losses(200, 0.0, seed), 0.1, 200, block_length=3)["included"] for seed in range(60)]
    assert np.mean([one.all() for one in held]) >= 0.8
    lost = [model_confidence_set(losses(200, 1.0, seed), 0.1, 200, block_length=3)["included"] for seed in range(20)]
    assert not any(one["worse"] for one in lost)
    assert np.mean([one["a"] and one["b"] for one in lost]) >= 0.7


def test_tied_models_have_the_same_value():
    table = losses()
    table.insert(1, "twin", table["worse"])
    found = model_confidence_set(table, replications=300)
    assert found.p_value["twin"] == found.p_value["worse"]
    np.testing.assert_allclose(
        found.drop("twin").p_value.astype(float), model_confidence_set(losses(), replications=300).p_value
    )
    same = model_confidence_set(table[["worse", "twin"]])
    assert same.included.all()
    assert same.reason.str.contains("same on every date").all()


def test_a_model_leaves_at_its_p_value():
    p_value = model_confidence_set(losses()).p_value
    middle = float(p_value[p_value < 0.98].iloc[-1])
    assert middle > 0.0
    for size in (0.99 * middle, 1.01 * middle):
        found = model_confidence_set(losses(), size=size)
        assert (found.included == (p_value > size)).all()


def test_little_to_compare():
    one = model_confidence_set(losses()[["a"]])
    assert one.loc["a", ["p_value", "included", "reason"]].tolist() == [1.0, True, "one model"]
    short = model_confidence_set(losses(10))
    assert short.p_value.isna().all()
    assert short.reason.str.startswith("10 dates, fewer").all()
    gappy = losses()
    gappy.iloc[[3, 9], 1] = np.nan
    pd.testing.assert_frame_equal(model_confidence_set(gappy), model_confidence_set(gappy.dropna()))
    constant = losses()[["a"]].assign(b=lambda x: x["a"] + 1.0)
    assert model_confidence_set(constant).included.tolist() == [True, False]
    wrong = [("size", 1), ("size", "small"), ("replications", 0), ("block_length", -3), ("block_length", 0)]
    for name, value in [*wrong, ("seed", "x")]:
        with pytest.raises(InputError, match=f"{name} must be .* got {value!r}"):
            model_confidence_set(losses(), **{name: value})
