"""Compiled code is found by the content of its sources, and by nothing else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from numba import njit

from statefolio.kalman import code_cache
from statefolio.kalman.code_cache import CodeCache, Places, sources_of

_COUNT = """
import sys
from statefolio.kalman import compiled_code
from statefolio.kalman.allocation import scratch
scratch(1)
print(sum(scratch.stats.cache_hits.values()), sum(scratch.stats.cache_misses.values()), scratch.stats.cache_path)
"""


def twice(x):
    return 2 * x


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A small package: a file of loops, a file that it imports, and one that it does not."""
    (tmp_path / "kalman").mkdir()
    (tmp_path / "kalman" / "sweep.py").write_text("import os\nfrom statefolio.kalman.step import (\n    gain,\n)\n")
    (tmp_path / "kalman" / "step.py").write_text("from statefolio.kalman import signs\ngain = 1\n")
    (tmp_path / "kalman" / "signs.py").write_text("plus = 1\n")
    (tmp_path / "kalman" / "blocks.py").write_text("threads = 1\n")
    monkeypatch.setattr(code_cache, "PACKAGE", tmp_path)
    forget()
    yield tmp_path / "kalman"
    forget()


def forget():
    sources_of.cache_clear()
    code_cache._read.cache_clear()


def made_of(folder):
    forget()
    return sources_of(folder / "sweep.py")


def test_the_content_of_the_sources_counts_and_their_times_do_not(package):
    before = made_of(package)
    for file in package.iterdir():
        os.utime(file, ns=(1, 1))
    (package / "blocks.py").write_text("threads = 2\n")
    assert made_of(package) == before
    (package / "signs.py").write_text("plus = 2\n")  # imported by an imported file
    changed = made_of(package)
    assert changed != before
    (package / "signs.py").write_bytes(b"plus = 1\r\n")  # as git writes it elsewhere
    assert made_of(package) == before


def cache_in(folder, **options):
    return CodeCache(twice, Places((folder,), folder, lambda: None, **options))


def compiled_with(cache):
    function = njit(twice)
    function._cache = cache
    assert function(4) == 8
    return sum(function.stats.cache_hits.values())


def test_a_damaged_file_is_compiled_again(tmp_path):
    assert compiled_with(cache_in(tmp_path)) == 0
    assert compiled_with(cache_in(tmp_path)) == 1
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    assert compiled_with(cache_in(tmp_path)) == 0
    assert compiled_with(cache_in(tmp_path)) == 1


def test_code_of_other_sources_stays_in_a_shared_folder_and_goes_from_the_packages_own(tmp_path, monkeypatch):
    compiled_with(cache_in(tmp_path))
    (former,) = tmp_path.iterdir()
    monkeypatch.setattr(code_cache, "sources_of", lambda _: "0" * 16)
    compiled_with(cache_in(tmp_path))
    assert former.exists()
    shutil.copy(former, former.with_name(former.name.replace("twice", "thrice")))
    cache = cache_in(tmp_path, is_ours=True)
    cache.flush()
    compiled_with(cache)
    assert not former.exists()
    assert len([*tmp_path.iterdir()]) == 2


def test_a_folder_that_cannot_be_written_costs_a_compilation_and_no_more(tmp_path):
    (tmp_path / "file").touch()
    for _ in range(2):
        assert compiled_with(cache_in(tmp_path / "file")) == 0


def test_two_versions_and_two_processors_share_a_folder(tmp_path, monkeypatch):
    compiled_with(cache_in(tmp_path))
    monkeypatch.setattr(code_cache, "_VERSIONS", ("0.1", "0.2"))
    assert compiled_with(cache_in(tmp_path)) == 0
    assert len([*tmp_path.iterdir()]) == 2
    key = cache_in(tmp_path)._index_key
    monkeypatch.setattr(CodeCache, "_index_key", lambda self, sig, codegen: (*key(sig, codegen), "another processor"))
    assert compiled_with(cache_in(tmp_path)) == 0
    assert len([*tmp_path.iterdir()]) == 3


def test_a_copy_of_the_package_with_other_times_compiles_nothing(tmp_path):
    shared = tmp_path / "shared"
    ignored = shutil.ignore_patterns("__pycache__", "challenge", "report", "pairs", "samples")
    found = []
    for number in range(2):
        copy = tmp_path / str(number) / "statefolio"
        shutil.copytree(Path(code_cache.__file__).parent.parent, copy, ignore=ignored, copy_function=shutil.copyfile)
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(shared), "PYTHONPATH": str(copy.parent)}
        command = [sys.executable, "-c", _COUNT]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=tmp_path)
        found.append(done.stdout.split())
        assert done.stderr == ""
    assert found == [["0", "1", str(shared / "statefolio")], ["1", "0", str(shared / "statefolio")]]
