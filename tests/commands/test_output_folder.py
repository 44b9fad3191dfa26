import os
import stat
import sys
import threading

import pytest

from statefolio.commands.output_folder import whole_folder
from statefolio.exceptions import OutputError

FILES = frozenset({"a.txt", "b.txt"})


def entries(folder):
    return sorted(path.name for path in folder.iterdir())


def write_half(out, error, *, overwrite):
    with whole_folder(out, FILES, overwrite=overwrite) as folder:
        (folder / "a.txt").write_text("half")
        raise error


def test_a_folder_appears_whole(tmp_path):
    out = tmp_path / "out"
    with whole_folder(out, FILES, overwrite=False) as folder:
        (folder / "a.txt").write_text("new")
        assert not out.exists()
    assert entries(tmp_path) == ["out"]
    assert (out / "a.txt").read_text() == "new"
    assert stat.S_IMODE(out.stat().st_mode) & 0o500 == 0o500


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_a_block_that_fails_leaves_nothing(tmp_path, error):
    with pytest.raises(error):
        write_half(tmp_path / "out", error, overwrite=False)
    assert entries(tmp_path) == []


def test_a_block_that_fails_leaves_the_former_folder(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").write_text("former")
    with pytest.raises(RuntimeError):
        write_half(tmp_path / "out", RuntimeError, overwrite=True)
    assert (tmp_path / "out" / "a.txt").read_text() == "former"
    assert entries(tmp_path) == ["out"]


def test_an_earlier_run_is_replaced_only_with_overwrite(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "b.txt").write_text("former")
    with pytest.raises(OutputError, match=r"--out must be a new folder, got .*out, which exists already.*--overwrite"):
        whole_folder(out, FILES, overwrite=False).__enter__()
    with whole_folder(out, FILES, overwrite=True) as folder:
        (folder / "a.txt").write_text("new")
    assert entries(out) == ["a.txt"]
    assert entries(tmp_path) == ["out"]


def test_a_folder_with_other_files_is_never_replaced(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("years")
    with pytest.raises(OutputError, match=r"thesis\.tex"):
        whole_folder(tmp_path / "out", FILES, overwrite=True).__enter__()
    assert (tmp_path / "out" / "thesis.tex").read_text() == "years"


def test_places_where_no_folder_can_be_made(tmp_path):
    (tmp_path / "file").touch()
    for out, message in (
        (tmp_path / "file", "must be a folder, got the file"),
        (tmp_path / "no" / "out", "must be in a folder that exists"),
        (tmp_path / "file" / "out", "cannot be|Make"),
    ):
        with pytest.raises(OutputError, match=message):
            whole_folder(out, FILES, overwrite=True).__enter__()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_to_write(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="cannot be written"):
        whole_folder(tmp_path / "out", FILES, overwrite=False).__enter__()
    tmp_path.chmod(0o700)


def test_folders_of_killed_runs_are_removed_and_those_of_living_ones_stay(tmp_path):
    left = tmp_path / ".out.0123abcd.part"
    left.mkdir()
    (left / "a.txt").write_text("half")
    with whole_folder(tmp_path / "out", FILES, overwrite=False) as living:
        with whole_folder(tmp_path / "out", FILES, overwrite=False) as folder:
            (folder / "a.txt").write_text("new")
        assert living.exists()
        assert not left.exists()
        (tmp_path / "out" / "a.txt").unlink()
        (tmp_path / "out").rmdir()
    assert entries(tmp_path) == ["out"]


def test_a_former_folder_that_a_killed_run_moved_away_is_moved_back(tmp_path):
    (tmp_path / ".out.0123abcd.old").mkdir()
    (tmp_path / ".out.0123abcd.old" / "a.txt").write_text("former")
    with pytest.raises(OutputError, match="which exists already"):
        whole_folder(tmp_path / "out", FILES, overwrite=False).__enter__()
    assert (tmp_path / "out" / "a.txt").read_text() == "former"
    assert entries(tmp_path) == ["out"]


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="the system cannot exchange names")
def test_at_no_instant_is_there_neither_the_former_folder_nor_the_new_one(tmp_path):
    out, missing = tmp_path / "out", []
    (out).mkdir()
    done = threading.Event()

    def watch():
        while not done.is_set():
            if not out.exists():
                missing.append(True)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for k in range(300):
            with whole_folder(out, FILES, overwrite=True) as folder:
                (folder / "a.txt").write_text(str(k))
    finally:
        done.set()
        watcher.join()
    assert not missing
    assert (out / "a.txt").read_text() == "299"


def test_where_names_cannot_be_exchanged_the_former_folder_is_moved_away(tmp_path, monkeypatch):
    monkeypatch.setattr("statefolio.commands.exchange._system_call", lambda: None)
    test_an_earlier_run_is_replaced_only_with_overwrite(tmp_path)


def test_a_symbolic_link_to_the_folder_stays(tmp_path):
    (tmp_path / "disk" / "results").mkdir(parents=True)
    (tmp_path / "out").symlink_to(tmp_path / "disk" / "results")
    with whole_folder(tmp_path / "out", FILES, overwrite=True) as folder:
        (folder / "a.txt").write_text("new")
    assert (tmp_path / "out").is_symlink()
    assert (tmp_path / "disk" / "results" / "a.txt").read_text() == "new"
    assert entries(tmp_path / "disk") == ["results"]
