"""Coordinates in which likelihoods are maximised, and their bounds: zeros are reached exactly.

For an asset the coordinates are, in this order,

    log R                    level of observation variance
    z_j = log(1 + s_j/c_j)   s_j = Q_j / R, signal-to-noise; c_j a moderate value; z_j >= 0
    logit phi_j              where loadings revert; LEAST_PHI <= phi_j <= MOST_PHI
    (m_j - m0_j) / d_j       their means, in standard errors d_j of the constant loading m0_j

Near zero z is linear in the variance, for large values it is its logarithm.
"""

import math
from typing import NamedTuple

import numpy as np

from statefolio.kalman.lanes import compiled
from statefolio.kalman.specification import DISCOUNT, Floats

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

LEAST_PHI, MOST_PHI = 1e-3, 1.0 - 1e-5


class Scales(NamedTuple):
    """Scales that make the coordinates of all assets alike; one column per asset."""

    moderate: Floats  # (K, N) c, a signal-to-noise ratio that moves a loading slowly
    mean: Floats  # (K, N) m0
    deviation: Floats  # (K, N) d


@compiled
def dimension(spec, states):
    """Return the number of coordinates of an asset."""
    return 1 + 3 * states if spec.reverts else 1 + states


@compiled
def set_parameters(spec, theta, scales, asset, own, lane):
    """Write the parameters of the point theta to a lane."""
    states = own.phi.shape[0]
    level = math.exp(theta[0])
    own.level[lane] = level
    for j in range(states):
        ratio = scales.moderate[j, asset] * math.expm1(theta[1 + j])
        own.state_variance[j, lane] = ratio if spec.scales or spec.noise == DISCOUNT else ratio * level
        own.phi[j, lane], own.mean[j, lane] = 1.0, 0.0
        if spec.reverts:
            phi = 1.0 / (1.0 + math.exp(-theta[1 + states + j]))
            own.phi[j, lane] = min(max(phi, LEAST_PHI), MOST_PHI)
            own.mean[j, lane] = scales.mean[j, asset] + scales.deviation[j, asset] * theta[1 + 2 * states + j]


@compiled
def set_gradient(spec, theta, scales, asset, own, by, lane, gradient):
    """Convert derivatives by the parameters to derivatives by theta."""
    states = own.phi.shape[0]
    level = own.level[lane]
    free = spec.scales or spec.noise == DISCOUNT
    gradient[0] = level * by.level[lane]
    for j in range(states):
        by_ratio = by.state_variance[j, lane] * (1.0 if free else level)
        if not free:
            gradient[0] += own.state_variance[j, lane] * by.state_variance[j, lane]
        gradient[1 + j] = by_ratio * scales.moderate[j, asset] * math.exp(theta[1 + j])
        if spec.reverts:
            phi = own.phi[j, lane]
            gradient[1 + states + j] = by.phi[j, lane] * phi * (1.0 - phi)
            gradient[1 + 2 * states + j] = by.mean[j, lane] * scales.deviation[j, asset]


@compiled
def bounds_of(spec, states):
    """Return the least and the greatest values of the coordinates, (2, D)."""
    bounds = np.empty((2, dimension(spec, states)))
    bounds[0], bounds[1] = -np.inf, np.inf
    bounds[0, 1 : 1 + states] = 0.0
    if spec.reverts:
        for row, phi in enumerate((LEAST_PHI, MOST_PHI)):
            bounds[row, 1 + states : 1 + 2 * states] = math.log(phi / (1.0 - phi))
    return bounds
