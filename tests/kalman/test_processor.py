"""What equal bits depend on: recorded, and compared by name."""

import os
import subprocess
import sys
import warnings

import pytest

from statefolio.exceptions import StatefolioWarning
from statefolio.kalman.processor import processor_fingerprint, warn_of_mixed_processors

_PROGRAM = (
    "from statefolio.kalman.processor import processor_fingerprint as f; print(f()['processor'], f()['features'])"
)


def test_a_pinned_processor_is_recorded_as_the_target():
    pinned = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    command = [sys.executable, "-c", _PROGRAM]
    done = subprocess.run(command, env={**os.environ, **pinned}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "generic"


def test_equal_fingerprints_say_nothing():
    here = processor_fingerprint()
    assert here["features"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_mixed_processors([here, processor_fingerprint(), {}], "loadings.zarr")


def test_the_difference_is_named():
    here = processor_fingerprint()
    other = {**here, "features": here["features"] + ",of_tomorrow", "numba": "0.1"}
    with pytest.warns(StatefolioWarning) as caught:
        warn_of_mixed_processors([here, other], "loadings.zarr")
    message = str(caught[0].message)
    assert f"features: of_tomorrow; numba: 0.1 and {here['numba']}." in message
    assert message.startswith("loadings.zarr should come from processors and versions of one kind, got")
