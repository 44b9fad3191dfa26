"""A checkpoint is read by the user who wrote it, and by no other."""

import pickle

import pytest

from statefolio.backtest.walk_state import WalkState
from statefolio.commands.studies.records.checkpoint import checkpoint_path, read_checkpoint, write_checkpoint
from statefolio.exceptions import FileFormatError, InputError


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def written(tmp_path):
    path = checkpoint_path(tmp_path / "out")
    write_checkpoint(path, WalkState(3, {}, {}, {"a": 1}, []), "run")
    return path


def test_the_state_that_was_written_is_read(written):
    state = read_checkpoint(written, "run")
    assert (state.row, state.shared) == (3, {"a": 1})
    assert written.stat().st_mode & 0o077 == 0


def test_another_run_is_refused(written):
    with pytest.raises(InputError, match="belongs to another run"):
        read_checkpoint(written, "another")


class Bomb:
    def __reduce__(self):
        return exec, ("raise AssertionError('a foreign pickle was opened')",)


def test_a_checkpoint_of_another_machine_is_not_opened(written, monkeypatch, tmp_path):
    content = written.read_bytes()
    head = content[: len(b"statefolio checkpoint 1\n")]
    for forged in (head + b"0" * 32 + pickle.dumps(("run", Bomb())), pickle.dumps(Bomb()), content[:-1], b""):
        written.write_bytes(forged)
        with pytest.raises(FileFormatError, match="was not opened"):
            read_checkpoint(written, "run")
    written.write_bytes(content)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
    with pytest.raises(FileFormatError, match="another machine"):
        read_checkpoint(written, "run")


def test_a_missing_checkpoint(tmp_path):
    with pytest.raises(FileFormatError, match="does not exist"):
        read_checkpoint(tmp_path / "none", "run")


def test_a_checkpoint_with_classes_of_another_version_is_refused(written, monkeypatch):
    def without_the_module(content: bytes) -> None:
        raise ModuleNotFoundError("No module named 'statefolio.backtest.former'")

    monkeypatch.setattr(pickle, "loads", without_the_module)
    with pytest.raises(InputError, match="belongs to another run"):
        read_checkpoint(written, "run")
