"""Time-varying factor loadings for whole panels of assets, by Kalman filter.

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
        StatefolioError,
        StatefolioWarning,
        UnknownNameError,
    )
    from statefolio.factors.kalman_loadings import KalmanLoadings
    from statefolio.factors.least_squares import ExponentialLoadings, RollingLoadings, StaticLoadings
    from statefolio.factors.results import concat_results
    from statefolio.factors.scores import score_loadings, summarise_scores

__version__ = "0.1.0"

__all__ = [
    "DataTypeError",
    "ExponentialLoadings",
    "FileFormatError",
    "InputError",
    "KalmanLoadings",
    "NotFittedError",
    "OutputError",
    "RollingLoadings",
    "StatefolioError",
    "StatefolioWarning",
    "StaticLoadings",
    "UnknownNameError",
    "align",
    "concat_results",
    "find_suspicious_cells",
    "load_demo",
    "read_french",
    "read_groups",
    "read_prices",
    "read_returns",
    "read_weights",
    "score_loadings",
    "summarise_scores",
    "to_returns",
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
    "statefolio.factors.kalman_loadings": ("KalmanLoadings",),
    "statefolio.factors.least_squares": ("ExponentialLoadings", "RollingLoadings", "StaticLoadings"),
    "statefolio.factors.results": ("concat_results",),
    "statefolio.factors.scores": ("score_loadings", "summarise_scores"),
    "statefolio.exceptions": (
        "DataTypeError",
        "FileFormatError",
        "InputError",
        "NotFittedError",
        "OutputError",
        "StatefolioError",
        "StatefolioWarning",
        "UnknownNameError",
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
