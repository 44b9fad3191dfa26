"""Solves for the value of an account after the costs of a trade to weights of that value.

    V' + C(V') = V      C(V') = sum_i c_i |d_i| + y sigma_i |d_i|^(3/2) / V_i^(1/2)      d_i = w_i V' - h_i

C is convex in V' and C(V) >= 0, so Newton's method started at V' = V decreases to the root. If selling everything costs
more than the account's value, there is no root above 0: V' is then 0 and the account is bankrupt.
"""

import numpy as np

from statefolio.kalman.compiled_code import cached

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

MAXIMUM_STEPS = 60
_TOLERANCE = 1e-14

compiled = cached(nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})


@compiled
def value_after_costs(value, with_impact, share, held, rate, unit_impact):
    """Return V', from target shares w, positions h, and their cost rates and impact (N,)."""
    left = value
    for _ in range(MAXIMUM_STEPS):
        cost, slope = 0.0, 0.0
        for i in range(len(share)):
            traded = share[i] * left - held[i]
            sign = 1.0 if traded > 0.0 else -1.0
            cost += rate[i] * sign * traded
            slope += rate[i] * sign * share[i]
        if with_impact:
            for i in range(len(share)):
                traded = share[i] * left - held[i]
                root = np.sqrt(abs(traded))
                cost += unit_impact[i] * root * abs(traded)
                slope += 1.5 * unit_impact[i] * root * (share[i] if traded > 0.0 else -share[i])
        step = (left + cost - value) / (1.0 + slope)
        if abs(step) <= _TOLERANCE * value:
            break
        left -= step
        if not left > 0.0:
            return 0.0
    return left


@compiled
def total(values):
    """Return the sum of values (N,)."""
    found = 0.0
    for i in range(len(values)):
        found += values[i]
    return found
