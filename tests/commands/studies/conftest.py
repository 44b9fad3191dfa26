"""A small study, run once."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def ran(tmp_path_factory):
    """Folder of the small study and what came of it."""
    from small_study import SMALL, Heard, study_of

    from statefolio.commands.studies.run import StudyPlan, run_study

    home = tmp_path_factory.mktemp("study")
    heard = Heard()
    outcome = run_study(study_of(SMALL, home), StudyPlan(home / "out"), heard)
    return home, outcome, heard
