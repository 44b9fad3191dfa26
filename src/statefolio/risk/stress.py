"""Computes a portfolio's return in scenarios of factor returns, and in past episodes of the factors."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.frames import read_values
from statefolio._arrays.text import listed, shown
from statefolio._arrays.types import Array
from statefolio._options import Kind, Whole, check, is_number
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError
from statefolio.loadings.alignment import check_names
from statefolio.loadings.results import HALF_BAND
from statefolio.risk.tail_risk import loading_error

DEVIATIONS = (-1.0, -3.0)
"""Shocks to each factor where no scenario is given, in forecast standard deviations."""
_SCENARIOS = Kind(Mapping, "a mapping from names to scenarios", "{'crash': {'market': -0.1}}")


def stress_table(risk: Any, weights: Array, scenarios: Any) -> pd.DataFrame:
    """Return the table of `FactorRisk.stress` for weights in the order of the assets."""
    given = factor_shocks(risk) if scenarios is None else _checked(scenarios, risk.factors_)
    omega, rows = risk.factor_covariance_.to_numpy(), {}
    for name, shocks in given.items():
        moved = risk.factors_.get_indexer(list(shocks))
        alone = np.zeros(len(risk.factors_))
        alone[moved] = list(shocks.values())
        rows[name] = [
            ", ".join(f"{factor} {value:+.2%}" for factor, value in shocks.items()),
            *_with_band(risk, weights, alone),
            *_with_band(risk, weights, conditional_move(omega, moved, alone[moved])),
        ]
    ends = ("", "_lower", "_upper")
    columns = ["shocks", *(f"return{end}" for end in ends), *(f"return_conditional{end}" for end in ends)]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("scenario")


def factor_shocks(risk: Any) -> dict[str, dict[Any, float]]:
    """Return scenarios in which each factor falls by one and by three forecast standard deviations."""
    deviation = np.sqrt(np.diag(risk.factor_covariance_.to_numpy()))
    return {
        f"{factor} {size:+g} standard deviation{'' if abs(size) == 1.0 else 's'}": {factor: size * float(one)}
        for factor, one in zip(risk.factors_, deviation, strict=True)
        for size in DEVIATIONS
    }


def conditional_move(omega: Array, moved: Any, shocks: Array) -> Array:
    """Return the expected return of all K factors given those of some: Omega[:, S] Omega[S, S]^-1 shocks."""
    inside = omega[np.ix_(moved, moved)]
    found: Array = omega[:, moved] @ np.linalg.lstsq(inside, shocks, rcond=None)[0]
    found[moved] = shocks
    return found


def episodes_table(risk: Any, weights: Array, factors: Any, count: int, window: int) -> pd.DataFrame:
    """Return the table of `FactorRisk.episodes` for weights in the order of the assets."""
    check("count", count, Whole(at_least=1, example=5))
    check("window", window, Whole(at_least=1, example=21))
    values, dates, columns = read_values(factors, "factors")
    check_names(columns, risk.factors_, "factors")
    values = values[:, columns.get_indexer(risk.factors_)]
    known = ~np.isnan(values).any(axis=1)
    values, dates = values[known], dates[np.flatnonzero(known)]
    if len(values) < window:
        raise InputError(f"factors must have {window} dates or more, got {len(values)}. Pass window={len(values)}.")
    if not (values > -1.0).all():
        raise InputError("factors must be returns above -100 %, got others. Check their unit.")
    grown = np.vstack([np.zeros(values.shape[1]), np.cumsum(np.log1p(values), axis=0)])
    moves = np.expm1(grown[window:] - grown[:-window])
    earned: Array = moves @ (weights @ risk.exposures_.to_numpy())
    chosen: list[int] = []
    for start in np.argsort(earned, kind="stable"):
        if len(chosen) == count or earned[start] >= 0.0:
            break
        if all(abs(int(start) - other) >= window for other in chosen):
            chosen.append(int(start))
    rows = [[dates[s], dates[s + window - 1], *_with_band(risk, weights, moves[s]), *moves[s]] for s in chosen]
    names = ["first", "last", "return", "return_lower", "return_upper", *risk.factors_]
    return pd.DataFrame(rows, columns=names, index=pd.RangeIndex(1, len(rows) + 1, name="rank"))


def _with_band(risk: Any, w: Array, move: Array) -> tuple[float, float, float]:
    """Return the portfolio's return given the factors', with the 95 % band of its exposures."""
    first = int(risk.model_.intercept)
    error = loading_error(risk, w)[first:, first:]
    value = float(w @ risk.exposures_.to_numpy() @ move)
    half = HALF_BAND * float(np.sqrt(np.maximum(move @ error @ move, 0.0)))
    return value, value - half, value + half


def _checked(scenarios: Any, factors: pd.Index) -> dict[Any, dict[Any, float]]:
    check("scenarios", scenarios, _SCENARIOS)
    if not scenarios:
        raise InputError("scenarios must hold a scenario at least, got none. Pass e.g. {'crash': {'market': -0.1}}.")
    found: dict[Any, dict[Any, float]] = {}
    for name, shocks in scenarios.items():
        if not isinstance(shocks, Mapping | pd.Series) or not len(shocks):
            raise DataTypeError(
                f"scenarios must map names to factor returns, got {shown(shocks)} for {shown(name)}. Pass e.g. "
                f"{{'crash': {{{factors[0]!r}: -0.1}}}}."
            )
        moves = dict(shocks)
        unknown = [factor for factor in moves if factor not in factors]
        if unknown:
            raise UnknownNameError(
                f"scenarios must name factors of the model ({listed(list(factors), len(factors))}), got "
                f"{listed(unknown)}. Use one of them."
            )
        wrong = [value for value in moves.values() if not is_number(value) or not -1.0 <= value <= 10.0]
        if wrong:
            raise InputError(
                f"scenarios must hold returns in decimals from -1 to 10 (-0.1 = -10 %), got {shown(wrong[0])} in "
                f"{shown(name)}. Divide percent by 100."
            )
        found[name] = {factor: float(value) for factor, value in moves.items()}
    return found
