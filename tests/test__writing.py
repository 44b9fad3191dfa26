import os
import stat
import sys
from contextlib import contextmanager

import pytest

from statefolio import _temporary
from statefolio._temporary import moved_away, private_folder, temporary_file, temporary_folder
from statefolio._writing import write_whole
from statefolio.exceptions import DataTypeError, OutputError


@pytest.fixture
def mask():
    """The permissions that new files do not get, for the time of a test."""
    former = os.umask(0o027)
    yield
    os.umask(former)


def test_bytes_and_text_are_written_as_they_come(tmp_path):
    write_whole(tmp_path / "a", b"\r\n\x00")
    write_whole(tmp_path / "b", "größer\n")
    assert (tmp_path / "a").read_bytes() == b"\r\n\x00"
    assert (tmp_path / "b").read_bytes() == "größer\n".encode()


@pytest.mark.usefixtures("mask")
def test_permissions_are_those_of_any_new_file_or_nobody_elses(tmp_path):
    write_whole(tmp_path / "open", "")
    write_whole(tmp_path / "private", "", private=True)
    assert stat.S_IMODE((tmp_path / "open").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "private").stat().st_mode) == 0o600


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_what_fails_half_way_leaves_the_former_file_and_nothing_else(tmp_path, monkeypatch, error):
    path = tmp_path / "it"
    write_whole(path, "former")

    def fail(_handle):
        raise error

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OutputError if isinstance(error, OSError) else error):
        write_whole(path, "new")
    assert path.read_text() == "former"
    assert list(tmp_path.iterdir()) == [path]


@contextmanager
def interrupted_at(instruction):
    """Raise KeyboardInterrupt at an instruction of `_temporary` while it is entered, counted over its functions."""
    left = instruction

    def trace(frame, event, _argument):
        nonlocal left
        if frame.f_code.co_filename != _temporary.__file__ or frame.f_code.co_name == "_name":
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left < 0:
                sys.settrace(None)
                raise KeyboardInterrupt
        return trace

    former = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(former)


@pytest.mark.parametrize(
    "entering",
    [temporary_folder, moved_away, lambda target: temporary_file(target, private=True)],
    ids=["folder", "moved", "file"],
)
def test_an_interrupt_at_any_instruction_before_the_block_leaves_nothing(tmp_path, entering):
    target = tmp_path / "it"
    target.mkdir()
    for instruction in range(1000):
        block = entering(target)
        try:
            with interrupted_at(instruction):
                block.__enter__()
        except KeyboardInterrupt:
            del block
            assert [path.name for path in tmp_path.iterdir()] == ["it"], instruction
        else:
            block.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
            break
    assert 20 < instruction < 999
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_is_missing_is_named(tmp_path):
    with pytest.raises(OutputError, match=r"absent.*cannot be written.*Make the folder"):
        write_whole(tmp_path / "absent" / "it", "")


@pytest.mark.parametrize("path", [None, 3, ["a"], b"bytes"])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(DataTypeError, match="path must be the path of a file, got"):
        write_whole(path, "")


def test_names_that_no_file_can_have(tmp_path):
    for name, message in (
        ("", "must be the path of a file, got ''"),
        (f"{tmp_path}/nul\x00byte", "must be the path of a file"),
        (tmp_path, "is a folder or device"),
        ("/dev/null", "is a folder or device"),
        (tmp_path / ("long" * 100), "cannot be written"),
    ):
        with pytest.raises(OutputError, match=message):
            write_whole(name, "")
    assert not list(tmp_path.iterdir())


def test_a_symbolic_link_stays_and_its_target_is_replaced(tmp_path):
    (tmp_path / "deep").mkdir()
    target, link = tmp_path / "deep" / "target", tmp_path / "link"
    target.write_text("former")
    link.symlink_to(target)
    write_whole(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    (tmp_path / "new link").symlink_to(tmp_path / "deep" / "to be")
    write_whole(tmp_path / "new link", "made")
    assert (tmp_path / "deep" / "to be").read_text() == "made"


def test_links_in_a_circle_are_refused(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(OutputError, match="form a circle"):
        write_whole(tmp_path / "a", "")


def test_files_of_killed_processes_are_removed_and_no_others(tmp_path):
    left = [tmp_path / ".it.0123abcd.part", tmp_path / ".it.0123abce.part"]
    others = [tmp_path / name for name in (".other.0123abcd.part", ".it.part", "it.0123abcd.part")]
    for file in (*left, *others):
        file.write_text("half")
    with temporary_file(tmp_path / "it", private=False) as (living, _):
        write_whole(tmp_path / "it", "whole")
        assert living.exists()
    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / "it", *others])


def test_without_locks_only_old_files_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr("statefolio._temporary._locks", None)
    fresh, old = tmp_path / ".it.0123abcd.part", tmp_path / ".it.0123abce.part"
    for file in (fresh, old):
        file.write_text("half")
    os.utime(old, (1.0, 1.0))
    write_whole(tmp_path / "it", "whole")
    assert sorted(tmp_path.iterdir()) == sorted([fresh, tmp_path / "it"])


def test_the_private_folder_is_used_by_its_owner_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = private_folder()
    assert folder == private_folder()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o777)  # another user may have put code there
    assert private_folder() != folder
    folder.rmdir()
    folder.symlink_to(tmp_path)
    assert private_folder() != folder
