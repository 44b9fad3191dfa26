"""Sums of the attribution over periods, with bands."""

import numpy as np
import pytest

import statefolio as sf


def test_years_sum_to_the_whole_and_squares_of_errors_add_up():
    demo = sf.load_demo()
    returns, factors = demo.returns.iloc[:400, :3], demo.factors.iloc[:400, :2]
    model = sf.RollingLoadings(60).fit(returns, factors)
    earned = sf.risk.attribute_return(model, {"AAPL": 0.5, "AMD": 0.5}, returns, factors)
    years, whole = (sf.risk.attribution_by_period(earned, period) for period in ("year", "all"))
    assert years.index.get_level_values("period").unique().to_list() == ["2014", "2015"]
    assert years["contribution"].sum() == pytest.approx(float(earned["portfolio_return"].sum()))
    market = earned.sel(factor="market")
    row = whole.loc[("all", "market")]
    assert row["contribution"] == pytest.approx(float(market["contribution"].sum()))
    error = np.sqrt(float((market["contribution_standard_error"] ** 2).sum()))
    assert row["upper"] - row["contribution"] == pytest.approx(1.959964 * error, rel=1e-6)
