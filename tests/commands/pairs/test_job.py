"""The jobs of `pairs` and `screen`: whole folders or none, and the same numbers as the library."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from statefolio.commands.pairs.job import _default_start, run_pairs
from statefolio.commands.pairs.options import BasketFile, PairsOptions, Screening, ScreenOptions, UniverseFile
from statefolio.commands.pairs.price_inputs import PriceInputs
from statefolio.commands.pairs.screen_job import run_screen
from statefolio.commands.shared_options import Output
from statefolio.exceptions import InputError
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.screening.screen import screen_pairs


class Stops:
    """A progress callback that interrupts when a stage begins."""

    def __init__(self, at):
        self.at = at

    def say(self, text):
        """Do nothing."""

    def __call__(self, stage, done, total):
        if stage == self.at:
            raise KeyboardInterrupt


def basket(out, **options):
    return PairsOptions(files=BasketFile(prices=Path("prices.csv"), assets=()), output=Output(out=out), **options)


def universe(out, overwrite=False, **options):
    files, output = UniverseFile(prices=Path("prices.csv")), Output(out=out, overwrite=overwrite)
    return ScreenOptions(files=files, output=output, screening=Screening(**options))


@pytest.fixture(scope="module")
def inputs():
    draw = np.random.default_rng(8)
    walk = 30.0 + np.cumsum(draw.normal(scale=0.3, size=200))
    spread = np.zeros(200)
    for t in range(1, 200):
        spread[t] = 0.8 * spread[t - 1] + draw.normal(scale=0.3)
    table = pd.DataFrame({"ONE": 5.0 + spread + 0.9 * walk, "TWO": walk}, pd.bdate_range("2019-01-01", periods=200))
    table.iloc[40, 0] = np.nan
    return PriceInputs(table, pd.DataFrame(columns=["asset", "date", "kind", "detail"]), {"prices": "made up"})


def test_tables_hold_what_the_hedge_says(inputs, tmp_path, progress):
    done = run_pairs(inputs, basket(tmp_path / "out", draws=0, retune=None, cost=0.001, borrow=0.01), progress)
    fitted = KalmanHedge("stationary", "mle", passes=2000).fit(inputs.prices)
    table = pd.read_csv(tmp_path / "out" / "hedge.csv", index_col="date", parse_dates=True)
    np.testing.assert_allclose(table["ratio_TWO"], fitted.hedge_ratios_["predicted"].to_numpy()[:, 0], rtol=1e-12)
    np.testing.assert_allclose(table["held_value"], fitted.held_value_, rtol=1e-9, atol=1e-12)
    assert np.isnan(table["spread_predicted"].iloc[40])  # a gap is not filled
    assert progress.stages["walking"] == (5, 5)
    assert set(progress.stages) == {"tuning", "walking", "writing"}
    results = done.results.walk.results
    assert all(result.ledger["trading_cost"].sum() > 0.0 for result in results.values())
    assert any(result.ledger["borrow_fee"].sum() > 0.0 for result in results.values())
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "10 bp of the traded value and 100 bp a year of short positions" in page


@pytest.mark.parametrize("stage", ["tuning", "walking", "writing"])
def test_an_interrupt_at_any_stage_leaves_nothing(inputs, tmp_path, stage):
    with pytest.raises(KeyboardInterrupt):
        run_pairs(inputs, basket(tmp_path / "out", draws=0, retune=None), Stops(stage))
    assert not list(tmp_path.iterdir())


def test_an_error_in_the_middle_leaves_the_former_folder(inputs, tmp_path, progress):
    run_screen(inputs, universe(tmp_path / "out"), progress)
    before = sorted(file.name for file in (tmp_path / "out").iterdir())
    with pytest.raises(InputError, match="fdr"):
        run_screen(inputs, universe(tmp_path / "out", overwrite=True, fdr=7), progress)
    with pytest.raises(KeyboardInterrupt):
        run_screen(inputs, universe(tmp_path / "out", overwrite=True), Stops("writing"))
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_screen_s_tables_hold_what_the_screen_says(inputs, tmp_path, progress):
    options = {"until": inputs.prices.index[139], "fdr": 0.2, "lags": 1}
    run_screen(inputs, universe(tmp_path / "out", **options), progress)
    found = screen_pairs(inputs.prices, **options)
    table = pd.read_parquet(tmp_path / "out" / "baskets.parquet")
    pd.testing.assert_frame_equal(table, found.table, check_dtype=False, check_index_type=False)
    counts = pd.read_csv(tmp_path / "out" / "counts.csv", index_col="filter")["baskets"]
    assert counts.to_dict() == found.counts.to_dict()


def test_the_default_start_counts_dates_with_all_prices():
    dates = pd.bdate_range("2019-01-01", periods=100)
    prices = pd.DataFrame({"ONE": 1.0, "TWO": np.where(np.arange(100) < 50, [np.nan, 0.0] * 50, 2.0)}, dates)
    assert _default_start(prices) == dates[50 + 30]
