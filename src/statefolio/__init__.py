"""Time-varying factor loadings and factor risk for whole panels of assets, by Kalman filter.

A time-varying coefficient is the hidden state of a Kalman filter: it has a covariance, and that covariance
is carried everywhere the coefficient goes.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from statefolio.data import (
        align,
        find_suspicious_cells,
        load_demo,
        read_french,
        read_groups,
        read_prices,
        read_returns,
        read_weights,
        to_returns,
    )
    from statefolio.exceptions import (
        DataTypeError,
        FileFormatError,
        InputError,
        NotFittedError,
        OutputError,
        PolicyError,
        StatefolioError,
        StatefolioWarning,
        UnknownNameError,
    )
    from statefolio.factors.adapters.characteristic import characteristic_factors
    from statefolio.factors.adapters.loading_matrix import KalmanLoadingMatrix
    from statefolio.factors.adapters.prior import KalmanFactorPrior
    from statefolio.factors.construction.factor_count import count_factors
    from statefolio.factors.construction.factor_returns import FactorReturns
    from statefolio.factors.construction.mimicking import mimicking_portfolios
    from statefolio.factors.construction.observed import spread_factors, traded_factors
    from statefolio.factors.construction.price_exposures import price_exposures
    from statefolio.factors.construction.ranking import rank_factors
    from statefolio.factors.construction.releases import read_releases
    from statefolio.factors.construction.statistical import StatisticalFactors
    from statefolio.factors.construction.surprise_factors import surprise_factors
    from statefolio.factors.construction.surprises import find_surprises
    from statefolio.factors.diagnostics import (
        Diagnosis,
        Finding,
        diagnose_change,
        diagnose_collinearity,
        diagnose_estimation,
        diagnose_specification,
        parameter_count,
    )
    from statefolio.factors.kalman_loadings import KalmanLoadings
    from statefolio.factors.least_squares import ExponentialLoadings, RollingLoadings, StaticLoadings
    from statefolio.factors.results import concat_results
    from statefolio.factors.risk.attribution import attribute_return, attribute_risk
    from statefolio.factors.risk.factor_risk import FactorRisk
    from statefolio.factors.risk.low_rank import LowRankCovariance
    from statefolio.factors.risk.residual_structure import ResidualFactors, SectorBlocks
    from statefolio.factors.scores import score_loadings, summarise_scores
    from statefolio.factors.validation.confidence_set import model_confidence_set
    from statefolio.factors.validation.covariance_scores import score_covariances
    from statefolio.factors.validation.equal_accuracy import clark_west, diebold_mariano
    from statefolio.factors.validation.risk_walk import validate_risk
    from statefolio.factors.validation.validation import Validation, validate

__version__ = "0.1.0"

__all__ = [
    "DataTypeError",
    "Diagnosis",
    "ExponentialLoadings",
    "FactorReturns",
    "FactorRisk",
    "FileFormatError",
    "Finding",
    "InputError",
    "KalmanFactorPrior",
    "KalmanLoadingMatrix",
    "KalmanLoadings",
    "LowRankCovariance",
    "NotFittedError",
    "OutputError",
    "PolicyError",
    "ResidualFactors",
    "RollingLoadings",
    "SectorBlocks",
    "StatefolioError",
    "StatefolioWarning",
    "StaticLoadings",
    "StatisticalFactors",
    "UnknownNameError",
    "Validation",
    "align",
    "attribute_return",
    "attribute_risk",
    "characteristic_factors",
    "clark_west",
    "concat_results",
    "count_factors",
    "diagnose_change",
    "diagnose_collinearity",
    "diagnose_estimation",
    "diagnose_specification",
    "diebold_mariano",
    "find_surprises",
    "find_suspicious_cells",
    "load_demo",
    "mimicking_portfolios",
    "model_confidence_set",
    "parameter_count",
    "price_exposures",
    "rank_factors",
    "read_french",
    "read_groups",
    "read_prices",
    "read_releases",
    "read_returns",
    "read_weights",
    "score_covariances",
    "score_loadings",
    "spread_factors",
    "summarise_scores",
    "surprise_factors",
    "to_returns",
    "traded_factors",
    "validate",
    "validate_risk",
]

_HOMES = {
    "statefolio.data": (
        "align",
        "find_suspicious_cells",
        "load_demo",
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
    "statefolio.factors.construction.observed": (
        "spread_factors",
        "traded_factors",
    ),
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
    "statefolio.factors.least_squares": (
        "ExponentialLoadings",
        "RollingLoadings",
        "StaticLoadings",
    ),
    "statefolio.factors.results": ("concat_results",),
    "statefolio.factors.risk.attribution": (
        "attribute_return",
        "attribute_risk",
    ),
    "statefolio.factors.risk.factor_risk": ("FactorRisk",),
    "statefolio.factors.risk.low_rank": ("LowRankCovariance",),
    "statefolio.factors.risk.residual_structure": (
        "ResidualFactors",
        "SectorBlocks",
    ),
    "statefolio.factors.scores": (
        "score_loadings",
        "summarise_scores",
    ),
    "statefolio.factors.validation.confidence_set": ("model_confidence_set",),
    "statefolio.factors.validation.covariance_scores": ("score_covariances",),
    "statefolio.factors.validation.equal_accuracy": (
        "clark_west",
        "diebold_mariano",
    ),
    "statefolio.factors.validation.risk_walk": ("validate_risk",),
    "statefolio.factors.validation.validation": (
        "Validation",
        "validate",
    ),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
