"""What each factor earned, drawn."""

import numpy as np
import pandas as pd
import xarray as xr

from statefolio.report.attributed_figures import MOST_DATES, earned_figure


def earned(dates):
    rng = np.random.default_rng(2)
    values = rng.normal(0.0, 0.01, (dates, 3))
    values[:, 2] = 0.0
    coords = {"date": pd.bdate_range("2010-01-01", periods=dates), "factor": ["market", "value", "unattributed"]}
    return xr.Dataset({"contribution": (("date", "factor"), values)}, coords)


def test_lines_are_running_sums_in_percent_and_factors_that_earned_nothing_have_none():
    data = earned(50)
    figure = earned_figure(data)
    assert [line.name for line in figure.data] == ["market", "value"]
    for line in figure.data:
        expected, total = [], 0.0
        for value in data["contribution"].sel(factor=line.name).to_numpy():
            total += 100.0 * value
            expected.append(total)
        np.testing.assert_allclose(line.y, expected, atol=1e-4)


def test_of_a_long_history_some_dates_are_drawn_and_the_last_is_among_them():
    data = earned(2 * MOST_DATES + 7)
    line = earned_figure(data).data[0]
    assert MOST_DATES / 2 < len(line.x) <= MOST_DATES
    assert line.x[-1] == data.indexes["date"][-1]
    total = 100.0 * float(data["contribution"].sel(factor="market").sum())
    np.testing.assert_allclose(line.y[-1], total, atol=1e-4)
