"""The attribution says since when each asset counts, and its total leaves out what is not attributed."""

import numpy as np
import pandas as pd

from statefolio.report.backtest.exposure_figures import return_by_source_figure
from statefolio.report.counted_from import counted_from_sentence

DAY = pd.Timestamp("2020-03-02")


def test_late_assets_are_named_with_their_dates():
    counted = pd.Series({"A": DAY, "B": DAY + pd.Timedelta(days=3), "C": pd.NaT, "D": pd.NaT})
    assert counted_from_sentence(counted, DAY) == (
        "Loadings that are not informative yet count as unattributed: B counts from 2020-03-05; 2 assets (C, ...) "
        "count never."
    )
    assert counted_from_sentence(counted[["A"]], DAY) == ""
    many = pd.Series(pd.date_range(DAY, periods=7), [f"A{i}" for i in range(7)])
    assert counted_from_sentence(many, DAY).endswith("A4 counts from 2020-03-06; 2 other dates.")


def test_the_total_leaves_out_what_is_not_attributed():
    dates = pd.bdate_range("2020-01-01", periods=3)
    earned = pd.DataFrame({"market": 0.01, "residual": -0.002, "unattributed": [0.05, 0.0, 0.0]}, dates)
    figure = return_by_source_figure(earned)
    lines = {line.name: np.array(line.y, dtype=float) for line in figure.data}
    np.testing.assert_allclose(lines["Total"], [0.8, 1.6, 2.4])
    np.testing.assert_allclose(lines["unattributed"], 5.0)
