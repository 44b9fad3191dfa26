"""The commands init, run and update."""

import re
import signal
import subprocess
import sys
import time

import pytest
from small_study import SMALL
from typer.testing import CliRunner

from statefolio.commands.command_line import app


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def plain(text):
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())


def test_init_then_run_then_update(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("init")
    assert done.exit_code == 0
    assert "statefolio run study.toml" in done.output
    assert run("init").exit_code == 2
    text = (tmp_path / "study.toml").read_text(encoding="utf-8")
    text = text.replace("# to = 2022-12-28", "to = 2017-03-31 ").replace("count = 5", "count = 2")
    text = text.replace('tuning = "pooled"', 'tuning = "fixed"\nstate_variance = 1e-3', 1)
    text = text.replace('residual_structure = "factors"', 'residual_structure = "none"')
    (tmp_path / "study.toml").write_text(text.replace("look_ahead_cuts = 10", "look_ahead_cuts = 1"))
    done = run("run", "study.toml")
    assert done.exit_code == 0, done.output
    checked = "Look-ahead check: no look-ahead found in 1 of 1 cuts; files and unlabelled arrays are not searched."
    year = "Annual numbers take 252 dates per year, as the data have."
    for part in (checked, year, "Configurations tried: 2", "sealed", "report.html", "quarter_kelly"):
        assert part in plain(done.output)
    assert (tmp_path / "study-results" / "report.html").exists()
    done = run("run", "study.toml")
    assert done.exit_code == 2
    assert "--overwrite" in plain(done.stderr)
    done = run("update", "study.toml", "--orders", "orders.csv")
    assert done.exit_code == 0, done.output
    for part in ("Decided at the close of 2017-03-31", "does not trade on this date", "buy", "sell", "shares"):
        assert part in plain(done.output)
    assert (tmp_path / "orders.csv").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SMALL.replace("[backtest]", "[backtset]"), "Did you mean backtest?"),
        (SMALL.replace('"demo"', '"files"\nprices = "p.csv"\nfactors = "f.csv"'), "p.csv cannot be read"),
        ("[study", "must be TOML"),
    ],
)
def test_a_bad_study_is_one_message_and_exit_code_2(text, message, tmp_path):
    (tmp_path / "study.toml").write_text(text)
    for command in ("run", "update"):
        done = run(command, tmp_path / "study.toml")
        assert done.exit_code == 2
        assert message in plain(done.stderr)
        assert plain(done.stderr).count("error:") == 1
        assert [path.name for path in tmp_path.iterdir()] == ["study.toml"]


def test_update_takes_a_study_or_a_model(tmp_path):
    file = tmp_path / "m"
    file.touch()
    for arguments in ((), (file, "--model", file), (file, "--returns", file)):
        done = run("update", *arguments)
        assert done.exit_code == 2
        assert "update needs either a study file, or --model with --returns and --factors" in plain(done.stderr)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_no_results_and_says_how_to_continue(stop, tmp_path):
    (tmp_path / "study.toml").write_text(SMALL.replace("look_ahead_cuts = 2", "look_ahead_cuts = 40"))
    command = [sys.executable, "-m", "statefolio", "run", str(tmp_path / "study.toml")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline:
            if any(path.name.endswith(".part") for path in tmp_path.iterdir()):
                break
            time.sleep(0.005)
        process.send_signal(stop)
        _, printed = process.communicate(timeout=120)
    assert process.returncode == 130, printed
    left = {path.name for path in tmp_path.iterdir()}
    assert left <= {"study.toml", "study-results.holdout.json", ".study-results.checkpoint"}
    advice = "--resume continues" if ".study-results.checkpoint" in left else "run it again"
    assert "Interrupted; no results were written" in plain(printed)
    assert advice in plain(printed)
