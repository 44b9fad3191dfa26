"""The command line from files to files, and what it does with bad input."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from statefolio import commands
from statefolio.commands.command_line import app

WRITTEN = ["loadings.parquet", "model.statefolio", "parameters.csv", "report.html", "scores.csv"]


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def plain(text):
    """Text without colours and line ends."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())


def entries(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def tables():
    rng = np.random.default_rng(11)
    dates = pd.bdate_range("2015-01-01", periods=1300, name="date")
    factors = pd.DataFrame(rng.normal(0, 0.01, (1300, 2)), dates, ["market", "value"])
    slopes = np.stack([np.linspace(0.5, 1.5, 6), np.linspace(-1, 1, 6)])
    drift = np.cumsum(rng.normal(0, 0.01, (1300, 6)), axis=0)
    market = factors.to_numpy()[:, :1] * drift
    returns = factors.to_numpy() @ slopes + market + rng.normal(0, 0.01, (1300, 6))
    returns[rng.random(returns.shape) < 0.02] = np.nan
    factors["rf"] = 0.0001
    return pd.DataFrame(returns, dates, [f"s{i}" for i in range(6)]), factors


@pytest.fixture
def files(tables, tmp_path):
    for name, table in zip(("returns.csv", "factors.csv"), tables, strict=True):
        table.to_csv(tmp_path / name)
    return ["--returns", tmp_path / "returns.csv", "--factors", tmp_path / "factors.csv", "--risk-free", "rf"]


def test_a_run_writes_all_files_and_lists_them(files, tables, tmp_path):
    done = run("loadings", *files, "--out", tmp_path / "out", "--test-from", "2018-01-01")
    assert done.exit_code == 0, done.output
    assert entries(tmp_path / "out") == WRITTEN
    assert entries(tmp_path) == ["factors.csv", "out", "returns.csv"]
    table = pd.read_parquet(tmp_path / "out" / "loadings.parquet")
    assert len(table) == 1300 * 6 * 3
    assert set(table["factor"]) == {"alpha", "market", "value"}
    scores = pd.read_csv(tmp_path / "out" / "scores.csv")
    assert {"model", "asset", "error_variance", "log_score", "log_score_common"} <= set(scores.columns)
    assert set(scores["model"]) == {
        "Kalman",
        "static",
        "exponential",
        *(f"rolling {window}" for window in (60, 120, 250, 500)),
    }
    parameters = pd.read_csv(tmp_path / "out" / "parameters.csv", index_col="asset")
    assert list(parameters.index) == list(tables[0].columns)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "2017-12-29" in page  # tuned until the date before the test
    shown = plain(done.output)
    for part in ("report.html", "rolling 250", "1,300, 2015-01-01", "tuned until 2017-12-29"):
        assert part in shown


def test_an_update_continues_the_saved_model(files, tables, tmp_path):
    import statefolio.loadings.kalman_loadings as kalman

    out, model = tmp_path / "out", tmp_path / "out" / "model.statefolio"
    whole = run("loadings", *files, "--out", tmp_path / "whole", "--tune-until", "2018-01-01")
    part = run("loadings", *files, "--out", out, "--tune-until", "2018-01-01", "--to", "2019-06-28")
    assert whole.exit_code == part.exit_code == 0, part.output
    done = run("update", "--model", model, *files)
    assert done.exit_code == 0, done.output
    assert "now ends on 2019-12-25" in plain(done.output)
    continued = kalman.KalmanLoadings.load(model).next_["mean"]
    at_once = kalman.KalmanLoadings.load(tmp_path / "whole" / "model.statefolio").next_["mean"]
    np.testing.assert_array_equal(continued, at_once)
    again = run("update", "--model", model, *files)
    assert again.exit_code == 0
    assert "No new dates" in again.output
    written = {"model-new-loadings.parquet", "model-update.html", "model.statefolio.backup"}
    assert set(entries(out)) - set(WRITTEN) == written


def test_an_earlier_run_is_replaced_only_with_overwrite(files, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "scores.csv").write_text("former")
    done = run("loadings", *files, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "exists already" in plain(done.stderr)
    assert (tmp_path / "out" / "scores.csv").read_text() == "former"
    for count in range(2):  # the second run finds the model of the first
        done = run("loadings", *files, "--out", tmp_path / "out", "--overwrite")
        assert done.exit_code == 0, done.output
        assert entries(tmp_path / "out") == WRITTEN
        page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
        assert page.count("Since the former run, which ended on") == count


def spoil(tmp_path, what):
    """Spoil one of the two files."""
    returns, factors = tmp_path / "returns.csv", tmp_path / "factors.csv"
    table = pd.read_csv(returns, index_col=0)
    if what == "missing":
        returns.unlink()
    elif what == "empty":
        returns.write_text("")
    elif what == "encoding":
        returns.write_bytes("datum;Möller\n".encode("utf-16"))
    elif what == "unsorted":
        table.sample(frac=1.0, random_state=0).to_csv(returns)
    elif what == "duplicate dates":
        pd.concat([table, 0.5 * table.tail(1)]).to_csv(returns)
    elif what == "infinite":
        table.iloc[5, 0] = np.inf
        table.to_csv(returns)
    elif what == "no overlap":
        table.index = pd.bdate_range("1950-01-01", periods=len(table), name="date")
        table.to_csv(returns)
    elif what == "constant factor":
        frame = pd.read_csv(factors, index_col=0)
        frame.assign(one=1.0).to_csv(factors)
    elif what == "truncated":
        table.to_parquet(returns)
        returns.write_bytes(returns.read_bytes()[:-40])


@pytest.mark.parametrize(
    "what",
    [
        "missing",
        "empty",
        "encoding",
        "unsorted",
        "duplicate dates",
        "infinite",
        "no overlap",
        "constant factor",
        "truncated",
    ],
)
def test_bad_files_give_one_message_exit_code_2_and_no_folder(what, files, tmp_path):
    spoil(tmp_path, what)
    before = entries(tmp_path)
    done = run("loadings", *files, "--out", tmp_path / "out")
    assert done.exit_code == 2, done.output
    assert plain(done.stderr).count("error:") == 1
    assert "Traceback" not in done.output
    assert entries(tmp_path) == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--risk-free", "RF"], "--risk-free must be a column of"),
        (["--from", "2030-01-01"], "--from 2030-01-01 must leave dates"),
        (["--test-from", "2030-01-01"], "--test-from must be after 2015-01-01 and at or before 2019-12-25, got 2030"),
        (["--tune-until", "1990-01-01"], "--tune-until must be at or after the first date, 2015-01-01, got 1990-01-01"),
        (["--tuning", "magic"], "--tuning must be 'pooled', 'mle', 'shrunk' or 'discount', got 'magic'"),
        (["--from", "yesterday"], "--from must be a date such as 2015-12-31, got 'yesterday'"),
    ],
)
def test_bad_options_are_named_with_the_valid_values(options, message, files, tmp_path):
    before = entries(tmp_path)
    done = run("loadings", *files[:4], "--out", tmp_path / "out", *options)
    assert done.exit_code == 2
    assert message in plain(done.stderr)
    assert entries(tmp_path) == before


