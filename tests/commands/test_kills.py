"""A run that is killed leaves the former results or the new ones, and the next run leaves nothing else."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from statefolio._writing import write_whole
from statefolio.commands.output_folder import whole_folder

FILES = frozenset({"a.txt", "b.txt"})
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")


def write_for_ever(place):
    for k in range(1_000_000):
        with whole_folder(place / "out", FILES, overwrite=True) as folder:
            for name in FILES:
                (folder / name).write_text(f"{k}" * 1_000)
        write_whole(place / "model", f"{k}" * 1_000)


def check(place):
    texts = [(place / "out" / name).read_text() for name in FILES]
    assert texts[0] == texts[1]
    assert len((place / "model").read_text()) % 1_000 == 0


def test_results_are_whole_after_every_kill(tmp_path):
    rng = np.random.default_rng(5)
    for _ in range(25):
        process = os.fork()
        if not process:
            try:
                write_for_ever(tmp_path)
            finally:
                os._exit(1)
        time.sleep(float(rng.uniform(0.02, 0.06)))
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        if (tmp_path / "model").exists():
            check(tmp_path)
    with whole_folder(tmp_path / "out", FILES, overwrite=True) as folder:
        (folder / "a.txt").write_text("last")
    write_whole(tmp_path / "model", "last")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "out"]


_KILLED = """
import os, signal, sys
from statefolio.commands.command_line import app
place, event, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
seen = 0
def kill(name, arguments):
    global seen
    if name == event and any(str(each).startswith(place) for each in arguments):
        seen += 1
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(kill)
app(sys.argv[4:])
"""


@pytest.mark.parametrize(("event", "number"), [("open", 4), ("os.rename", 2)])
def test_a_study_that_is_killed(tmp_path, event, number):
    (tmp_path / "study.toml").write_text(STUDY)
    words = ["run", str(tmp_path / "study.toml"), "--out", str(tmp_path / "place" / "out"), "--overwrite"]
    (tmp_path / "place").mkdir()
    command = [sys.executable, "-c", _KILLED, str(tmp_path / "place"), event]
    done = subprocess.run([*command, str(number), *words], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    names = sorted(path.name for path in (tmp_path / "place").iterdir() if not path.name.startswith("."))
    assert set(names) <= {"out", "out.trials.parquet"}
    done = subprocess.run([*command, "0", *words], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert sorted(path.name for path in (tmp_path / "place").iterdir()) == ["out", "out.trials.parquet"]


STUDY = """
[study]
name = "kills"
[data]
source = "demo"
from = 2018-01-02
to = 2019-12-31
[portfolio.even]
objective = "equal_weight"
[backtest]
start = 2019-01-02
rebalance = "monthly"
benchmark = "even"
[validation]
look_ahead_cuts = 0
[validation.windows]
count = 2
embargo = 5
"""
