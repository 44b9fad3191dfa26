"""Files that are dropped into a folder: whole ones are taken in order, and answered once."""

import os

import numpy as np
import pandas as pd
import pytest

import statefolio as sf
from statefolio.commands.watching.job import Watch, watch_folder
from statefolio.commands.watching.options import WatchOptions
from statefolio.loadings import Live


@pytest.fixture(scope="module")
def panel():
    demo = sf.load_demo()
    return demo.returns.iloc[:130, :3], demo.factors[["market"]]


@pytest.fixture
def live(panel, tmp_path):
    returns, factors = panel
    model = sf.RollingLoadings(60).fit(returns.iloc[:100], factors)
    with Live(model, store=tmp_path / "a.zarr") as live:
        yield live


@pytest.fixture
def watch(live, tmp_path):
    (tmp_path / "drop").mkdir()
    said = []
    watch = Watch(tmp_path / "drop", live, said.append)
    watch.said = said
    return watch


def drop(panel, folder, first, last, name):
    returns, factors = panel
    table = returns.iloc[first:last].join(factors).rename_axis("date")
    table.to_parquet(folder / name) if name.endswith("parquet") else table.to_csv(folder / name)


def test_whole_files_are_taken_in_order(panel, watch):
    folder = watch.folder
    drop(panel, folder, 101, 103, "2.parquet")
    drop(panel, folder, 100, 101, "1.csv")
    assert watch.look() == 0  # seen for the first time
    assert watch.look() == 2
    assert watch.look() == 0
    assert [line.split(":")[0] for line in watch.said] == ["1.csv", "2.parquet"]
    answer = pd.read_csv(folder / "2.loadings.csv")
    whole = sf.RollingLoadings(60).fit(panel[0].iloc[:103], panel[1]).next_["mean"]
    np.testing.assert_allclose(answer["predicted"], whole.to_numpy().ravel(), rtol=1e-12)
    assert answer["after"].unique().tolist() == [str(panel[0].index[102].date())]


def test_half_written_files_wait_and_hold_up_later_ones(panel, watch):
    drop(panel, watch.folder, 100, 101, "1.csv")
    drop(panel, watch.folder, 101, 102, "2.csv")
    drop(panel, watch.folder, 102, 103, "3.csv.part")
    watch.look()
    with (watch.folder / "1.csv").open("a") as file:  # it grows
        file.write("")
    os.utime(watch.folder / "1.csv", ns=(1, 1))
    assert watch.look() == 0
    assert watch.look() == 2
    assert not (watch.folder / "3.loadings.csv").exists()


def test_what_cannot_be_taken_is_refused_with_the_reason_beside_it(panel, watch):
    drop(panel, watch.folder, 50, 51, "old.csv")
    (watch.folder / "text.csv").write_text("nonsense\n")
    panel[0].iloc[100:101].rename_axis("date").to_csv(watch.folder / "without.csv")
    watch.look()
    assert watch.look() == 3
    assert "which was taken before" in (watch.folder / "old.refused.txt").read_text()
    assert "it cannot be read" in (watch.folder / "text.refused.txt").read_text()
    assert "got no column of market" in (watch.folder / "without.refused.txt").read_text()
    drop(panel, watch.folder, 100, 101, "text.csv")  # dropped again
    watch.look()
    assert watch.look() == 1
    assert (watch.folder / "text.loadings.csv").exists()


def test_a_row_without_its_answer_is_answered_after_a_restart(panel, watch):
    drop(panel, watch.folder, 100, 102, "1.csv")
    expected = watch.live.update(panel[0].iloc[100:102], panel[1])  # and then the process was killed
    watch.look()
    watch.look()
    answer = pd.read_csv(watch.folder / "1.loadings.csv")
    np.testing.assert_allclose(answer["predicted"], expected["predicted"].to_numpy().ravel(), rtol=1e-12)
    assert "was taken before" in watch.said[0]


def test_the_command_takes_what_is_there(panel, live, tmp_path):
    live.close()
    (tmp_path / "drop").mkdir()
    drop(panel, tmp_path / "drop", 100, 101, "1.csv")
    said = []
    watch_folder(WatchOptions(folder=tmp_path / "drop", store=tmp_path / "a.zarr", every=0.01, once=True), said.append)
    assert (tmp_path / "drop" / "1.loadings.csv").exists()
    assert len(said) == 2
    assert "Ctrl-C" not in said[0]
    with pytest.raises(sf.InputError, match="FOLDER must be a folder"):
        watch_folder(WatchOptions(folder=tmp_path / "none", store=tmp_path / "a.zarr"), said.append)
