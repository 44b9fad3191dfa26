"""Compiled code lies where it can be written, and the first sentence of a warning says where."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import statefolio
from statefolio.kalman.allocation import scratch

_NOBODY = 65_533
_PROGRAM = """
import sys, time
from statefolio.kalman.allocation import scratch
from statefolio.backtest.new_process import _environment
assert scratch(1).shape == (1, 64)  # compiled in this process or another
print(scratch.stats.cache_path)
print(_environment("x").get("STATEFOLIO_CACHE_DIR"))
"""
_AS_NOBODY = (
    *("setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),  # may read all, as root's interpreter needs
)
ROOT = os.name == "posix" and os.geteuid() == 0
pytestmark = pytest.mark.skipif(os.name != "posix" or (ROOT and not shutil.which("setpriv")), reason="no other user")


@pytest.fixture
def package(tmp_path):
    """A copy of the package that the user of the test cannot write, and a folder for temporary files."""
    ignored = shutil.ignore_patterns("__pycache__", "challenge", "report", "pairs")
    copy = tmp_path / "package" / "statefolio"
    shutil.copytree(Path(statefolio.__file__).parent, copy, ignore=ignored)
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp").chmod(0o777)
    folders = [copy, *(path for path in copy.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    yield tmp_path
    for folder in folders:
        folder.chmod(0o755)


def run_as_nobody(home, **variables):
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(home / "tmp"), "PYTHONPATH": str(home / "package")}
    environment |= {} if ROOT else {"HOME": "/nowhere"}
    command = [*(_AS_NOBODY if ROOT else ()), sys.executable, "-c", _PROGRAM]
    return subprocess.run(
        command, cwd="/", env=environment | variables, capture_output=True, text=True, check=False, timeout=300
    )


def test_a_user_without_a_home_compiles_into_a_private_temporary_folder(package):
    done = run_as_nobody(package)
    assert done.returncode == 0, done.stderr
    folder = package / "tmp" / f"statefolio-{_NOBODY if ROOT else os.geteuid()}"
    assert done.stdout.startswith(str(folder / "compiled"))
    assert done.stdout.splitlines()[1] == str(folder)  # for the processes that check for look-ahead
    assert done.stderr.count("\n") == 1
    assert "StatefolioWarning: Compiled code is kept in" in done.stderr
    assert folder.stat().st_mode & 0o077 == 0
    compiled = {file: file.stat().st_mtime_ns for file in folder.rglob("*.nb[ic]")}
    assert compiled
    assert run_as_nobody(package).returncode == 0
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("*.nb[ic]")} == compiled


def test_code_beside_a_package_that_cannot_be_written_is_used(package):
    scratch(1)
    beside = package / "package" / "statefolio" / "kalman" / "__pycache__"
    beside.parent.chmod(0o755)
    shutil.copytree(Path(statefolio.__file__).parent / "kalman" / "__pycache__", beside)
    beside.chmod(0o555)
    beside.parent.chmod(0o555)
    done = run_as_nobody(package)
    assert (done.returncode, done.stderr) == (0, "")
    assert not [*(package / "tmp").rglob("*.nbc")]


def test_the_variable_names_the_folder(package):
    (package / "code").mkdir()
    (package / "code").chmod(0o777)
    done = run_as_nobody(package, STATEFOLIO_CACHE_DIR=str(package / "code"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(str(package / "code" / "compiled"))


@pytest.mark.parametrize("variable", ["STATEFOLIO_CACHE_DIR", "NUMBA_CACHE_DIR"])
def test_a_named_folder_that_cannot_be_written(package, variable):
    done = run_as_nobody(package, **{variable: "/nowhere/deep"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(package / "tmp"))
    assert done.stderr.count("\n") == 1
    assert f"{variable}, /nowhere/deep, cannot be written" in done.stderr
