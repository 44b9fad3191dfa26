"""One date of the panel filter, for a block of assets: the textbook's prediction and update.

Prediction     a <- m + phi (a - m)          P <- phi P phi + Q
Update         v = y - x'a     M = P x     S = x'M + R     a <- a + M v/S     P <- P - M M'/S

With Student-t tails the gain uses R / w, w = (nu + 1) / (nu + v^2/S): the usual one-pass robust update (Meinhold and
Singpurwalla 1989, JASA 84; Agamennoni, Nieto and Nebot 2012, IEEE TSP 60). The learned level of the observation
variance is exponentially weighted (RiskMetrics 1996), with one speed or as a mixture of two, in the manner of Corsi
(2009, Journal of Financial Econometrics 7); or West and Harrison's conjugate one (1997, Bayesian Forecasting and
Dynamic Models, section 4.5, 10.8). With weight w and memories lambda > mu, s the scaled and capped v^2/S,

    R = (1 - w) slow + w fast     slow <- lambda slow + (1 - lambda) s R     fast <- mu fast + (1 - mu) s R

The recursion is kept in R and fast, each at least 1e-4 of the level at the start.

The covariance is stored as its lower triangle (triangles.py), so it is symmetric by construction.
"""

from statefolio.kalman.allocation import zeros
from statefolio.kalman.lanes import WIDTH, inner, select, spread
from statefolio.kalman.specification import DISCOUNT, EWMA, LEVEL_FLOOR, SURPRISE_CAP

# mypy: disable-error-code="no-untyped-def,no-untyped-call"


@inner
def predict(spec, states, phi, mean, state_variance, level, a, P):
    """Predict the next date: a and P become its mean and covariance given the dates before."""
    unit = level[:] if spec.scales and spec.noise != DISCOUNT else spread(1.0)
    row = 0
    for j in range(states):
        if spec.reverts:
            a[j] = mean[j] + phi[j] * (a[j] - mean[j])
            for k in range(j + 1):
                P[row + k] *= phi[j] * phi[k]
        if spec.discount < 1.0:
            for k in range(j + 1):
                P[row + k] *= 1.0 / spec.discount
        P[row + j] += state_variance[j] * unit
        row += j + 1


@inner
def innovate(states, X, t, y, a, P, M, R):
    """Compute M = P x, and return the innovation v = y - x'a and its variance S = x'M + R."""
    v = y
    row = 0
    for j in range(states):
        x_j = X[t, j]
        v -= x_j * a[j]
        M_j = P[row + j] * x_j
        for k in range(j):
            P_jk = P[row + k]
            M_j += P_jk * X[t, k]
            M[k] += P_jk * x_j
        M[j] = M_j
        row += j + 1
    S = R
    for j in range(states):
        S += X[t, j] * M[j]
    return v, S


@inner
def observe(spec, states, X, t, common, y, alive, level, a, P, M):
    """Compare the observations of a date with their predictions; M is set to P x.

    Returns the mask of lanes with an observation, the innovations v (zero in the other lanes), their variances S and
    the noise R in the units of the state, the unit, u = v^2/S and 1/S.
    """
    ok = (y == y) & alive
    conjugate = spec.noise == DISCOUNT
    unit = level[:] if conjugate else spread(1.0)
    R = spread(common[t]) if conjugate else level[:] * common[t]
    v, S = innovate(states, X, t, select(ok, y, 0.0), a, P, M, R)
    v = select(ok, v, 0.0)
    inverse = 1.0 / S
    u = v * v * inverse
    return ok, v, S, R, unit, (u / unit if conjugate else u), inverse


@inner
def gain_precision(spec, S, R, u, inverse):
    """Return 1 / S, with the observation variance divided by the robust weight under Student-t tails."""
    if spec.tails < 1e300:
        return 1.0 / (S + R * ((u - 1.0) * (1.0 / (spec.tails + 1.0))))
    return inverse


@inner
def update(states, a, P, M, v, precision):
    """Update the state with an innovation: a + M v/S and P - M M'/S."""
    row = 0
    for j in range(states):
        gain = M[j] * precision
        a[j] += gain * v
        for k in range(j + 1):
            P[row + k] -= gain * M[k]
        row += j + 1


@inner
def any_begins(began, t):
    """Return whether a lane begins at date t."""
    for lane in range(WIDTH):  # noqa: SIM110 - Numba compiles no generators
        if began[lane] == t:
            return True
    return False


@inner
def enter(entering, t, skipped, a, P):
    """Set the state of the lanes that begin at date t; `skipped` selects those that need no prediction before it."""
    chosen = zeros(1)
    for lane in range(WIDTH):
        chosen[0, lane] = entering.began[lane] == t and entering.predicted[lane] == skipped
    here = chosen[0] > 0.5
    for j in range(len(a)):
        a[j] = select(here, entering.a[j], a[j])
    for jk in range(len(P)):
        P[jk] = select(here, entering.P[jk], P[jk])


@inner
def pace(spec):
    """Return the weight of a date's surprise in the exponentially weighted variance of the next date."""
    return (1.0 - spec.fast_weight) * (1.0 - spec.memory) + spec.fast_weight * (1.0 - spec.fast_memory)


@inner
def learn_level(spec, ok, u, level, fast, worth, start_level):
    """Update the level of the observation variance after a date on which v^2/S was u."""
    old = level[:]
    if spec.noise == EWMA:
        seen = select(u < SURPRISE_CAP, u, SURPRISE_CAP) * spec.surprise_scale
        least = LEVEL_FLOOR * start_level[:]
        new = old * (spec.memory + pace(spec) * seen)
        if spec.fast_weight > 0.0:
            quick = fast[:]
            new += (spec.fast_weight * (spec.fast_memory - spec.memory)) * quick
            quicker = spec.fast_memory * quick + (1.0 - spec.fast_memory) * (seen * old)
            fast[:] = select(ok, select(quicker > least, quicker, least), quick)
        level[:] = select(ok, select(new > least, new, least), old)
    if spec.noise == DISCOUNT:
        before = spec.memory * worth[:]
        level[:] = select(ok, old * (before + u) / (before + 1.0), old)
        worth[:] = select(ok, before + 1.0, worth[:])
