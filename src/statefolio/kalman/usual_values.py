"""The values from which a tuning starts, and those that it takes where an option leaves them out."""

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.ordinary_least_squares import OLSFit, filled_with_median
from statefolio.kalman.specification import CONSTANT, Floats
from statefolio.kalman.tuning_problem import Pool
from statefolio.kalman.tuning_spec import TuningSpec

USUAL_TAILS, USUAL_MEMORY, USUAL_PHI = 6.0, 0.97, 0.99
USUAL_EXPONENTS = {0: (), 1: (0.95,), 3: (0.3, 0.4, 0.2)}
"""Exponents of the common volatility by the number of its speeds."""

USUAL_FAST_MEMORY, USUAL_FAST_WEIGHT, USUAL_SURPRISE_SCALE, USUAL_RISE = 0.6, 0.12, 1.06, 0.2

USUAL_YEARS, LEAST_YEARS, SLOW_YEARS = 3.0, 2.0, 5.0
"""Half-lives of reversion to the panel's loadings: where the search for one starts, the shortest, and the one of data
with too few dates a year to learn it from."""

_FARTHEST = 4.0
"""Stationary deviations from the panel's loading, beyond which an asset does not revert to it."""


def means(options: TuningSpec, ols: OLSFit) -> Floats:
    """Return the means that loadings revert to, (K, N + 1): given, or constant loadings of each asset or the panel."""
    if not options.reverts:
        return np.zeros(ols.mean.shape)
    if options.mean is not None:
        return options.mean
    found = filled_with_median(np.where(np.isfinite(ols.variance), ols.mean, np.nan), 0.0)
    if options.to_panel:
        found[:] = np.median(found, axis=1, keepdims=True)
    return found


def usual_phi(options: TuningSpec, X: Floats) -> Floats:
    """Return the given persistence of each loading (K,), or the one from which it is searched for."""
    if options.phi is not None:
        return options.phi
    if not options.reverts:
        return np.ones(X.shape[1])
    if not options.to_panel:
        return np.full(X.shape[1], USUAL_PHI)
    constant = constant_regressors(X)
    years = USUAL_YEARS if options.tunes_reversion else SLOW_YEARS
    return np.where(constant, 1.0, 0.5 ** (1.0 / (years * options.dates_per_year)))


def constant_regressors(X: Floats) -> NDArray[np.bool_]:
    """Return which regressors (K,) are a constant that all assets share."""
    return np.ptp(X, axis=0) == 0.0 if X.ndim == 2 else np.zeros(X.shape[1], dtype=bool)


def least_phi(options: TuningSpec) -> float:
    """Return the least persistence that a search may find; 0 for any."""
    return 0.5 ** (1.0 / (LEAST_YEARS * options.dates_per_year)) if options.to_panel else 0.0


def usual_pool(options: TuningSpec, moderate: Floats, phi: Floats) -> Pool:
    """Return the given shared parameters, and the usual values of the others."""
    exponents = options.exponents if options.common else ()
    several = options.speeds > 1
    return Pool(
        ratio=5.0 * moderate,
        phi=phi,
        tails=np.inf if options.gaussian else _value(options.tails, USUAL_TAILS),
        memory=1.0 if options.noise == CONSTANT else _value(options.memory, USUAL_MEMORY),
        exponents=np.array(USUAL_EXPONENTS[options.speeds] if exponents is None else exponents, dtype=float),
        rise=_value(options.rise, USUAL_RISE) if options.moves else 0.0,
        fast_memory=_value(options.fast_memory, USUAL_FAST_MEMORY) if several else 0.0,
        fast_weight=_value(options.fast_weight, USUAL_FAST_WEIGHT) if several else 0.0,
        surprise_scale=_value(options.surprise_scale, USUAL_SURPRISE_SCALE) if several else 1.0,
    )


def _value(given: float | None, usual: float) -> float:
    return usual if given is None else given


def persistence(options: TuningSpec, pool: Pool, ols: OLSFit, state_variance: Floats) -> Floats:
    """Return the persistence of each asset's loadings (K, N + 1).

    An asset with a constant loading that is far from the panel's, measured by the stationary deviation of its own
    loading, does not revert to the panel: its loadings walk. So does one of which nothing is known yet. A fund that
    hardly differs from the factors, and takes tiny steps, would be pulled to the panel against its data.
    """
    phi = np.repeat(pool.phi[:, None], ols.observations.size, axis=1)
    if not options.to_panel:
        return phi
    away = np.abs(ols.mean - means(options, ols))
    with np.errstate(divide="ignore", invalid="ignore"):
        settled = np.where(phi < 1.0, state_variance / (1.0 - phi**2), np.inf)
        belongs = np.all(away <= _FARTHEST * np.sqrt(settled + ols.variance), axis=0)
    return np.where(belongs, phi, 1.0)
