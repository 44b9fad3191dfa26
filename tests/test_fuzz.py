"""A short run of benchmarks/fuzz.py: mutated files end in errors of the library, soon and in little memory."""

import importlib.util
import sys
from pathlib import Path

import pytest

_SCRIPT = Path(__file__).parent.parent / "benchmarks" / "fuzz.py"
_TARGETS = (
    *("returns", "prices", "french", "weights", "groups"),
    *("study", "model", "trials", "holdout", "checkpoint"),
)
pytestmark = pytest.mark.skipif(not _SCRIPT.exists(), reason="the benchmarks are not part of the archive")


@pytest.fixture(scope="module")
def fuzz():
    found = importlib.util.spec_from_file_location("fuzz", _SCRIPT)
    module = importlib.util.module_from_spec(found)
    sys.modules["fuzz"] = module
    found.loader.exec_module(module)
    yield module
    del sys.modules["fuzz"]


def test_every_reader_has_a_short_run(fuzz):
    assert set(fuzz.targets()) == set(_TARGETS)


@pytest.mark.parametrize("target", _TARGETS)
def test_mutated_files_end_in_errors_of_the_library(fuzz, target):
    assert fuzz.fuzz(target, 60, seed=1) == {}


def test_a_fault_is_found(fuzz, tmp_path):
    def fail(path):
        raise KeyError(path.name)

    target = fuzz.Target(fail, (b"x",))
    assert fuzz.judge(target, b"x", tmp_path / "input") == "KeyError: 'input'"
