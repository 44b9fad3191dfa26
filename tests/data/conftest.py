"""Publishers' own files, which do not come with the repository."""

from pathlib import Path

import pytest


@pytest.fixture
def raw(shared: Path) -> Path:
    if not (shared / "raw").is_dir():
        pytest.skip("the folder shared/data/raw is not beside the project: tests on those files are skipped")
    return shared / "raw"