def test_a_file_that_is_not_a_model(files, tmp_path):
    (tmp_path / "model.statefolio").write_text("no model")
    messages = {
        "model.statefolio": f"error: {tmp_path / 'model.statefolio'} is truncated or not a model file",
        "absent": f"error: --model must be a file, got {tmp_path / 'absent'}, which cannot be read: it does not exist.",
    }
    for name, message in messages.items():
        done = run("update", "--model", tmp_path / name, *files)
        assert done.exit_code == 2
        assert plain(done.stderr).startswith(message)
    assert (tmp_path / "model.statefolio").read_text() == "no model"


def test_returns_in_percent_are_refused(tables, files, tmp_path):
    (100 * tables[0]).to_csv(tmp_path / "returns.csv")
    done = run("loadings", *files[:4], "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "Pass --percent" in plain(done.stderr)
    assert not (tmp_path / "out").exists()
    done = run("loadings", *files, "--percent", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "it seems" not in plain(done.output)


def test_an_interrupt_writes_nothing(files, tmp_path):
    before = entries(tmp_path)
    command = [sys.executable, "-m", "statefolio", "loadings", *map(str, files)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([*command, "--out", str(tmp_path / "out")], **pipes) as process:
        deadline = time.monotonic() + 120
        while entries(tmp_path) == before and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        begun = entries(tmp_path)
        process.send_signal(signal.SIGINT)
        _, printed = process.communicate(timeout=120)
    assert any(name.endswith(".part") for name in begun), printed
    assert process.returncode == 130, printed
    assert "nothing was written" in printed
    assert entries(tmp_path) == before


def test_help_and_a_mistyped_path_need_nothing_heavy_and_the_jobs_no_scikit_learn():
    heavy = {"numba", "pandas", "numpy", "plotly", "scipy", "sklearn", "xarray", "pyarrow", "skfolio"}
    slow = {"sklearn", "scipy.stats", "scipy.sparse", "skfolio", "statsmodels"}
    script = (
        "import sys; from typer.testing import CliRunner; from statefolio.commands.command_line import app; "
        "done = CliRunner().invoke(app, ['--help']); assert done.exit_code == 0; "
        "mistyped = [['pairs', '--prices', 'no.csv', '--assets', 'A,B', '--out', 'o'], ['tearsheet', 'no.csv'], "
        "['run', 'no.toml']]; "
        "assert [CliRunner().invoke(app, each).exit_code for each in mistyped] == [2, 2, 2]; "
        f"print(sorted({heavy!r} & set(sys.modules))); "
        "import statefolio.commands.risk.job, statefolio.commands.loadings.job; "
        f"print(sorted({slow!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "[]"]


def test_version():
    done = run("--version")
    assert done.exit_code == 0
    assert re.match(r"statefolio \d+\.\d+", done.output)


def test_every_command_is_registered():
    """A module that defines commands is imported by the command line, and help lists what it defines."""
    folder = Path(commands.__file__).parent
    defined = {
        function.rstrip("_").replace("_", "-")
        for path in folder.rglob("*.py")
        for function in re.findall(r"^@command\([^\n]*\)\ndef (\w+)", path.read_text(), re.MULTILINE)
    }
    listed = {name.replace(" ", "-") for name in get_command(app).commands}
    assert {"loadings", "watch", "warm"} <= defined
    assert defined <= listed, defined - listed
