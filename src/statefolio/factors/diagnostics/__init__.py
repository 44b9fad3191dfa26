"""The four ways in which a factor model fails, each measured: a number, a verdict, a table for its figure."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from statefolio.factors.diagnostics.change import diagnose_change
    from statefolio.factors.diagnostics.finding import Diagnosis, Finding

__all__ = ["Diagnosis", "Finding", "diagnose_change"]

_HOME = {
    "Diagnosis": "finding",
    "Finding": "finding",
    "diagnose_change": "change",
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
