"""Computes value at risk and expected shortfall of a portfolio on the next date."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from statefolio._arrays.types import Array
from statefolio._options import Number, Whole, check
from statefolio.exceptions import InputError
from statefolio.risk.factor_root import factor_root

LEVELS = (0.95, 0.99)
DRAWS = 50_000
MOST_SEPARATE = 200
"""Assets whose residuals are drawn one by one; those of the others, the smallest, add up to a Gaussian."""
_BLOCK = 5_000
_FREEDOM = Number(above=2.0, infinite=True, example=6.0) | None
_LEVEL = Number(above=0.5, below=1.0, example=0.95)


def tail_table(
    risk: Any, weights: Array, levels: Any, degrees_of_freedom: float | None, draws: int, seed: int
) -> pd.DataFrame:
    """Return the table of `FactorRisk.value_at_risk` for weights in the order of the assets."""
    levels = _checked_levels(levels)
    check("degrees_of_freedom", degrees_of_freedom, _FREEDOM)
    check("draws", draws, Whole(at_least=1000, example=DRAWS))
    check("seed", seed, Whole(at_least=0, example=0))
    nu = model_degrees_of_freedom(risk.model_) if degrees_of_freedom is None else float(degrees_of_freedom)
    volatility = float(risk.covariance_.volatility(weights))
    losses = -simulate_portfolio(risk, weights, nu, draws, seed)
    rows: dict[str, dict[str, float]] = {"Gaussian": {}, "Student-t": {}, "simulated": {}}
    for level in levels:
        pairs = (gaussian_tail(volatility, level), student_tail(volatility, level, nu), _of_draws(losses, level))
        for row, (value_at_risk, shortfall) in zip(rows.values(), pairs, strict=True):
            row[f"value_at_risk_{100 * level:g}%"] = value_at_risk
            row[f"expected_shortfall_{100 * level:g}%"] = shortfall
    table = pd.DataFrame(rows).T.rename_axis("distribution")
    table.attrs = {"volatility": volatility, "degrees_of_freedom": nu, "draws": draws}
    return table


def gaussian_tail(volatility: float, level: float) -> tuple[float, float]:
    """Return value at risk and expected shortfall of a Gaussian with mean zero: z s and phi(z) s / (1 - level)."""
    z = float(special.ndtri(level))
    return volatility * z, volatility * float(np.exp(-(z**2) / 2.0) / np.sqrt(2.0 * np.pi)) / (1.0 - level)


def student_tail(volatility: float, level: float, nu: float) -> tuple[float, float]:
    """Return value at risk and expected shortfall of a Student-t with mean zero and this standard deviation.

    With scale c = s sqrt((nu - 2) / nu) and quantile q: c q, and c (nu + q^2) / (nu - 1) f(q) / (1 - level) (McNeil,
    Frey and Embrechts 2015, Quantitative Risk Management, example 2.15).
    """
    if np.isinf(nu):
        return gaussian_tail(volatility, level)
    scale, q = volatility * float(np.sqrt((nu - 2.0) / nu)), float(special.stdtrit(nu, level))
    shortfall = scale * (nu + q * q) / (nu - 1.0) * _student_density(q, nu) / (1.0 - level)
    return scale * q, shortfall


def _student_density(x: float, nu: float) -> float:
    constant = np.log(special.poch(0.5 * nu, 0.5)) - 0.5 * (np.log(nu) + np.log(np.pi))
    return float(np.exp(constant - (nu + 1.0) / 2.0 * np.log1p(x * x / nu)))


def simulate_portfolio(risk: Any, weights: Array, nu: float, draws: int, seed: int) -> Array:
    """Draw a portfolio's return (draws,) on the next date around its mean, from all parts of the model.

    Factor returns are multivariate Student-t with covariance Omega, residuals of the assets independent Student-t,
    residual factors Gaussian. The loadings' error adds, given the factors x = (1, f), a Gaussian of variance
    sum w_i^2 x'P_i x. The variance is that of `FactorRisk.portfolio_variance`.
    """
    rng = np.random.default_rng(seed)
    w = np.asarray(weights)
    own = np.abs(w) * np.sqrt(risk.idiosyncratic_variance_.to_numpy())
    separate = np.sort(own[own > 0.0])[::-1]
    together = float(np.sqrt(np.sum(separate[MOST_SEPARATE:] ** 2)))
    separate = separate[:MOST_SEPARATE]
    root = factor_root(risk.factor_covariance_.to_numpy())
    x = w @ risk.exposures_.to_numpy()
    common = float(np.linalg.norm(w @ risk.residual_loadings_.to_numpy()))
    error = loading_error(risk, w) if risk.uncertainty else None
    found = np.empty(draws)
    for first in range(0, draws, _BLOCK):
        size = min(_BLOCK, draws - first)
        f = (rng.standard_normal((size, root.shape[1])) * _stretch(rng, nu, (size, 1))) @ root.T
        part = f @ x + rng.standard_normal(size) * np.hypot(common, together)
        part += (rng.standard_normal((size, len(separate))) * _stretch(rng, nu, (size, len(separate)))) @ separate
        if error is not None:
            full = f + risk.factor_mean_.to_numpy()
            regressors = np.column_stack([np.ones(size), full]) if risk.model_.intercept else full
            variance = np.einsum("mk,kj,mj->m", regressors, error, regressors)
            part += rng.standard_normal(size) * np.sqrt(np.maximum(variance, 0.0))
        found[first : first + size] = part
    return found


def model_degrees_of_freedom(model: Any) -> float:
    """Return the degrees of freedom of a fitted model's Student-t noise; infinite if it is Gaussian or has none."""
    parameters = model.parameters_
    if "degrees_of_freedom" not in parameters:
        return np.inf
    found = float(parameters["degrees_of_freedom"].iloc[0])
    return found if found > 2.0 else np.inf


def loading_error(risk: Any, w: Array) -> Array:
    """Return the error covariance (K, K) of the portfolio's exposures, that of alpha included."""
    model = risk.model_
    P = model.ahead(risk.horizon)["covariance"].to_numpy()[model.assets_.get_indexer(risk.assets_)]
    found: Array = np.einsum("n,njk->jk", w * w, P)
    return found


def _stretch(rng: np.random.Generator, nu: float, shape: tuple[int, int]) -> Any:
    """Return factors that turn Gaussian draws into Student-t ones of the same variance."""
    return 1.0 if np.isinf(nu) else np.sqrt((nu - 2.0) / rng.chisquare(nu, shape))


def _of_draws(losses: Array, level: float) -> tuple[float, float]:
    value_at_risk = float(np.quantile(losses, level))
    return value_at_risk, float(losses[losses >= value_at_risk].mean())


def _checked_levels(levels: Any) -> tuple[float, ...]:
    given = (levels,) if isinstance(levels, int | float | np.number) else tuple(levels)
    if not given:
        raise InputError("levels must hold a level at least, got none. Pass e.g. levels=(0.95, 0.99).")
    for level in given:
        check("levels", level, _LEVEL)
    return tuple(float(level) for level in given)
