"""Tests of the portfolio track: measures, gates, and scores that are not defined."""

import numpy as np
import pytest
from small_round import EQUAL, KELLY, VARIANCE

from statefolio.challenge.rules.settings import GatesTable, TradingTable
from statefolio.challenge.scoring.engine import score
from statefolio.challenge.scoring.portfolio_track import UNDEFINED, score_portfolio

LOOSE = GatesTable(daily_turnover=1.0, weight=1.0, holdings=1)


def gated(submission, data, **gates):
    window = data.windows.validation
    limits = GatesTable(**{**LOOSE.model_dump(), **gates})
    trading = TradingTable(rebalance="monthly")
    return score_portfolio(submission, data.market.until(window.last), window, trading, limits, "validation")


def test_the_value_is_the_sharpe_ratio_after_costs(data, rules, submit):
    found = score(submit(EQUAL), data, rules)
    r = found.series.to_numpy()
    assert found.value == pytest.approx(np.sqrt(252) * r.mean() / r.std(ddof=1), rel=1e-12)
    assert found.details["dates"] == len(r) == data.windows.validation.dates - 1
    assert found.details["fewest_holdings"] == 10.0
    assert found.details["largest_weight"] == pytest.approx(0.1)
    assert found.details["cost_drag"] > 0.0
    assert set(found.details) >= {"sortino", "calmar", "maximum_drawdown", "daily_turnover", "net_exposure"}


@pytest.mark.parametrize(
    ("gates", "name", "part"),
    [
        ({"weight": 0.05}, "weight", "at most 5%"),
        ({"holdings": 11}, "holdings", "At least 11 assets"),
        ({"daily_turnover": 0.0001}, "daily_turnover", "at most 0.01%"),
    ],
)
def test_a_gate_that_fails_takes_the_score_away_with_its_reason(gates, name, part, data, submit):
    assert gated(submit(EQUAL), data).failed_gates == ()
    found = gated(submit(EQUAL), data, **gates)
    assert found.value is None
    assert found.standard_error is None
    assert found.failed_gates == (name,)
    assert found.series.empty  # nothing can be compared with a result that does not count
    assert part in found.reasons[0]


def test_reasons_name_limits_and_no_measured_number(data, submit):
    """Two portfolios that fail the same gates by different amounts read the same."""
    gates = {"weight": 0.05, "holdings": 11, "daily_turnover": 0.0001}
    first, second = (gated(submit(each), data, **gates) for each in (EQUAL, VARIANCE))
    assert first.details != second.details
    assert first.reasons == second.reasons


def test_the_gate_of_weights_counts_short_ones(data, submit):
    given = {
        **VARIANCE,
        "portfolio": {"mine": {"objective": "minimum_variance", "constraints": {"lower": -0.3, "upper": 0.3}}},
    }
    found = gated(submit(given), data)
    assert 0.1 < found.details["largest_weight"] <= 0.3 + 1e-6


def test_a_portfolio_that_never_invests_has_no_score(data, rules, submit):
    given = {**VARIANCE, "portfolio": {"mine": {"objective": "minimum_variance", "min_dates": 100_000}}}
    for window in ("public", "validation", "final"):
        found = score(submit(given), data, rules, window)
        assert found.value is None
        assert found.reasons == (UNDEFINED,)
    assert found.details["largest_weight"] is None


def test_the_lag_of_the_rules_leaves_no_empty_date_in_the_gate(data, submit):
    window = data.windows.validation
    found = score_portfolio(
        submit(EQUAL), data.market.until(window.last), window, TradingTable(lag=3), LOOSE, "validation"
    )
    assert found.details["fewest_holdings"] == 10.0


def test_drift_and_costs_by_asset_are_those_of_the_rules(data, submit):
    window, market = data.windows.validation, data.market.until(data.windows.validation.last)
    from statefolio.commands.studies.schema.backtest_tables import BacktestTable, CostsTable

    drift = BacktestTable(rebalance={"drift": 0.02}, benchmark="x").rebalance
    free = score_portfolio(submit(EQUAL), market, window, TradingTable(costs=CostsTable()), LOOSE, "validation")
    dear = score_portfolio(
        submit(EQUAL),
        market,
        window,
        TradingTable(rebalance=drift, costs=CostsTable(proportional={str(market.assets[0]): 0.05})),
        LOOSE,
        "validation",
    )
    assert free.details["cost_drag"] == pytest.approx(0.0, abs=1e-12)
    assert dear.details["cost_drag"] > 0.003


def test_details_are_ready_for_json(data, rules, submit):
    import json

    for given in (EQUAL, KELLY):
        found = score(submit(given), data, rules)
        assert json.loads(json.dumps(dict(found.details), allow_nan=False)) == found.details
