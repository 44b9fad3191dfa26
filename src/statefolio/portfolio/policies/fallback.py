"""What a policy does when it has found no weights."""

from collections.abc import Mapping

import pandas as pd

from statefolio.exceptions import InputError
from statefolio.portfolio.policy import Decision, Holdings

FALLBACKS = ("keep", "cash")


def check_fallback(fallback: str) -> None:
    """Raise InputError for a fallback that does not exist."""
    if fallback not in FALLBACKS:
        raise InputError(f"fallback={fallback!r}; one of 'keep', 'cash' was expected. Choose one.")


def fall_back(
    fallback: str, reason: str, holdings: Holdings, details: "Mapping[str, pd.Series[float]] | None" = None
) -> Decision:
    """A decision that says why there are no weights, and what is done instead.

    Parameters
    ----------
    fallback : {"keep", "cash"}
        Trade nothing, or sell everything. What has left the market is closed by the market either way.
    reason
        One clause.
    holdings
        What is held.
    details
        As far as there are any.
    """
    nothing = holdings.weights * 0.0
    weights = None if fallback == "keep" else nothing
    return Decision(weights, converged=False, reason=reason, fallback=fallback, details=details or {})
