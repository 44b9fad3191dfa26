"""One date of the panel filter, for the assets of a block: the textbook's two steps.

Prediction     a <- m + phi (a - m)          P <- phi P phi + Q
Update         v = y - x'a     M = P x     S = x'M + R     a <- a + M v/S     P <- P - M M'/S

With Student-t tails the gain is computed with R / w, w = (nu + 1) / (nu + v^2/S): the usual one-pass robust
update (Meinhold and Singpurwalla 1989, JASA 84; Agamennoni, Nieto and Nebot 2012, IEEE TSP 60). The
learned level of the observation variance is exponentially weighted (RiskMetrics 1996) or West and
Harrison's conjugate one (1997, Bayesian Forecasting and Dynamic Models, section 4.5, 10.8).

The covariance is kept as its lower triangle, so it is symmetric by construction.
"""

from statefolio.kalman.lanes import WIDTH, inner, select, spread
from statefolio.kalman.law import DISCOUNT, EWMA, LEVEL_FLOOR, SURPRISE_CAP
from statefolio.kalman.memory import zeros

# mypy: disable-error-code="no-untyped-def,no-untyped-call"


@inner
def lower(j, k):
    """Row of entry (j, k), k <= j, of a lower triangle kept row by row."""
    return j * (j + 1) // 2 + k


@inner
def packed(j, k):
    """Row of entry (j, k) of a symmetric matrix in its lower triangle."""
    return lower(j, k) if k <= j else lower(k, j)


@inner
def predict(law, states, phi, mean, state_variance, level, a, P):
    """Move the state one date on: a and P are those of the next date before it is seen."""
    unit = level[:] if law.scales and law.noise != DISCOUNT else spread(1.0)
    row = 0
    for j in range(states):
        if law.reverts:
            a[j] = mean[j] + phi[j] * (a[j] - mean[j])
            for k in range(j + 1):
                P[row + k] *= phi[j] * phi[k]
        if law.discount < 1.0:
            for k in range(j + 1):
                P[row + k] *= 1.0 / law.discount
        P[row + j] += state_variance[j] * unit
        row += j + 1


@inner
def innovate(states, X, t, y, a, P, M, R):
    """M = P x, and the innovation v = y - x'a with its variance S = x'M + R."""
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
def look(law, states, X, t, common, y, alive, level, a, P, M):
    """The date's observations against their predictions; M = P x is left behind.

    Returns which lanes observed, innovations v (zero where not), their variances S and noise R in the units of
    the state, the unit, u = v^2/S and 1/S.
    """
    ok = (y == y) & alive
    conjugate = law.noise == DISCOUNT
    unit = level[:] if conjugate else spread(1.0)
    R = spread(common[t]) if conjugate else level[:] * common[t]
    v, S = innovate(states, X, t, select(ok, y, 0.0), a, P, M, R)
    v = select(ok, v, 0.0)
    inverse = 1.0 / S
    u = v * v * inverse
    return ok, v, S, R, unit, (u / unit if conjugate else u), inverse


@inner
def gain_precision(law, S, R, u, inverse):
    """1 / S, with the observation variance divided by the robust weight under Student-t tails."""
    if law.tails < 1e300:
        return 1.0 / (S + R * ((u - 1.0) * (1.0 / (law.tails + 1.0))))
    return inverse


@inner
def update(states, a, P, M, v, precision):
    """Kalman gain times innovation, and what the date taught: a + M v/S and P - M M'/S."""
    row = 0
    for j in range(states):
        gain = M[j] * precision
        a[j] += gain * v
        for k in range(j + 1):
            P[row + k] -= gain * M[k]
        row += j + 1


@inner
def anyone_begins(began, t):
    """Whether a lane begins at date t."""
    for lane in range(WIDTH):  # noqa: SIM110 - Numba compiles no generators
        if began[lane] == t:
            return True
    return False


@inner
def enter(entering, t, skipped, a, P):
    """Put in the lanes that begin at date t; `skipped` are those that need no prediction before it."""
    chosen = zeros(1)
    for lane in range(WIDTH):
        chosen[0, lane] = entering.began[lane] == t and entering.predicted[lane] == skipped
    here = chosen[0] > 0.5
    for j in range(len(a)):
        a[j] = select(here, entering.a[j], a[j])
    for jk in range(len(P)):
        P[jk] = select(here, entering.P[jk], P[jk])


@inner
def learn_level(law, ok, u, level, worth, start_level):
    """The level of the observation variance after a date on which v^2/S was u."""
    old = level[:]
    if law.noise == EWMA:
        seen = select(u < SURPRISE_CAP, u, SURPRISE_CAP)
        new = old * (law.memory + (1.0 - law.memory) * seen)
        least = LEVEL_FLOOR * start_level[:]
        new = select(new > least, new, least)
        level[:] = select(ok, new, old)
    if law.noise == DISCOUNT:
        before = law.memory * worth[:]
        level[:] = select(ok, old * (before + u) / (before + 1.0), old)
        worth[:] = select(ok, before + 1.0, worth[:])
