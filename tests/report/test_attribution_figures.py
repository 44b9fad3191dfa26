"""The figure of return attribution by factor."""

import numpy as np
import pandas as pd
import xarray as xr

from statefolio.report.attribution_figures import MOST_DATES, return_attribution_figure


def earned(dates):
    rng = np.random.default_rng(2)
    values = rng.normal(0.0, 0.01, (dates, 3))
    values[:, 2] = 0.0
    coords = {"date": pd.bdate_range("2010-01-01", periods=dates), "factor": ["market", "value", "unattributed"]}
    return xr.Dataset({"contribution": (("date", "factor"), values)}, coords)


def test_lines_are_cumulative_sums_in_percent_and_zero_contributions_have_none():
    data = earned(50)
    figure = return_attribution_figure(data)
    assert [line.name for line in figure.data] == ["market", "value"]
    for line in figure.data:
        expected, total = [], 0.0
        for value in data["contribution"].sel(factor=line.name).to_numpy():
            total += 100.0 * value
            expected.append(total)
        np.testing.assert_allclose(line.y, expected, atol=1e-4)


def test_long_histories_are_downsampled_and_keep_the_last_date():
    data = earned(2 * MOST_DATES + 7)
    line = return_attribution_figure(data).data[0]
    assert MOST_DATES / 2 < len(line.x) <= MOST_DATES
    assert line.x[-1] == data.indexes["date"][-1]
    total = 100.0 * float(data["contribution"].sel(factor="market").sum())
    np.testing.assert_allclose(line.y[-1], total, atol=1e-4)
