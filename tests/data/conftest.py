"""Small files written by a test, and publishers' own files, which do not come with the repository."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def raw(shared: Path) -> Path:
    if not (shared / "raw").is_dir():
        pytest.skip("the folder shared/data/raw is not beside the project: tests on those files are skipped")
    return shared / "raw"


@pytest.fixture
def file(tmp_path):
    def write(text, name="AAA.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return write
