"""Translates the constraints of one decision into arrays; each limit keeps the name that the user gave it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio.exceptions import InputError, UnknownNameError
from statefolio.portfolio.constraints import Constraints
from statefolio.portfolio.problem import Problem


@dataclass(frozen=True, eq=False)
class Row:
    """least <= coefficients' w <= most."""

    name: str
    coefficients: Array
    least: float
    most: float


@dataclass(frozen=True, eq=False)
class Cone:
    """A row that must hold for uncertain coefficients.

    least <= coefficients' w - z |deviation * w| and coefficients' w + z |deviation * w| <= most.
    """

    name: str
    coefficients: Array
    deviation: Array
    z: float
    least: float
    most: float


@dataclass(frozen=True, eq=False)
class Limits:
    """The constraints of one decision; N assets.

    Attributes
    ----------
    lower, upper : (N,) array
        Bounds, including those that volumes set; infinite without a bound.
    rows, cones : tuple
        Linear limits, and limits on uncertain exposures.
    previous : (N,) array
        Weights before the trade.
    turnover, gross : float
        Largest sums of |w - previous| and |w|; infinite without a limit.
    max_holdings : int
        N without a limit.
    by_volume : bool
        Whether volumes determine some bound.
    """

    lower: Array
    upper: Array
    rows: tuple[Row, ...]
    cones: tuple[Cone, ...]
    previous: Array
    turnover: float
    gross: float
    max_holdings: int
    by_volume: bool = False

    def violations(self, weights: Array) -> dict[str, float]:
        """Amounts by which weights violate limits, by name; for bounds that of the worst asset."""
        found = {
            "lower": np.max(self.lower - weights, initial=0.0),
            "upper": np.max(weights - self.upper, initial=0.0),
            "gross": np.abs(weights).sum() - self.gross,
            "turnover": np.abs(weights - self.previous).sum() - self.turnover,
            "max_holdings": float(np.count_nonzero(weights) - self.max_holdings),
        }
        for row in self.rows:
            value = float(row.coefficients @ weights)
            found[row.name] = max(row.least - value, value - row.most)
        for cone in self.cones:
            value = float(cone.coefficients @ weights)
            error = cone.z * float(np.linalg.norm(cone.deviation * weights))
            found[cone.name] = max(cone.least - value + error, value + error - cone.most)
        return {name: float(miss) for name, miss in found.items() if miss > 0.0}


def limits_of(problem: Problem) -> Limits:
    """Translate a problem's constraints.

    Raises
    ------
    InputError
        If bounds contradict each other, or volumes or variances of loadings are needed and missing.
    UnknownNameError
        If a factor with a limit is not in the problem.
    """
    given = problem.constraints
    lower = _by_asset(given.lower, problem.assets, 0.0)
    upper = _by_asset(given.upper, problem.assets, 1.0)
    _check_bounds(lower, upper, problem.assets)
    by_volume = False
    if given.volume_share is not None or problem.most_held is not None:
        held = _volumes(problem)
        by_volume = bool((held < np.maximum(upper, -lower)).any())
        # Volumes take precedence over a lower bound: the position can grow no larger than they allow.
        lower, upper = np.clip(lower, -held, held), np.clip(upper, -held, held)
    rows, cones = [*_net(given, len(lower)), *_groups(given, problem.assets)], []
    for name, (least, most) in (given.factor_limits or {}).items():
        exposure = problem.covariance.loadings[:, _factor(problem, name)]
        called = f"factor_limits[{name!r}]"
        if given.exposure_confidence is None:
            rows.append(Row(called, exposure, _number(least, -np.inf), _number(most, np.inf)))
        else:
            cones.append(_cone(problem, called, name, (least, most), exposure))
    turnover = _turnover(problem)
    holdings = len(lower) if given.max_holdings is None else min(given.max_holdings, len(lower))
    gross = np.inf if given.gross is None else given.gross
    return Limits(lower, upper, tuple(rows), tuple(cones), problem.previous, turnover, gross, holdings, by_volume)


def _by_asset(given: Any, assets: pd.Index, otherwise: float) -> Array:
    """One number for all, or numbers by asset, (N,); assets that the problem lacks are ignored."""
    if isinstance(given, Mapping | pd.Series):
        named = pd.Series(given, dtype=np.float64).reindex(assets)
        return np.array(named.fillna(otherwise), dtype=np.float64)
    return np.full(len(assets), float(given))


def _check_bounds(lower: Array, upper: Array, assets: pd.Index) -> None:
    crossed = lower > upper
    if crossed.any():
        place = int(np.argmax(crossed))
        raise InputError(
            f"lower must be at most upper for every asset, got {lower[place]:g} above {upper[place]:g} for "
            f"{listed(list(assets[crossed]))}. An asset that is not named gets 0 and 1: name it in both."
        )


def _volumes(problem: Problem) -> Array:
    if problem.most_held is None:
        raise InputError(
            f"most_held must be given with volume_share={problem.constraints.volume_share}, got None. Pass "
            "dollar_volumes to the market, or leave volume_share out."
        )
    most = problem.most_held
    if np.isnan(most).any() or (most < 0.0).any():
        worst = "NaN" if np.isnan(most).any() else f"{most.min():g}"
        raise InputError(
            f"most_held must be at least 0 for every asset, got {worst}. Pass 0 for assets without volume."
        )
    return most


def _net(given: Constraints, count: int) -> list[Row]:
    lowest, highest = given.net if isinstance(given.net, tuple) else (given.net, given.net)
    if lowest is None and highest is None:
        return []
    return [Row("net", np.ones(count), _number(lowest, -np.inf), _number(highest, np.inf))]


def _groups(given: Constraints, assets: pd.Index) -> list[Row]:
    if not given.group_limits or given.groups is None:
        return []
    member = given.groups.reindex(assets)
    return [
        Row(
            f"group_limits[{name!r}]",
            np.array(member == name, dtype=np.float64),
            _number(least, -np.inf),
            _number(most, np.inf),
        )
        for name, (least, most) in given.group_limits.items()
    ]


def _factor(problem: Problem, name: str) -> int:
    if name not in problem.factors:
        raise UnknownNameError(
            f"factor_limits must name factors of the model ({listed(list(problem.factors), 9)}), got {name!r}. "
            "Correct the name."
        )
    return list(problem.factors).index(name)


def _cone(problem: Problem, called: str, name: str, between: tuple[Any, Any], exposure: Array) -> Cone:
    if problem.loading_variance is None:
        raise InputError(
            f"loading_variance must be given with exposure_confidence={problem.constraints.exposure_confidence}, got "
            "None. Use a risk model that estimates it (FactorRisk), or leave exposure_confidence out."
        )
    confidence = float(problem.constraints.exposure_confidence or 0.0)
    least, most = _number(between[0], -np.inf), _number(between[1], np.inf)
    two_sided = np.isfinite(least) and np.isfinite(most)
    z = float(ndtri(0.5 + 0.5 * confidence if two_sided else confidence))
    deviation = np.sqrt(problem.loading_variance[:, _factor(problem, name)])
    return Cone(called, exposure, deviation, max(z, 0.0), least, most)


def _turnover(problem: Problem) -> float:
    """The tighter of both turnover limits; infinite if nothing is held yet."""
    given = problem.constraints
    if not problem.previous.any():
        return np.inf
    first = problem.dates_since == 0
    daily = np.inf if given.daily_turnover is None or first else given.daily_turnover * problem.dates_since
    return min(np.inf if given.turnover is None else given.turnover, daily)


def _number(given: float | None, otherwise: float) -> float:
    return otherwise if given is None else float(given)
