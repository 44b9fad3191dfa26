"""The study file says everything that the library's constructors take, with the same defaults."""

import inspect

import pytest

import statefolio as sf
from statefolio import backtest, factors, portfolio, risk
from statefolio.commands.studies.schema import backtest_tables as b
from statefolio.commands.studies.schema import data_tables as d
from statefolio.commands.studies.schema import model_tables as m
from statefolio.commands.studies.schema import portfolio_tables as p
from statefolio.commands.studies.schema import risk_tables as r
from statefolio.commands.studies.schema import view_tables as v

OBJECT = "another table of the file makes it"
DATA = "the file names files instead"
CALL = "of a call, not of a study"
PAIRS = {
    sf.KalmanLoadings: (m.LoadingsTable, {"progress": CALL}),
    sf.RollingLoadings: (m.RollingTable, {}),
    sf.ExponentialLoadings: (m.ExponentialTable, {}),
    sf.StaticLoadings: (m.StaticTable, {}),
    factors.StatisticalFactors: (d.StatisticalFactorsTable, {}),
    sf.FactorRisk: (r.RiskTable, {"loadings": OBJECT, "prefit": "nothing of a study is fitted before its first date"}),
    risk.CovarianceCombination: (
        r.CombinationTable,
        {"risk": "the field factors", "others": "the default ones; own ones as an own model"},
    ),
    risk.ShrunkCorrelation: (r.ShrunkTable, {}),
    risk.DynamicCorrelation: (r.DynamicTable, {}),
    risk.GivenCovariance: (r.FileRisk, {"table": DATA}),
    portfolio.KalmanMean: (v.KalmanMeanViews, {}),
    portfolio.FactorPremia: (v.FactorPremiaViews, {"loadings": OBJECT}),
    portfolio.AsymmetricAlpha: (v.AsymmetricAlphaViews, {}),
    portfolio.GivenViews: (v.FileViews, {"table": DATA}),
    sf.Constraints: (p.ConstraintsTable, {}),
    sf.ModelPolicy: (
        p.Optimised,
        {"objective": OBJECT, "risk": OBJECT, "view": "the field views", "costs": "sees_costs"},
    ),
    sf.RiskBudget: (p.RiskBudgetTable, {}),
    portfolio.FactorRiskBudget: (p.FactorRiskBudgetTable, {}),
    sf.FractionalKelly: (p.KellyTable, {}),
    sf.MaximumSharpe: (p.MaximumSharpeTable, {}),
    portfolio.Utility: (p.UtilityTable, {}),
    portfolio.MinimumVariance: (p.MinimumVarianceTable, {}),
    sf.EqualWeight: (p.EqualWeightTable, {}),
    portfolio.InverseVolatility: (p.InverseVolatilityTable, {}),
    portfolio.BuyAndHold: (p.BuyAndHoldTable, {}),
    portfolio.GivenWeights: (p.GivenWeightsTable, {"weights": DATA}),
    portfolio.SkfolioPolicy: (p.SkfolioTable, {"estimator": "the fields optimiser and options", "costs": "sees_costs"}),
    sf.Market: (d.DataTable, {}),
    sf.Market.from_prices: (d.DataTable, {"options": "those of Market"}),
    backtest.Walk: (
        b.BacktestTable,
        {
            "policies": OBJECT,
            "market": OBJECT,
            "end": "data.to",
            "cuts": "validation.look_ahead_cuts",
            "resume": "the option --resume",
        },
    ),
    sf.TradingCosts: (b.CostsTable, {}),
    backtest.Windows: (b.WindowsTable, {}),
    backtest.combinatorial_windows: (b.CombinatorialTable, {"dates": CALL}),
    backtest.Holdout.seal: (b.HoldoutTable, {"data": CALL, "record": "a file next to the results"}),
}
"""By constructor: its table, and the arguments that the table lacks, with the reason."""

OTHER_DEFAULTS = {
    (sf.RiskBudget, "absent"): "a study goes on where an asset is missing at first",
    (portfolio.AsymmetricAlpha, "view"): "spelt out: factor premia with alphas of both signs",
    (portfolio.AsymmetricAlpha, "borrow"): "that of backtest.costs",
    (sf.Market, "cash_rate"): "none stands for 0, so that the file can name a column instead",
    (backtest.Walk, "costs"): "a table of zeros",
    (portfolio.FactorPremia, "premia"): 'the word "constant" for None',
    (sf.ModelPolicy, "constraints"): "a table, whose defaults are compared too",
}


@pytest.mark.parametrize("made", PAIRS, ids=lambda made: getattr(made, "__qualname__", str(made)))
def test_every_argument_has_a_field_with_the_same_default(made):
    table, left = PAIRS[made]
    taken = {name: each for name, each in inspect.signature(made).parameters.items() if name != "self"}
    assert set(left) <= set(taken), "an exception that is none any more"
    assert set(taken) - set(left) <= set(table.model_fields)
    for name in set(taken) - set(left):
        default, field = taken[name].default, table.model_fields[name]
        if default is inspect.Parameter.empty or (made, name) in OTHER_DEFAULTS:
            continue
        assert field.get_default(call_default_factory=True) == default, name


def test_every_exported_policy_and_view_has_a_table():
    told = {made.__name__ for made in PAIRS}
    others = {
        "Decision", "Forecast", "History", "Holdings", "ModelWalk", "Policy", "Problem", "RiskContributionTracker",
        "Solution", "View", "expected_growth",
    }  # fmt: skip
    assert {name for name in dir(portfolio) if not name.startswith("_")} - others <= told
