"""A small study, run once."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def ran(tmp_path_factory):
    """Return the folder of the small study, its result, and the recorded progress."""
    from small_study import SMALL, Recorded, study_of

    from statefolio.commands.studies.options import StudyOutput
    from statefolio.commands.studies.run import run_study

    home = tmp_path_factory.mktemp("study")
    recorded = Recorded()
    result = run_study(study_of(SMALL, home), StudyOutput(out=home / "out"), recorded)
    return home, result, recorded
