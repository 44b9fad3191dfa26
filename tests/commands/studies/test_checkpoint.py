"""A checkpoint is read back by whom it was written, and by nobody else."""

import pickle

import pytest

from statefolio.backtest.walk_state import WalkState
from statefolio.commands.studies.checkpoint import checkpoint_path, read_checkpoint, write_checkpoint
from statefolio.exceptions import FileFormatError, InputError


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def written(tmp_path):
    path = checkpoint_path(tmp_path / "out")
    write_checkpoint(path, WalkState(3, {}, {}, {"a": 1}, []), "run")
    return path


def test_what_was_written_is_read(written):
    state = read_checkpoint(written, "run")
    assert (state.row, state.shared) == (3, {"a": 1})
    assert written.stat().st_mode & 0o077 == 0


def test_another_run_is_refused(written):
    with pytest.raises(InputError, match="of another run"):
        read_checkpoint(written, "another")


class Bomb:
    def __reduce__(self):
        return exec, ("raise AssertionError('a foreign pickle was opened')",)


def test_what_another_machine_wrote_is_not_opened(written, monkeypatch, tmp_path):
    content = written.read_bytes()
    head = content[: len(b"statefolio checkpoint 1\n")]
    for forged in (head + b"0" * 32 + pickle.dumps(("run", Bomb())), pickle.dumps(Bomb()), content[:-1], b""):
        written.write_bytes(forged)
        with pytest.raises(FileFormatError, match="not opened"):
            read_checkpoint(written, "run")
    written.write_bytes(content)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
    with pytest.raises(FileFormatError, match="another machine"):
        read_checkpoint(written, "run")


def test_none_is_there(tmp_path):
    with pytest.raises(FileFormatError, match="is not there"):
        read_checkpoint(tmp_path / "none", "run")
