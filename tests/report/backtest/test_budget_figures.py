from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from statefolio.exceptions import InputError
from statefolio.report.backtest.budget_figures import (
    budget_figure,
    contribution_figure,
    tracked_contribution_figure,
    tracking_error_figure,
)


@pytest.fixture
def tracked():
    rng = np.random.default_rng(0)
    dates, both = pd.bdate_range("2020-01-01", periods=30, freq="20B"), ("date", "line")
    shares = rng.dirichlet([4.0, 3.0, 2.0, 1.0], 30)
    parts = {
        "filtered": shares,
        "lower": shares - 0.1,
        "upper": shares + 0.2,
        "target": np.tile([0.4, 0.3, 0.2, 0.1], (30, 1)),
    }
    found = {name: (both, values) for name, values in parts.items()}
    for name in ("tracking_error", "observed_tracking_error", "noise"):
        found[name] = ("date", rng.random(30))
    return xr.Dataset(found, {"date": dates, "line": list("ABCD")})


def test_contributions_and_their_budget_by_decision(long_only):
    figure = contribution_figure(long_only, most=3)
    got = long_only.details["risk_contribution"]
    largest = got.mean().sort_values(ascending=False).index[:3]
    solid = [trace for trace in figure.data if trace.line.dash is None]
    assert [trace.name for trace in solid] == list(largest)
    for trace in solid:
        np.testing.assert_allclose(trace.y, 100 * got[trace.name], rtol=1e-5)
        assert list(trace.x) == [f"{date:%Y-%m-%d}" for date in got.index]
    dashed = [trace for trace in figure.data if trace.line.dash == "dash" and trace.name != "Budget"]
    assert len(dashed) == 3
    assert all(np.allclose(trace.y, 5.0) for trace in dashed)


def test_means_over_decisions(long_only):
    bars, budget = budget_figure(long_only, most=50).data
    got = 100 * long_only.details["risk_contribution"][list(bars.y)]
    np.testing.assert_allclose(bars.x, got.mean(), rtol=1e-5)
    np.testing.assert_allclose(bars.x + bars.error_x.array, got.quantile(0.95), rtol=1e-5)
    np.testing.assert_allclose(bars.x - bars.error_x.arrayminus, got.quantile(0.05), rtol=1e-4)
    np.testing.assert_allclose(budget.x, 5.0, rtol=1e-6)
    assert len(budget_figure(long_only, most=7).data[0].y) == 7


def test_one_decision_without_a_budget_is_a_point(long_only):
    one = replace(long_only, details={"risk_contribution": long_only.details["risk_contribution"].iloc[:1]})
    figure = contribution_figure(one)
    assert {trace.mode for trace in figure.data} == {"markers"}
    assert len(budget_figure(one).data) == 1


def test_decisions_without_contributions(all_cash):
    with pytest.raises(InputError, match="record no 'risk_contribution'"):
        contribution_figure(all_cash)


def test_tracked_shares_with_bands(tracked):
    figure = tracked_contribution_figure(tracked, most=2)
    assert len(figure.data) == 8
    lower, upper, target, filtered = figure.data[:4]
    for trace, part in ((lower, "lower"), (upper, "upper"), (target, "target"), (filtered, "filtered")):
        np.testing.assert_allclose(trace.y, 100 * tracked[part].sel(line="A"), rtol=1e-5)
    assert [note.text for note in figure.layout.annotations] == ["A, % of risk", "B, % of risk"]
    lines = {trace.name: trace.y for trace in tracking_error_figure(tracked).data}
    np.testing.assert_allclose(lines["Filtered"], 100 * tracked["tracking_error"], rtol=1e-5)
    np.testing.assert_allclose(lines["Sampling error alone"], 100 * tracked["noise"], rtol=1e-5)


def test_no_tracked_share(tracked):
    with pytest.raises(InputError, match="tracked must have at least one"):
        tracked_contribution_figure(tracked.isel(date=[]))
