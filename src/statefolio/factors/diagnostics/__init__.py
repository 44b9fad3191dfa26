"""The four ways in which a factor model fails, each measured: a number, a verdict, a table for its figure."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from statefolio.factors.diagnostics.change import diagnose_change
    from statefolio.factors.diagnostics.collinearity import diagnose_collinearity
    from statefolio.factors.diagnostics.estimation import diagnose_estimation
    from statefolio.factors.diagnostics.finding import Diagnosis, Finding
    from statefolio.factors.diagnostics.parameter_count import ParameterCount, parameter_count
    from statefolio.factors.diagnostics.specification import diagnose_specification

__all__ = [
    "Diagnosis",
    "Finding",
    "ParameterCount",
    "diagnose_change",
    "diagnose_collinearity",
    "diagnose_estimation",
    "diagnose_specification",
    "parameter_count",
]

_HOME = {
    "Diagnosis": "finding",
    "Finding": "finding",
    "ParameterCount": "parameter_count",
    "diagnose_change": "change",
    "diagnose_collinearity": "collinearity",
    "diagnose_estimation": "estimation",
    "diagnose_specification": "specification",
    "parameter_count": "parameter_count",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
