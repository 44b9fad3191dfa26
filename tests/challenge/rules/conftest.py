"""The names that the tests' submissions use."""

import json

import pytest

from statefolio.challenge.rules.submission import InvalidSubmission, read_submission
from statefolio.challenge.rules.universe import Universe

UNIVERSE = Universe(("AAPL", "KO", "XOM"), ("market", "value"))


@pytest.fixture
def universe() -> Universe:
    return UNIVERSE


@pytest.fixture
def faults():
    """Return the faults of a submission; an empty list if it is valid."""

    def found(given, universe=UNIVERSE, **options):
        try:
            read_submission(json.dumps(given).encode(), universe, **options)
        except InvalidSubmission as error:
            return error.faults
        return []

    return found
