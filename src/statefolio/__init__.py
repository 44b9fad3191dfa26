"""Time-varying factor loadings and factor risk for whole panels of assets, by Kalman filter.

A time-varying coefficient is the hidden state of a Kalman filter: it has a covariance, and that covariance
is carried everywhere the coefficient goes.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "statefolio.backtest.baskets": ("walk_baskets",),
    "statefolio.backtest.calendar": ("Drift",),
    "statefolio.backtest.causality": ("check_causal",),
    "statefolio.backtest.costs": ("TradingCosts",),
    "statefolio.backtest.market": ("Market",),
    "statefolio.backtest.measures": ("measures",),
    "statefolio.backtest.result": ("BacktestResult", "CausalCheck"),
    "statefolio.backtest.run": ("run_backtest", "run_backtests"),
    "statefolio.backtest.simulate": ("simulate",),
    "statefolio.backtest.validation.best_of_n": ("best_of_n",),
    "statefolio.backtest.validation.holdout": ("Holdout",),
    "statefolio.backtest.validation.overfitting": ("overfitting_probability",),
    "statefolio.backtest.validation.reality_check": ("reality_check", "stepwise"),
    "statefolio.backtest.validation.selection": ("combinatorial_selection", "compare_choices", "nested_selection"),
    "statefolio.backtest.validation.sharpe": ("deflated_sharpe", "minimum_length", "probabilistic_sharpe"),
    "statefolio.backtest.validation.trials": ("Trials",),
    "statefolio.backtest.validation.validation_report": ("validate_trials",),
    "statefolio.backtest.validation.windows": ("Windows", "combinatorial_windows"),
    "statefolio.backtest.walk": ("Walk",),
    "statefolio.data": (
        "align",
        "find_suspicious_cells",
        "load_demo",
        "load_demo_prices",
        "read_french",
        "read_groups",
        "read_prices",
        "read_returns",
        "read_weights",
        "to_returns",
    ),
    "statefolio.exceptions": (
        "DataTypeError",
        "FileFormatError",
        "InputError",
        "NotFittedError",
        "OutputError",
        "PolicyError",
        "StatefolioError",
        "StatefolioWarning",
        "UnknownNameError",
    ),
    "statefolio.factors.adapters.characteristic": ("characteristic_factors",),
    "statefolio.factors.adapters.loading_matrix": ("KalmanLoadingMatrix",),
    "statefolio.factors.adapters.prior": ("KalmanFactorPrior",),
    "statefolio.factors.construction.factor_count": ("count_factors",),
    "statefolio.factors.construction.factor_returns": ("FactorReturns",),
    "statefolio.factors.construction.mimicking": ("mimicking_portfolios",),
    "statefolio.factors.construction.observed": ("spread_factors", "traded_factors"),
    "statefolio.factors.construction.price_exposures": ("price_exposures",),
    "statefolio.factors.construction.ranking": ("rank_factors",),
    "statefolio.factors.construction.releases": ("read_releases",),
    "statefolio.factors.construction.statistical": ("StatisticalFactors",),
    "statefolio.factors.construction.surprise_factors": ("surprise_factors",),
    "statefolio.factors.construction.surprises": ("find_surprises",),
    "statefolio.factors.diagnostics": (
        "Diagnosis",
        "Finding",
        "diagnose_change",
        "diagnose_collinearity",
        "diagnose_estimation",
        "diagnose_specification",
        "parameter_count",
    ),
    "statefolio.factors.kalman_loadings": ("KalmanLoadings",),
    "statefolio.factors.least_squares": ("ExponentialLoadings", "RollingLoadings", "StaticLoadings"),
    "statefolio.factors.results": ("concat_results",),
    "statefolio.factors.risk.attribution": ("attribute_return", "attribute_risk"),
    "statefolio.factors.risk.factor_risk": ("FactorRisk",),
    "statefolio.factors.risk.low_rank": ("LowRankCovariance",),
    "statefolio.factors.risk.residual_structure": ("ResidualFactors", "SectorBlocks"),
    "statefolio.factors.scores": ("score_loadings", "summarise_scores"),
    "statefolio.factors.validation.confidence_set": ("model_confidence_set",),
    "statefolio.factors.validation.covariance_scores": ("score_covariances",),
    "statefolio.factors.validation.equal_accuracy": ("clark_west", "diebold_mariano"),
    "statefolio.factors.validation.risk_walk": ("validate_risk",),
    "statefolio.factors.validation.validation": ("Validation", "validate"),
    "statefolio.pairs.cointegration.basket_tests": ("cointegration_tests",),
    "statefolio.pairs.hedges.kalman_hedge": ("KalmanHedge",),
    "statefolio.pairs.hedges.static_hedges": ("RollingHedge", "StaticHedge"),
    "statefolio.pairs.judging.verdict": ("judge_basket",),
    "statefolio.pairs.screening.many_hedges": ("hedge_pairs",),
    "statefolio.pairs.screening.screen": ("screen_pairs",),
    "statefolio.pairs.trading.rules": ("Bands", "Linear"),
    "statefolio.pairs.trading.signals": ("basket_weights", "z_score"),
    "statefolio.pairs.trading.today": ("position_today",),
    "statefolio.portfolio.budgets.factor_risk_budget": ("FactorRiskBudget",),
    "statefolio.portfolio.budgets.risk_budget": ("RiskBudget",),
    "statefolio.portfolio.budgets.tracker": ("RiskContributionTracker",),
    "statefolio.portfolio.constraints": ("Constraints",),
    "statefolio.portfolio.optimisation.growth": ("expected_growth",),
    "statefolio.portfolio.optimisation.kelly": ("FractionalKelly",),
    "statefolio.portfolio.optimisation.objectives": ("MinimumVariance", "Utility"),
    "statefolio.portfolio.optimisation.sharpe": ("MaximumSharpe",),
    "statefolio.portfolio.policies.model_policy": ("ModelPolicy",),
    "statefolio.portfolio.policies.skfolio_policy": ("SkfolioPolicy",),
    "statefolio.portfolio.policies.walk": ("ModelWalk",),
    "statefolio.portfolio.policies.yardsticks": ("BuyAndHold", "EqualWeight", "GivenWeights", "InverseVolatility"),
    "statefolio.portfolio.policy": ("Decision", "History", "Holdings", "Policy"),
    "statefolio.portfolio.problem": ("Problem", "Solution"),
    "statefolio.portfolio.views.factor_premia": ("FactorPremia",),
    "statefolio.portfolio.views.kalman_mean": ("KalmanMean",),
    "statefolio.portfolio.views.view": ("Forecast", "View"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
