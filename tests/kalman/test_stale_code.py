"""Compiled code is deleted when a source changed, and only then."""

import os
from pathlib import Path

from statefolio.kalman import stale_code


def test_compiled_code_is_deleted_once_a_source_changes(tmp_path, monkeypatch):
    sources, folder = tmp_path / "sources", tmp_path / "cache" / "deep"
    sources.mkdir()
    (sources / "stale_code.py").write_text("")
    (sources / "step.py").write_text("gain = 1")
    monkeypatch.setattr(stale_code, "__file__", str(sources / "stale_code.py"))
    stale_code.forget_stale_code(folder)
    code = [folder / "sweep.nbi", folder / "sweep.1.nbc"]
    for file in code:
        file.write_text("compiled")
    stale_code.forget_stale_code(folder)
    assert all(file.exists() for file in code)
    os.utime(sources / "step.py", ns=(1, 1))  # as on another machine
    stale_code._hashes.cache_clear()
    stale_code.forget_stale_code(folder)
    assert all(file.exists() for file in code)
    former = (sources / "step.py").stat()
    (sources / "step.py").write_text("gain = 2")
    os.utime(sources / "step.py", ns=(former.st_atime_ns, former.st_mtime_ns))  # of the same size and time
    stale_code._hashes.cache_clear()
    other = folder / "module.pyc"
    other.write_text("not ours")
    stale_code.forget_stale_code(folder)
    assert not any(file.exists() for file in code)
    assert other.exists()


def test_sources_of_other_folders_count_too(tmp_path):
    other, folder = tmp_path / "other", tmp_path / "cache"
    (other / "deep").mkdir(parents=True)
    (other / "deep" / "recursion.py").write_text("gain = 1")
    stale_code.forget_stale_code(folder, other)
    code = folder / "recursion.nbi"
    code.write_text("compiled")
    stale_code.forget_stale_code(folder, other)
    assert code.exists()
    (other / "deep" / "recursion.py").write_text("gain = 22")
    stale_code._hashes.cache_clear()
    stale_code.forget_stale_code(folder, other)
    assert not code.exists()


def test_a_folder_that_cannot_be_written_is_left_alone(tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    stale_code.forget_stale_code(Path(in_the_way) / "cache")
    assert in_the_way.read_text() == ""
