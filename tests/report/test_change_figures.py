"""Figures of moving loadings and breaks, from a diagnosis made of tables."""

import numpy as np
import pandas as pd
import pytest

from statefolio.diagnostics.finding import Diagnosis, Finding
from statefolio.report.change_figures import break_months_figure, moving_share_figure


@pytest.fixture
def diagnosis():
    factors = ["alpha", "market", "value"]
    table = pd.DataFrame({"asset": np.repeat(list("abcd"), 3), "factor": factors * 4})
    moving = table.assign(moves=[False, True, False] * 3 + [False, False, True])
    unstable = table.assign(moves=False)
    months = pd.DataFrame(
        {"assets": [0, 3, 1], "share": [0.0, 0.75, 0.25]}, pd.period_range("2020-01", periods=3, freq="M", name="month")
    )
    findings = (
        Finding("moving loadings", 0.25, 0.01, 0.05, True, "Some move.", moving),
        Finding("unstable loadings", 0.0, 0.9, 0.05, False, "None moves.", unstable),
        Finding("breaks by month", 0.75, np.nan, np.nan, None, "Most in February.", months),
    )
    return Diagnosis("non-stationarity", findings)


def test_share_of_assets_by_factor_and_test(diagnosis):
    ratio, nyblom = moving_share_figure(diagnosis).data
    assert list(ratio.x) == ["alpha", "market", "value"]
    assert list(ratio.y) == [0.0, 75.0, 25.0]
    assert list(ratio.customdata) == [0, 3, 1]
    assert list(nyblom.y) == [0.0, 0.0, 0.0]
    assert (ratio.name, nyblom.name) == ("Likelihood ratio", "Nyblom")


def test_assets_that_broke_by_month(diagnosis):
    bars = break_months_figure(diagnosis).data[0]
    assert list(bars.y) == [0, 3, 1]
    assert pd.Timestamp(bars.x[1]) == pd.Timestamp("2020-02-01")
    assert bars.customdata[1][1] == 0.75
