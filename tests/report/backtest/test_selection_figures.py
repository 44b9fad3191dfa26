import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import InputError
from statefolio.report.backtest.selection_figures import chosen_figure, overfitting_figure


def test_the_overfit_share_is_the_probability():
    logits = np.r_[np.random.default_rng(0).normal(0.5, 1.0, 5000), np.zeros(100), np.nan]
    worse, better = overfitting_figure(logits).data
    assert worse.y.sum() == pytest.approx(100 * (logits[:-1] <= 0).mean(), abs=1e-3)
    assert worse.y.sum() + better.y.sum() == pytest.approx(100, abs=1e-3)
    assert max(worse.x) < 0 < min(better.x)


def test_logits_on_one_side_and_no_logit():
    assert overfitting_figure([-3.0, -3.0]).data[0].y.sum() == pytest.approx(100)
    assert overfitting_figure([0.0]).data[0].y.sum() == pytest.approx(100)
    with pytest.raises(InputError, match="logits must have at least one"):
        overfitting_figure([np.nan])


def test_share_of_splits_in_which_each_trial_is_best():
    [bars] = chosen_figure(pd.Series({"a": 0.25, "b": 0.75, "c": 0.0})).data
    assert list(bars.y) == ["b", "a"]
    np.testing.assert_allclose(bars.x, [75, 25])
    with pytest.raises(InputError, match="chosen must have at least one"):
        chosen_figure(pd.Series({"a": 0.0}))
