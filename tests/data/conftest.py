"""Where the large files are that do not come with the repository."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the folder shared/data is not beside the project: tests on those files are skipped")
    return SHARED


@pytest.fixture
def raw(shared: Path) -> Path:
    if not (shared / "raw").is_dir():
        pytest.skip("the folder shared/data/raw is not beside the project: tests on those files are skipped")
    return shared / "raw"
