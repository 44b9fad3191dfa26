import warnings

import numpy as np
import pandas as pd
import pytest

import statefolio as sf
from statefolio.commands.loadings.former_run import former_next, moves_since


@pytest.fixture(scope="module")
def models():
    """One model of the first dates, and one of all dates, at the end of which a loading jumps."""
    rng = np.random.default_rng(0)
    dates = pd.bdate_range("2020-01-01", periods=200)
    factors = pd.DataFrame({"market": rng.normal(0, 0.01, 200)}, dates)
    beta = np.where(np.arange(200) < 150, 1.0, 4.0)
    noise = rng.normal(0, 0.001, (200, 2))
    returns = pd.DataFrame({"steady": factors["market"], "jumps": beta * factors["market"]}) + noise
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = sf.KalmanLoadings(tuning="fixed", state_variance={"alpha": 1e-9, "market": 1e-3})
        return model.fit(returns[:150], factors[:150]), sf.RollingLoadings(40).fit(returns, factors), (returns, factors)


def test_the_loading_that_jumped_is_named(models, tmp_path):
    former, now, _ = models
    former.save(tmp_path / "model.statefolio")
    (chapter,) = moves_since(former_next(tmp_path / "model.statefolio"), now)
    assert chapter.lead.startswith(f"Since the former run, which ended on {former.last_date_:%Y-%m-%d}, ")
    assert " of 4 loadings left their 95 % bands" in chapter.lead
    table = chapter.exhibits[0].table
    assert tuple(table.loc[0, ["Asset", "Factor"]]) == ("jumps", "market")
    assert table.loc[0, "Filtered"] == pytest.approx(4.0, abs=0.3)


def test_no_chapter_without_a_model_of_the_same_factors_and_earlier_dates(models, tmp_path):
    former, now, (returns, factors) = models
    (tmp_path / "damaged").write_bytes(b"no model")
    assert former_next(tmp_path / "none") is former_next(tmp_path / "damaged") is None
    assert moves_since(None, now) == []
    assert moves_since((now.last_date_ + pd.Timedelta(days=1), former.next_), now) == []
    other = sf.RollingLoadings(40).fit(returns, factors.rename(columns={"market": "index"}))
    assert moves_since((former.last_date_, former.next_), other) == []
