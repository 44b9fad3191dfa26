"""Forecasts one step ahead that are not statefolio's, with log scores: OLS with GARCH noise, score-driven loadings.

`evidence.py --rivals` prints them next to the models. Returns in percent; X (T, K) is a constant and the factors; NaN
returns are not observed. Parameters are learned from the first `rows` dates. Forecasts use the dates before theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import lgamma
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from arch import arch_model
from numba import njit
from scipy.optimize import minimize
from scipy.special import gammaln

PERCENT = 100.0
FIRST = 250  # dates that only start a rival
_MOST = 1e10


class Scored(NamedTuple):
    """Forecasts of T dates and N assets in percent, Student-t around the innovation's zero; NaN where there is none."""

    innovation: np.ndarray  # (T, N)
    density: np.ndarray  # (T, N), log density of the return
    scale: np.ndarray  # (T, N), not the standard deviation
    degrees_of_freedom: np.ndarray  # (N,)
    loadings: np.ndarray | None = None  # (T, N, K), after the date


def rivals(returns: pd.DataFrame, factors: pd.DataFrame, rows: int) -> Iterator[tuple[str, Scored]]:
    """Give each rival's name and forecasts of all dates; `rows` dates are for learning."""
    y = PERCENT * returns.to_numpy()
    X = np.column_stack([np.ones(len(y)), PERCENT * factors.to_numpy()])
    for name, error in least_squares(y, X):
        yield f"{name}, GARCH(1, 1)-t noise", garch(error, rows)
        yield f"{name}, GJR-GARCH(1, 1)-t noise", garch(error, rows, asymmetric=True)
    scored, own = score_driven(y, X, rows)
    yield "GAS-t loadings and scale, each asset's own parameters", scored
    yield "GAS-t loadings and scale, pooled parameters", score_driven(y, X, rows, own)[0]


