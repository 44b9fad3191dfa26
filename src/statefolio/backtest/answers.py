"""A policy is asked, and its answer checked: whatever cannot be traded is an error that names date and policy."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed, show
from statefolio._arrays.types import Array
from statefolio._options import is_number
from statefolio.exceptions import DataTypeError, PolicyError
from statefolio.portfolio.policy import Decision, History, Holdings, Policy


@dataclass(frozen=True, eq=False)
class Answer:
    """Weights in the market's order (N,), or None to trade nothing, and the decision they came with."""

    weights: Array | None
    decision: Decision


MOST_LEVERAGE = 1e6
"""Weights that sum to more than this many times the value are a mistake: the ledger could not add up."""

NOTHING_TO_BUY = Answer(None, Decision(None, converged=False, reason="no asset can be bought", fallback="keep"))


def clone_policy(policy: Any, name: str) -> Policy:
    """A policy of a run's own: scikit-learn's clone of an estimator, else a deep copy.

    Raises
    ------
    DataTypeError
        If it is no policy, or cannot be copied.
    """
    if isinstance(policy, type) or not callable(getattr(policy, "decide", None)):
        kind = policy.__name__ if isinstance(policy, type) else type(policy).__name__
        raise DataTypeError(
            f"policy {name!r} is {'the class' if isinstance(policy, type) else 'a'} {kind}; an object with "
            "decide(history, holdings) was expected. Weights that are given go to simulate."
        )
    try:
        if hasattr(policy, "get_params"):
            from sklearn.base import clone

            cloned: Policy = clone(policy)
            return cloned
        own: Policy = copy.deepcopy(policy)
    except (AttributeError, RuntimeError, TypeError) as error:
        raise DataTypeError(
            f"policy {name!r} cannot be copied ({error}); one that can was expected, for every run has its own. Make "
            "generators, open files and connections when it decides, not before."
        ) from error
    return own


def ask(policy: Policy, name: str, history: History, holdings: Holdings, assets: pd.Index) -> Answer:
    """Ask a policy for a decision.

    Raises
    ------
    PolicyError
        If it raises, or wants what is no set of finite weights by asset.
    """
    if len(history.active) == 0:
        return NOTHING_TO_BUY
    where = f"policy {name!r} on {show(history.date)}"
    try:
        wanted: Any = policy.decide(history, holdings)
    except Exception as error:
        raise PolicyError(f"{where} raised {type(error).__name__}: {error}") from error
    decision = _checked(wanted, where) if isinstance(wanted, Decision) else Decision(wanted)
    if decision.weights is None:
        return Answer(None, decision)
    return Answer(_weights(decision.weights, where, assets), decision)


def _checked(decision: Decision, where: str) -> Decision:
    """The same decision with details of its own: the policy may go on writing to those it gave."""
    details: Any = decision.details
    if not isinstance(details, Mapping) or not all(isinstance(one, pd.Series) for one in details.values()):
        raise PolicyError(f"{where} gave details that are no mapping from name to Series; such a one was expected.")
    told: tuple[Any, ...] = (decision.converged, decision.reason, decision.fallback)
    if not isinstance(told[0], bool | np.bool_) or not all(isinstance(one, str) for one in told[1:]):
        raise PolicyError(
            f"{where} gave converged={told[0]!r}, reason={told[1]!r} and fallback={told[2]!r}; True or "
            "False, and texts, were expected."
        )
    return replace(decision, details={str(name): series.copy() for name, series in details.items()})


def _weights(wanted: Any, where: str, assets: pd.Index) -> Array:
    if not isinstance(wanted, pd.Series | Mapping):
        raise PolicyError(
            f"{where} returned a {type(wanted).__name__}; a Series or mapping of weights by asset, a Decision or None "
            "was expected."
        )
    named = pd.Series(wanted, dtype=object) if isinstance(wanted, Mapping) else wanted
    values = _numbers(named, where)
    if not named.index.is_unique:
        again = list(dict.fromkeys(named.index[named.index.duplicated()]))
        raise PolicyError(f"{where} named {listed(again)} more than once; each asset was expected once.")
    places = assets.get_indexer(named.index)
    if (places < 0).any():
        absent = list(named.index[places < 0])
        raise PolicyError(f"{where} named {listed(absent)}, which the market lacks; its assets were expected.")
    if not np.isfinite(values).all():
        bad = list(named.index[~np.isfinite(values)])
        raise PolicyError(
            f"{where} wants weights that are NaN or infinite for {listed(bad)}; finite numbers were expected. Leave an "
            "asset out to hold none of it."
        )
    if np.abs(values).sum() > MOST_LEVERAGE:
        raise PolicyError(
            f"{where} wants positions of {np.abs(values).sum():.3g} times the value; {MOST_LEVERAGE:g} at most were "
            "expected. Weights are shares of the value, not amounts."
        )
    aligned = np.zeros(len(assets))
    aligned[places] = values
    return aligned


def _numbers(named: "pd.Series[Any]", where: str) -> Array:
    numeric = pd.api.types.is_numeric_dtype(named.dtype) and not pd.api.types.is_bool_dtype(named.dtype)
    if not numeric:
        odd = [value for value in named if not is_number(value)]
        if odd:
            raise PolicyError(f"{where} wants the weight {odd[0]!r}; numbers were expected.")
    if pd.api.types.is_complex_dtype(named.dtype):
        raise PolicyError(f"{where} wants weights of dtype {named.dtype}; numbers were expected.")
    try:
        return np.array(named.to_numpy(dtype=np.float64, na_value=np.nan))
    except (TypeError, ValueError) as error:
        raise PolicyError(f"{where} wants weights of dtype {named.dtype}; numbers were expected.") from error
