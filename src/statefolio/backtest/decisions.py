"""Clones policies, asks them for decisions, and validates the weights they return."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed, show, shown
from statefolio._arrays.types import Array
from statefolio._options import is_number
from statefolio._plausible.weights import are_percent
from statefolio.exceptions import DataTypeError, PolicyError
from statefolio.portfolio.policy import Decision, History, Holdings, Policy


@dataclass(frozen=True, eq=False)
class CheckedDecision:
    """A valid decision, and its weights in the market's order (N,); None trades nothing."""

    weights: Array | None
    decision: Decision


MAXIMUM_LEVERAGE = 1e6
"""Largest accepted sum of absolute weights: beyond it the ledger would lose its precision."""

_NOTHING_TO_BUY = CheckedDecision(
    None, Decision(None, converged=False, reason="no asset can be bought", fallback="keep")
)


def clone_policy(policy: Any, name: str) -> Policy:
    """Copy a policy for one run: scikit-learn's `clone` for an estimator, else a deep copy.

    Raises
    ------
    DataTypeError
        If it is not a policy, or cannot be copied.
    """
    if isinstance(policy, type) or not callable(getattr(policy, "decide", None)):
        raise DataTypeError(
            f"policy {name!r} must be an object with decide(history, holdings), got {shown(policy)}. Pass an instance "
            "of a policy, or pass weights to simulate."
        )
    try:
        if hasattr(policy, "get_params"):
            from statefolio._estimator import clone

            cloned: Policy = clone(policy)
            return cloned
        copied: Policy = copy.deepcopy(policy)
    except (AttributeError, RuntimeError, TypeError) as error:
        raise DataTypeError(
            f"policy {name!r} cannot be copied ({error}), and every run needs its own copy. Create generators, open "
            "files and connections inside decide()."
        ) from error
    return copied


def request_decision(
    policy: Policy, name: str, history: History, holdings: Holdings, assets: pd.Index
) -> CheckedDecision:
    """Ask a policy for a decision and validate it.

    Raises
    ------
    PolicyError
        If the policy raises, or does not return finite weights by asset.
    """
    if len(history.active) == 0:
        return _NOTHING_TO_BUY
    subject = f"policy {name!r} on {show(history.date)}"
    try:
        returned: Any = policy.decide(history, holdings)
    except Exception as error:
        raise PolicyError(f"{subject} raised {type(error).__name__}: {error}") from error
    decision = _checked(returned, subject) if isinstance(returned, Decision) else Decision(returned)
    if decision.weights is None:
        return CheckedDecision(None, decision)
    return CheckedDecision(_checked_weights(decision.weights, subject, assets), decision)


def _checked(decision: Decision, subject: str) -> Decision:
    """Validate a decision and copy its details, which the policy may change later."""
    details: Any = decision.details
    if not isinstance(details, Mapping) or not all(isinstance(one, pd.Series) for one in details.values()):
        raise PolicyError(f"{subject}: details must be a mapping from name to Series, got {shown(details)}.")
    if not isinstance(decision.converged, bool | np.bool_):
        raise PolicyError(f"{subject}: converged must be True or False, got {shown(decision.converged)}.")
    for name in ("reason", "fallback"):
        if not isinstance(getattr(decision, name), str):
            raise PolicyError(f"{subject}: {name} must be text, got {shown(getattr(decision, name))}.")
    return replace(decision, details={str(name): series.copy() for name, series in details.items()})


def _checked_weights(weights: Any, subject: str, assets: pd.Index) -> Array:
    """Validate weights and put them in the market's order."""
    if not isinstance(weights, pd.Series | Mapping):
        raise PolicyError(
            f"{subject}: decide must return weights by asset (a Series or mapping), a Decision or None, got "
            f"{shown(weights)}."
        )
    named = pd.Series(weights, dtype=object) if isinstance(weights, Mapping) else weights
    values = _numbers(named, subject)
    if not named.index.is_unique:
        repeated = list(dict.fromkeys(named.index[named.index.duplicated()]))
        raise PolicyError(f"{subject}: weights must name each asset once, got {listed(repeated)} more than once.")
    places = assets.get_indexer(named.index)
    if (places < 0).any():
        unknown = list(named.index[places < 0])
        raise PolicyError(f"{subject}: weights must name assets of the market, got {listed(unknown)}.")
    if not np.isfinite(values).all():
        bad = list(named.index[~np.isfinite(values)])
        raise PolicyError(
            f"{subject}: weights must be finite numbers, got NaN or infinite for {listed(bad)}. Leave out assets that "
            "are not held."
        )
    gross = np.abs(values).sum()
    if gross > MAXIMUM_LEVERAGE:
        raise PolicyError(
            f"{subject}: weights must not exceed {MAXIMUM_LEVERAGE:g} times the value in total, got {gross:.3g} times "
            "the value. Return shares of the value, not amounts of currency."
        )
    if are_percent(values):
        raise PolicyError(
            f"{subject}: weights must be shares of the value, got the sum {values.sum():.4g}: percent, it seems. "
            "Divide them by 100."
        )
    aligned = np.zeros(len(assets))
    aligned[places] = values
    return aligned


def _numbers(named: "pd.Series[Any]", subject: str) -> Array:
    kind = named.dtype
    if not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind):
        other = [value for value in named if not is_number(value)]
        if other:
            raise PolicyError(f"{subject}: weights must be numbers, got the weight {other[0]!r}.")
    message = f"{subject}: weights must be real numbers, got dtype {kind}."
    if pd.api.types.is_complex_dtype(kind):
        raise PolicyError(message)
    try:
        return np.array(named.to_numpy(dtype=np.float64, na_value=np.nan))
    except (TypeError, ValueError) as error:
        raise PolicyError(message) from error