def least_squares(y: np.ndarray, X: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Give the errors (T, N) of predictions by least squares on the dates before, by name."""
    for window in (250, 500):
        yield f"OLS, {window} dates", rolling_errors(y, X, window)
    yield "OLS, all dates before", rolling_errors(y, X, None)
    for half_life in (60, 120):
        yield f"OLS, half-life of {half_life} dates", weighted_errors(y, X, half_life)


def weighted_errors(y: np.ndarray, X: np.ndarray, half_life: float) -> np.ndarray:
    """Errors (T, N) of least squares on the dates before, with weights that halve every `half_life` dates."""
    decay, found = 0.5 ** (1.0 / half_life), np.full(y.shape, np.nan)
    squares, products = np.zeros((y.shape[1], X.shape[1], X.shape[1])), np.zeros((y.shape[1], X.shape[1]))
    count = np.cumsum(np.isfinite(y), axis=0)
    for t, x in enumerate(X):
        if t >= FIRST:
            enough = count[t - 1] >= FIRST // 2
            beta = np.linalg.solve(squares[enough], products[enough, :, None])[:, :, 0]
            found[t, enough] = y[t, enough] - beta @ x
        seen = np.isfinite(y[t])
        squares = decay * squares + seen[:, None, None] * (x[:, None] * x)
        products = decay * products + np.where(seen, y[t], 0.0)[:, None] * x
    return found


def rolling_errors(y: np.ndarray, X: np.ndarray, window: int | None) -> np.ndarray:
    """Errors (T, N) of least squares on the last `window` dates, or on all dates before (None)."""
    seen = np.isfinite(y)
    clean, found = np.where(seen, y, 0.0), np.full(y.shape, np.nan)
    least = FIRST if window is None else window
    for i in range(y.shape[1]):
        known = X * seen[:, i, None]
        xx, xy = np.cumsum(known[:, :, None] * X[:, None, :], axis=0), np.cumsum(known * clean[:, i, None], axis=0)
        count = np.cumsum(seen[:, i])
        ends = np.arange(least - 1, len(y) - 1)
        A, b, n = xx[ends], xy[ends], count[ends]
        if window is not None:
            starts = ends[1:] - window
            A[1:], b[1:], n[1:] = A[1:] - xx[starts], b[1:] - xy[starts], n[1:] - count[starts]
        enough = n >= least // 2
        beta = np.linalg.solve(A[enough], b[enough, :, None])[:, :, 0]
        at = ends[enough] + 1
        found[at, i] = y[at, i] - np.einsum("tk,tk->t", X[at], beta)
    return found


def garch(error: np.ndarray, rows: int, *, asymmetric: bool = False) -> Scored:
    """Give errors of forecasts a GARCH(1, 1) variance with Student-t noise (GJR: falls weigh more), by `arch`.

    An asset without 250 errors among the first `rows` has the others' median parameters.
    """
    names = ["omega", "alpha[1]", *(["gamma[1]"] if asymmetric else []), "beta[1]", "nu"]
    learned = np.full((error.shape[1], len(names)), np.nan)
    for i, series in enumerate(error[:rows].T):
        series = series[np.isfinite(series)]
        if len(series) >= FIRST:
            model = arch_model(series, mean="Zero", p=1, o=int(asymmetric), q=1, dist="t", rescale=False)
            learned[i] = model.fit(disp="off", show_warning=False).params[names]
    learned = np.where(np.isnan(learned), np.nanmedian(learned, axis=0), learned)
    omega, alpha, *gamma, beta, nu = learned.T
    gamma = gamma[0] if asymmetric else np.zeros_like(alpha)
    variance = np.nanvar(error[:rows], axis=0)
    paths = np.empty_like(error)
    for t, e in enumerate(error):
        paths[t] = variance
        moved = omega + (alpha + gamma * (e < 0.0)) * e**2 + beta * variance
        variance = np.where(np.isfinite(e), moved, variance)
    scale = np.sqrt(paths * (nu - 2.0) / nu)
    return Scored(error, student_density(error, scale, nu), scale, nu)


def student_density(error: Any, scale: Any, nu: Any) -> Any:
    """Log density of Student's t, by scale (not standard deviation)."""
    constant = gammaln((nu + 1.0) / 2.0) - gammaln(nu / 2.0) - 0.5 * np.log(np.pi * nu)
    return constant - np.log(scale) - (nu + 1.0) / 2.0 * np.log1p((error / scale) ** 2 / nu)


def score_driven(y: np.ndarray, X: np.ndarray, rows: int, own: np.ndarray | None = None) -> tuple[Scored, np.ndarray]:
    """Loadings and log scale driven by the score of Student's t (GAS; Creal, Koopman and Lucas 2013).

        y_t = x_t' b_t + exp(l_t) e_t,  e_t ~ t(nu)             w_t = (nu + 1) / (nu + z_t^2)
        b_t+1 = b_t + g_t e_t / (1 + x_t' g_t),  g_t = k_b J_t^-1 x_t w_t / s_t^2
        l_t+1 = c + phi (l_t - c) + k_s (w_t z_t^2 - 1)         (Harvey 2013, Beta-t-EGARCH)

    J_t is the information, smoothed with weight lambda. The denominator makes the step implicit, hence stable (Lange,
    van Os and van Dijk 2024). By maximum likelihood for each asset; with `own`, the result of that, all but c, the mean
    of the log scale, is shared by all assets.

    Returns
    -------
    (Scored, parameters (N, 6))
    """
    X = np.ascontiguousarray(X)
    starts = [_start(y[:, i], X) for i in range(y.shape[1])]
    if own is None:
        own = np.array([_fit_one(y[:, i], X, rows, start) for i, start in enumerate(starts)])
    else:
        paths = [_filter(y[:rows, i], X[:rows], *start, *_natural(own[i])) for i, start in enumerate(starts)]
        centres = [np.nanmean(np.log(path[2])) for path in paths]  # c of a scale that hardly reverts is anything

        def loss(shared: np.ndarray) -> float:
            each = (_loss(np.append(shared, centres[i]), y[:rows, i], X[:rows], starts[i]) for i in range(y.shape[1]))
            return sum(each)

        found = minimize(loss, np.median(own[:, :5], axis=0), method="Nelder-Mead", options={"maxfev": 400})
        own = np.column_stack([np.tile(found.x, (y.shape[1], 1)), centres])
    paths = [_filter(y[:, i], X, *start, *_natural(own[i])) for i, start in enumerate(starts)]
    errors, density, scale, loadings = (np.stack(part, axis=1) for part in zip(*paths, strict=True))
    nu = np.array([_natural(theta)[4] for theta in own])
    return Scored(errors, density, scale, nu, loadings), own


def _start(y: np.ndarray, X: np.ndarray) -> tuple[int, np.ndarray, np.ndarray, float]:
    """First date, loadings, inverse information and log scale, by least squares on the first 250 returns."""
    at = np.flatnonzero(np.isfinite(y))[:FIRST]
    beta = np.linalg.lstsq(X[at], y[at], rcond=None)[0]
    left = y[at] - X[at] @ beta
    scale = np.sqrt(left @ left / (len(at) - X.shape[1])) * 0.8
    inverse = np.ascontiguousarray(np.linalg.inv(X[at].T @ X[at] / len(at) / scale**2))
    return int(at[-1]) + 1, beta, inverse, float(np.log(scale))


def _natural(theta: np.ndarray) -> tuple[float, ...]:
    """k_b, lambda, phi, k_s, nu and c of unbounded numbers."""
    inside = 1.0 / (1.0 + np.exp(-np.clip(theta[:4], -30.0, 30.0)))
    return (
        0.2 * inside[0],
        0.9 + 0.0999 * inside[1],
        inside[2],
        0.5 * inside[3],
        2.1 + np.exp(min(theta[4], 5.3)),
        theta[5],
    )


def _loss(theta: np.ndarray, y: np.ndarray, X: np.ndarray, start: tuple[Any, ...]) -> float:
    density = _filter(y, X, *start, *_natural(theta))[1]
    total = -np.nansum(density)
    return float(total) if np.isfinite(total) else _MOST


def _fit_one(y: np.ndarray, X: np.ndarray, rows: int, start: tuple[Any, ...]) -> np.ndarray:
    """Maximum likelihood on the first `rows` dates, the best of two starts; usual values with too few returns."""
    usual = np.array([-2.5, 2.0, 4.0, -2.5, 1.5, start[3]])
    if np.isfinite(y[:rows]).sum() < 2 * FIRST:
        return usual
    slow = usual + np.array([-2.0, 2.0, 0.0, 0.0, 0.0, 0.0])
    options = {"maxfev": 1500, "xatol": 1e-3, "fatol": 1e-2}
    tried = [
        minimize(_loss, first, (y[:rows], X[:rows], start), method="Nelder-Mead", options=options)
        for first in (usual, slow)
    ]
    return min(tried, key=lambda found: found.fun).x


@njit(cache=False)
def _filter(y, X, first, beta, inverse, level, gain, memory, phi, step, nu, centre):  # type: ignore[no-untyped-def]
    """Innovations, log densities, scales (T,) and loadings (T, K) of one asset; NaN before `first`."""
    dates, count = X.shape
    errors, density, scale = np.full(dates, np.nan), np.full(dates, np.nan), np.full(dates, np.nan)
    loadings = np.full((dates, count), np.nan)
    b, J = beta.copy(), inverse.copy()
    information = np.linalg.inv(J)
    constant = lgamma((nu + 1.0) / 2.0) - lgamma(nu / 2.0) - 0.5 * np.log(np.pi * nu)
    for t in range(first, dates):
        scale[t], loadings[t] = np.exp(level), b
        if np.isnan(y[t]):
            continue
        x, variance = X[t], np.exp(2.0 * level)
        e = y[t] - x @ b
        z2 = e * e / variance
        errors[t], density[t] = e, constant - level - (nu + 1.0) / 2.0 * np.log1p(z2 / nu)
        weight = (nu + 1.0) / (nu + z2)
        c = (1.0 - memory) * (nu + 1.0) / (nu + 3.0) / variance
        u = J @ x
        shrink = c / (memory * memory + memory * c * (x @ u))
        for i in range(count):
            for j in range(count):
                information[i, j] = memory * information[i, j] + c * x[i] * x[j]
                J[i, j] = J[i, j] / memory - shrink * u[i] * u[j]
        if t % 50 == 0:  # rounding errors of the recursion grow as memory^-t
            J = np.ascontiguousarray(np.linalg.inv(information))
        step_b = gain * weight / variance * (J @ x)
        b += step_b * e / (1.0 + x @ step_b)
        level = centre + phi * (level - centre) + step * (weight * z2 - 1.0)
        level = min(max(level, -8.0), 8.0)
        loadings[t] = b
    return errors, density, scale, loadings
