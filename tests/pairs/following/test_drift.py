"""A hedge ratio has drifted when it leaves the 95 % band it had when following began."""

import numpy as np
import pandas as pd
import pytest

from statefolio.pairs.following.drift import Beginning, drift_of

ASSETS = pd.Index(["B", "C"])
NONE = pd.Series(np.nan, pd.bdate_range("2024-01-01", periods=20))


@pytest.mark.parametrize(("away", "named"), [(0.9, False), (-0.9, False), (1.1, True), (-1.1, True)])
def test_the_band_is_that_of_then(away, named):
    deviations = pd.Series([0.1, np.nan], ASSETS)
    beginning = Beginning(NONE.index[9], pd.Series([0.5, 2.0], ASSETS), deviations)
    found = drift_of(None, np.nan, 20, beginning, pd.Series([0.5 + away * 0.196, 9.0], ASSETS), NONE)
    assert found.drifting is named
    assert ("the hedge ratio of B is" in found.sentence) is named
    assert ("outside its 95 % band of 2024-01-12, 0.304 to 0.696" in found.sentence) is named
    assert "ratio of C" not in found.sentence  # without a band
