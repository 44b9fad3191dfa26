import numpy as np
import pandas as pd
import pytest
import xarray as xr

from statefolio.exceptions import InputError
from statefolio.factors.exposure_fields import read_exposures


@pytest.mark.parametrize(("labels", "absent"), [({}, "'date', 'asset'"), ({"date": [0, 1, 2]}, "'asset'")])
def test_exposures_without_labels_are_refused(labels, absent):
    dates = pd.bdate_range("2015-01-01", periods=3)
    bare = xr.Dataset({"size": (("date", "asset"), np.ones((3, 2)))}, labels)
    with pytest.raises(InputError, match=f"exposure 'size' must have labels .* got none along {absent}"):
        read_exposures(bare, dates, pd.Index(["A", "B"]), None)
    with pytest.raises(InputError, match="exposures must have labels"):
        read_exposures(bare["size"].expand_dims("factor"), dates, pd.Index(["A", "B"]), None)
