"""Checks the options of a combination of covariances and creates its members."""

from typing import Any

import numpy as np

from statefolio._arrays.text import shown
from statefolio._arrays.types import Array
from statefolio._options import Flag, HasMethod, Kind, Whole, check, check_options
from statefolio.exceptions import InputError
from statefolio.risk.dynamic_correlation import DynamicCorrelation
from statefolio.risk.factor_risk import FactorRisk
from statefolio.risk.shrunk_correlation import ShrunkCorrelation

_MEMBER = HasMethod("partial_fit", "a covariance with fit and partial_fit", "DynamicCorrelation()")
_MOST_MEMBERS = 5
_RULES = {"learn": Flag(), "calibrate": Flag(), "horizon": Whole(at_least=1, example=21)}


def check_members(combination: Any) -> tuple[list[Any], Array]:
    """Check the options of a `CovarianceCombination`; return its unfitted members and their prior weights."""
    check_options(combination, _RULES)
    risk = FactorRisk() if combination.risk is None else combination.risk
    check("risk", risk, Kind(FactorRisk, "a FactorRisk", "FactorRisk()"))
    combined = isinstance(risk, type(combination))
    if combined or risk.prefit:
        got = "CovarianceCombination" if combined else "prefit=True"
        raise InputError(
            f"risk must be a FactorRisk that is fitted here, got {got}. Pass e.g. FactorRisk(KalmanLoadings())."
        )
    if combination.others is None:
        return [risk, DynamicCorrelation(combination.horizon), ShrunkCorrelation()], _prior(combination.weights, 2)
    others = list(combination.others) if isinstance(combination.others, list | tuple) else [combination.others]
    for other in others:
        check("others", other, _MEMBER)
    if not 1 <= len(others) < _MOST_MEMBERS:
        raise InputError(f"others must have 1 to {_MOST_MEMBERS - 1} members, got {len(others)}. Pass a list.")
    return [risk, *others], _prior(combination.weights, len(others))


def member_names(members: list[Any]) -> list[str]:
    """Names of the members' classes, numbered where they repeat."""
    names = [type(member).__name__ for member in members]
    return [name if names.count(name) == 1 else f"{name} {n + 1}" for n, name in enumerate(names)]


def _prior(given: Any, others: int) -> Array:
    if given is None:
        return np.array([0.5, *[0.5 / others] * others])
    try:
        weights = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        weights = np.full(0, np.nan)
    if weights.shape != (others + 1,) or not (weights > 0.0).all() or np.isinf(weights).any():
        raise InputError(
            f"weights must be {others + 1} positive numbers, of the risk and each of the others, got {shown(given)}. "
            f"Pass e.g. weights={[2, *[1] * others]}."
        )
    return np.asarray(weights / weights.sum())
