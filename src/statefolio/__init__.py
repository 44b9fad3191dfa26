"""Time-varying factor loadings and factor risk for whole panels of assets, by Kalman filter.

A time-varying coefficient is the hidden state of a Kalman filter. It has a covariance, and that covariance is carried
wherever the coefficient is used. The names most people need are here; the others are in the namespaces `adapters`,
`backtest`, `data`, `diagnostics`, `factors`, `loadings`, `pairs`, `portfolio`, `report`, `risk` and `validation`.
"""

from importlib import import_module
from typing import Any

import lazy_loader

__version__ = "0.1.0"

_named_here, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used; a name that is in a namespace is found there, with a warning."""
    if name in __all__:
        return _named_here(name)
    if not name.startswith("_"):
        import pkgutil
        import warnings

        for module in pkgutil.iter_modules(__path__, f"{__name__}."):
            if module.ispkg and name in getattr(import_module(module.name), "__all__", ()):
                message = f"statefolio.{name} moved to {module.name}. Use `from {module.name} import {name}`."
                warnings.warn(message, DeprecationWarning, stacklevel=2)
                return getattr(import_module(module.name), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
