from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import statefolio as sf
from statefolio.commands.command_line import app
from statefolio.commands.loadings.options import LoadingsOptions, ReportOutput, StoreOutput
from statefolio.commands.shared_options import PanelFiles, SplitDates


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("panel")
    rng = np.random.default_rng(5)
    index = pd.bdate_range("2020-01-01", periods=70).rename("date")
    factors = pd.DataFrame({"market": 0.01 * rng.standard_normal(70)}, index)
    noise = 0.02 * rng.standard_normal((70, 66))
    returns = pd.DataFrame(noise + factors.to_numpy(), index, [f"A{i}" for i in range(66)])
    factors.to_csv(folder / "factors.csv")
    returns.to_csv(folder / "returns.csv")
    (folder / "blocks").mkdir()
    returns.iloc[:, :40].to_parquet(folder / "blocks" / "a.parquet")
    returns.iloc[:, 40:].to_parquet(folder / "blocks" / "b.parquet")
    return folder


@pytest.mark.parametrize("name", ["returns.csv", "blocks"])
def test_a_store_has_the_results_of_a_fit(name, files, tmp_path):
    words = ["loadings", "--returns", str(files / name), "--factors", str(files / "factors.csv")]
    words += ["--tuning", "discount", "--store", str(tmp_path / "x.zarr"), "--blocks", "64"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "70 dates x 66 assets x 2 factors" in done.output
    store = sf.loadings.LoadingsStore.open(tmp_path / "x.zarr")
    returns, factors = (
        pd.read_csv(files / each, index_col=0, parse_dates=True) for each in ("returns.csv", "factors.csv")
    )
    whole = sf.KalmanLoadings(tuning="discount").fit(returns, factors)
    np.testing.assert_array_equal(store.loadings()["filtered"], whole.loadings_["filtered"])
    again = CliRunner().invoke(app, words)
    assert again.exit_code != 0
    assert CliRunner().invoke(app, [*words, "--resume"]).exit_code == 0


def options(output=None, blocks=None, **dates):
    return LoadingsOptions(
        files=PanelFiles(returns=Path("r.csv"), factors=Path("f.csv")),
        dates=SplitDates(**dates),
        output=ReportOutput(**output or {}),
        blocks=StoreOutput(**blocks or {}),
    )


STORE, OUT = {"store": Path("x")}, {"out": Path("y")}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (options(), "--out or --store must be given, got neither"),
        (options(OUT, STORE), "--out or --store must be given, got both"),
        (options(OUT, {"workers": 2}), "--workers must be left out without --store, got 2"),
        (options(OUT, {"resume": True}), "--resume must be left out without --store"),
        (options(None, STORE, test_from=datetime(2020, 1, 1)), "--test-from must be left out without --out"),
        (
            options(None, {**STORE, "workers": 2, "scheduler": "tcp://a:1"}),
            "--workers must be left out with --scheduler",
        ),
    ],
)
def test_options_that_do_not_go_together(given, words):
    with pytest.raises(sf.InputError, match=words):
        given.check_output()


def test_options_that_do():
    options(OUT).check_output()
    options(None, {**STORE, "blocks": 128, "workers": 2, "resume": True}).check_output()
