"""A short run of benchmarks/fuzz.py: mutated files end in errors of the library, soon and in little memory."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

_SCRIPT = Path(__file__).parent.parent / "benchmarks" / "fuzz.py"
_TARGETS = (
    *("returns", "prices", "french", "weights", "groups"),
    *("study", "model", "risk", "trials", "holdout", "checkpoint"),
)
pytestmark = pytest.mark.skipif(not _SCRIPT.exists(), reason="the benchmarks are not part of the archive")


@pytest.fixture(scope="module")
def fuzz():
    found = importlib.util.spec_from_file_location("fuzz", _SCRIPT)
    module = importlib.util.module_from_spec(found)
    sys.modules["fuzz"] = module
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(_SCRIPT.parent))
        found.loader.exec_module(module)
        yield module
    del sys.modules["fuzz"], sys.modules["fuzz_mutations"]


def test_every_reader_has_a_short_run(fuzz):
    assert set(fuzz.targets()) == set(_TARGETS)


@pytest.mark.parametrize("target", _TARGETS)
def test_mutated_files_end_in_errors_of_the_library(fuzz, target):
    assert fuzz.fuzz(target, 60, seed=1) == {}


def test_a_run_is_counted_and_continued(fuzz, tmp_path, monkeypatch):
    record = tmp_path / "record.json"
    for inputs in (3, 5):
        arguments = ["fuzz.py", "--inputs", str(inputs), "--targets", "weights", "groups", "--record", str(record)]
        monkeypatch.setattr(sys, "argv", arguments)
        with pytest.raises(SystemExit):
            fuzz.main()
        done = json.loads(record.read_text())
        assert {name: counted["inputs"] for name, counted in done.items()} == {
            "weights, seed 0": inputs,
            "groups, seed 0": inputs,
        }


def test_a_fault_is_found(fuzz, tmp_path):
    def fail(path):
        raise KeyError(path.name)

    target = fuzz.Target(fail, (b"x",))
    assert fuzz.judge(target, b"x", tmp_path / "input") == "KeyError: 'input'"
