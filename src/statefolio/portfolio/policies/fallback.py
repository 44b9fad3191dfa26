"""The decision of a policy that found no weights."""

from collections.abc import Mapping

import pandas as pd

from statefolio._options import OneOf
from statefolio.portfolio.policy import Decision, Holdings

FALLBACK = OneOf("keep", "cash")


def fall_back(
    fallback: str, reason: str, holdings: Holdings, details: "Mapping[str, pd.Series[float]] | None" = None
) -> Decision:
    """A decision that states why there are no weights, and the action taken instead.

    Parameters
    ----------
    fallback : {"keep", "cash"}
        Trade nothing, or sell everything. The back-test closes positions in delisted assets either way.
    reason
        One clause.
    holdings
        The current portfolio.
    details
        Those that are known.
    """
    nothing = holdings.weights * 0.0
    weights = None if fallback == "keep" else nothing
    return Decision(weights, converged=False, reason=reason, fallback=fallback, details=details or {})
