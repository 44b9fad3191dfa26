"""A checkpoint is read by the user who wrote it, and by no other."""

import pickle

import pytest

from statefolio.backtest.walk_state import WalkState
from statefolio.commands.studies.records.checkpoint import checkpoint_path, read_checkpoint, write_checkpoint
from statefolio.exceptions import FileFormatError, InputError, OutputError


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


def test_a_checkpoint_that_breaks_the_classes_of_today_is_refused(written, monkeypatch):
    def with_other_fields(content: bytes) -> None:
        raise TypeError("__setstate__() takes other fields")

    monkeypatch.setattr(pickle, "loads", with_other_fields)
    with pytest.raises(InputError, match="belongs to another run"):
        read_checkpoint(written, "run")


def test_a_user_without_a_home_signs_with_a_key_in_a_private_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "nowhere"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = checkpoint_path(tmp_path / "out")
    write_checkpoint(path, WalkState(3, {}, {}, {}, []), "run")
    assert read_checkpoint(path, "run").row == 3
    assert not (tmp_path / "nowhere").exists()


def test_an_empty_key_signs_nothing(written, tmp_path):
    (tmp_path / "state" / "statefolio" / "checkpoint.key").write_bytes(b"")
    with pytest.raises(OutputError, match="is damaged"):
        read_checkpoint(written, "run")


def test_a_large_file_of_another_kind_is_not_read(written):
    with written.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(FileFormatError, match="was not opened"):
        read_checkpoint(written, "run")
