"""One date of the panel filter, for the assets of a block: the textbook's two steps.

Prediction     a <- m + phi (a - m)          P <- phi P phi + Q
Update         v = y - x'a     M = P x     S = x'M + R     a <- a + M v/S     P <- P - M M'/S

With Student-t tails the gain is computed with R / w, w = (nu + 1) / (nu + v^2/S): the usual one-pass robust
update (Meinhold and Singpurwalla 1989, JASA 84; Agamennoni, Nieto and Nebot 2012, IEEE TSP 60). The
learned level of the observation variance is exponentially weighted (RiskMetrics 1996) or West and
Harrison's conjugate one (1997, Bayesian Forecasting and Dynamic Models, section 4.5, 10.8).

The covariance is kept as its lower triangle, so it is symmetric by construction.
"""

from statefolio.kalman.lanes import WIDTH, inner, load, regressor, scratch, select, spread, store
from statefolio.kalman.law import DISCOUNT, EWMA, LEVEL_FLOOR, SURPRISE_CAP

# mypy: disable-error-code="no-untyped-def,no-untyped-call"


@inner
def packed(j, k):
    """Row of entry (j, k) of a symmetric matrix in its lower triangle."""
    return j * (j + 1) // 2 + k if k <= j else k * (k + 1) // 2 + j


@inner
def predict(law, states, phi, mean, state_variance, level, a, P):
    """Move the state one date on: a and P are those of the next date before it is seen."""
    unit = load(level, 0) if law.scales and law.noise != DISCOUNT else spread(1.0)
    row = 0
    for j in range(states):
        if law.reverts:
            phi_j, mean_j = load(phi, j * WIDTH), load(mean, j * WIDTH)
            store(a, j * WIDTH, mean_j + phi_j * (load(a, j * WIDTH) - mean_j))
            for k in range(j + 1):
                store(P, (row + k) * WIDTH, load(P, (row + k) * WIDTH) * (phi_j * load(phi, k * WIDTH)))
        if law.discount < 1.0:
            for k in range(j + 1):
                store(P, (row + k) * WIDTH, load(P, (row + k) * WIDTH) * (1.0 / law.discount))
        step_variance = load(state_variance, j * WIDTH) * unit
        store(P, (row + j) * WIDTH, load(P, (row + j) * WIDTH) + step_variance)
        row += j + 1


@inner
def innovate(states, X, t, column, y, a, P, M, R):
    """M = P x, and the innovation v = y - x'a with its variance S = x'M + R."""
    v = y
    row = 0
    for j in range(states):
        x_j = regressor(X, t, j, column)
        v -= x_j * load(a, j * WIDTH)
        M_j = load(P, (row + j) * WIDTH) * x_j
        for k in range(j):
            P_jk = load(P, (row + k) * WIDTH)
            M_j += P_jk * regressor(X, t, k, column)
            store(M, k * WIDTH, load(M, k * WIDTH) + P_jk * x_j)
        store(M, j * WIDTH, M_j)
        row += j + 1
    S = R
    for j in range(states):
        S += regressor(X, t, j, column) * load(M, j * WIDTH)
    return v, S


@inner
def look(law, states, X, t, column, common, y, alive, level, a, P, M):
    """The date's observations against their predictions; M = P x is left behind.

    Returns which lanes observed, innovations v (zero where not), their variances S and noise R in the units of
    the state, the unit, u = v^2/S and 1/S.
    """
    ok = (y == y) & alive
    conjugate = law.noise == DISCOUNT
    unit = load(level, 0) if conjugate else spread(1.0)
    R = spread(common[t]) if conjugate else load(level, 0) * common[t]
    v, S = innovate(states, X, t, column, select(ok, y, 0.0), a, P, M, R)
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
        gain = load(M, j * WIDTH) * precision
        store(a, j * WIDTH, load(a, j * WIDTH) + gain * v)
        for k in range(j + 1):
            store(P, (row + k) * WIDTH, load(P, (row + k) * WIDTH) - gain * load(M, k * WIDTH))
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
    chosen = scratch(1)[0]
    for lane in range(WIDTH):
        chosen[lane] = entering.began[lane] == t and entering.predicted[lane] == skipped
    here = load(chosen, 0) > 0.5
    for j in range(a.shape[0]):
        store(a, j * WIDTH, select(here, load(entering.a, j * WIDTH), load(a, j * WIDTH)))
    for jk in range(P.shape[0]):
        store(P, jk * WIDTH, select(here, load(entering.P, jk * WIDTH), load(P, jk * WIDTH)))


@inner
def learn_level(law, ok, u, level, worth, start_level):
    """The level of the observation variance after a date on which v^2/S was u."""
    old = load(level, 0)
    if law.noise == EWMA:
        seen = select(u < SURPRISE_CAP, u, SURPRISE_CAP)
        new = old * (law.memory + (1.0 - law.memory) * seen)
        least = LEVEL_FLOOR * load(start_level, 0)
        new = select(new > least, new, least)
        store(level, 0, select(ok, new, old))
    if law.noise == DISCOUNT:
        before = law.memory * load(worth, 0)
        store(level, 0, select(ok, old * (before + u) / (before + 1.0), old))
        store(worth, 0, select(ok, before + 1.0, load(worth, 0)))
