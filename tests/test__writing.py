import os
import stat

import pytest

from statefolio._writing import write_whole
from statefolio.exceptions import OutputError


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


def test_a_folder_that_is_missing_is_named(tmp_path):
    with pytest.raises(OutputError, match=r"absent.*cannot be written.*Make the folder"):
        write_whole(tmp_path / "absent" / "it", "")
