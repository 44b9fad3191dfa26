"""The backward pass of a score: the adjoint of the filter, one date after another.

Bars denote derivatives of the log-likelihood. The update a+ = a + M v/G, P+ = P - M M'/G (G the variance the
gain is computed with) gives

    M_bar = a+_bar v/G - 2 P+_bar M/G      v_bar = M'a+_bar/G      G_bar = (M'P+_bar M - v M'a+_bar)/G^2

and then, through M = P x, S = x'M + R and v = y - x'a,

    P_bar = P+_bar + sym(M_bar x') + S_bar x x'      a_bar = a+_bar - x v_bar.

For a Gaussian with constant variances these are the r and N of Koopman and Shephard (1992, Biometrika 79):
a_bar = r and P_bar = (r r' - N)/2. Student-t tails and learned variances add terms through u = v^2/S.

P_bar is stored as the lower triangle of the symmetric matrix: dL = sum P_bar_jj dP_jj + 2 sum_k<j P_bar_jk dP_jk.
"""

from typing import NamedTuple

from statefolio.kalman.allocation import scratch, zeros
from statefolio.kalman.density import conjugate_slope
from statefolio.kalman.lanes import WIDTH, compiled, inner, select, spread
from statefolio.kalman.rows import columns, regressors, rows
from statefolio.kalman.specification import DISCOUNT, EWMA, LEVEL_FLOOR, SURPRISE_CAP, Floats
from statefolio.kalman.step import any_begins, gain_precision, pace
from statefolio.kalman.triangles import packed

# mypy: disable-error-code="no-untyped-def,no-untyped-call"


class Learning(NamedTuple):
    """What is learned about the observation variance of a date before its update, or derivatives by it."""

    level: Floats  # (W,)
    fast: Floats  # (W,)
    worth: Floats  # (W,)


@compiled
def backward(spec, dates, Y, offset, own, entering, tape, by, by_shared, entering_bar):
    """Add the derivatives of every lane's log-likelihood, except those through its start, to `by` and `by_shared`.

    `entering_bar` receives the derivatives by the entering state.
    """
    states, series, X = dates.X.shape[1], columns(Y, offset), regressors(dates.X, offset)
    own, tape, by, by_shared = rows(own), rows(tape), rows(by), rows(by_shared)
    entering, entering_bar = rows(entering), rows(entering_bar)
    a_bar, M_bar, P_bar = zeros(states), zeros(states), zeros(states * (states + 1) // 2)
    later = rows(Learning(scratch(1)[0], scratch(1)[0], scratch(1)[0]))
    began = entering.began
    for t in range(len(dates.X) - 1, -1, -1):
        y = series[t]
        ok = (y == y) & (began[:] <= t)
        v, S, level = tape.v[t], tape.S[t], tape.level[t]
        unit = level if spec.noise == DISCOUNT else spread(1.0)
        R = spread(dates.common[t]) if spec.noise == DISCOUNT else level * dates.common[t]
        inverse = 1.0 / S
        inverse_scale = inverse / unit if spec.noise == DISCOUNT else inverse
        u = v * v * inverse_scale
        precision = select(ok, gain_precision(spec, S, R, u, inverse), 0.0)
        v_bar, G_bar = _undo_update(states, t, tape, v, precision, a_bar, P_bar, M_bar)
        R_bar, u_bar = _undo_weight(spec, ok, R, u, G_bar, by_shared)
        worth = tape.worth[t]
        u_bar += _undo_learning(spec, ok, u, Learning(level, tape.fast[t], worth), own, later, by, by_shared)
        u_bar -= select(ok, _density_slope(spec, worth, u), 0.0)
        scale_bar = select(ok, -0.5 * inverse_scale, 0.0) - u_bar * u * inverse_scale
        v_bar += u_bar * 2.0 * v * inverse_scale
        S_bar = G_bar + scale_bar * unit
        R_bar += S_bar
        through_R = scale_bar * S if spec.noise == DISCOUNT else R_bar * dates.common[t]
        later.level[:] += through_R
        by_log_R = R_bar * R
        for j in range(dates.slopes.shape[1]):
            by_shared.common[j] += by_log_R * dates.slopes[t, j]
        _undo_innovation(states, X, t, v_bar, S_bar, a_bar, P_bar, M_bar)
        begins = any_begins(began, t)
        if begins:
            _take_out(entering, t, True, a_bar, P_bar, entering_bar)
        _undo_prediction(spec, states, own, tape, t, level, a_bar, P_bar, later.level, by)
        if begins:
            _take_out(entering, t, False, a_bar, P_bar, entering_bar)
    by.level[:] += later.level[:] + later.fast[:]


@inner
def _undo_update(states, t, tape, v, precision, a_bar, P_bar, M_bar):
    """Differentiate the update: sets M_bar, returns v_bar and G_bar."""
    c, d = spread(0.0), spread(0.0)
    for j in range(states):
        s = spread(0.0)
        for k in range(states):
            s += P_bar[packed(j, k)] * tape.M[t, k]
        M_j, a_j = tape.M[t, j], a_bar[j]
        c += M_j * a_j
        d += M_j * s
        M_bar[j] = (a_j * v - 2.0 * s) * precision
    return c * precision, (d - c * v) * precision * precision


@inner
def _undo_weight(spec, ok, R, u, G_bar, by_shared):
    """Differentiate G = S + R (u - 1)/(nu + 1), and the density by nu; returns R_bar and u_bar."""
    if spec.tails > 1e300:
        return spread(0.0), spread(0.0)
    inverse, free = 1.0 / (spec.tails + 1.0), spec.tails - 2.0
    direct = select(ok, 0.5 * (spec.tails + 1.0) * u / (free * (free + u)), 0.0)
    through = direct - G_bar * R * (u - 1.0) * (inverse * inverse)
    by_shared.tails[:] += through
    return G_bar * (u - 1.0) * inverse, G_bar * R * inverse


@inner
def _undo_learning(spec, ok, u, now, own, later, by, by_shared):
    """Differentiate the learning of the level: moves the bars `later` one date back, returns u_bar."""
    if spec.noise == EWMA:
        return _undo_averages(spec, ok, u, now, own, later, by, by_shared)
    if spec.noise == DISCOUNT:
        before, level, level_bar = spec.memory * now.worth, now.level, later.level[:]
        next_worth = later.worth[:]
        spent = level * (1.0 - u) / ((before + 1.0) * (before + 1.0))
        before_bar = select(ok, next_worth + level_bar * spent + conjugate_slope(u, before), 0.0)
        by_shared.memory[:] += before_bar * now.worth
        later.worth[:] = select(ok, before_bar * spec.memory, next_worth)
        later.level[:] = select(ok, level_bar * (before + u) / (before + 1.0), level_bar)
        return select(ok, level_bar * level / (before + 1.0), 0.0)
    return spread(0.0)


@inner
def _undo_averages(spec, ok, u, now, own, later, by, by_shared):
    """Differentiate the exponentially weighted level of one or two speeds, as `_undo_learning` does."""
    level, fast, weight, gap = now.level, now.fast, spec.fast_weight, spec.fast_memory - spec.memory
    under = u < SURPRISE_CAP
    capped = select(under, u, SURPRISE_CAP)
    seen, least = capped * spec.surprise_scale, LEVEL_FLOOR * own.level[:]
    factor = spec.memory + pace(spec) * seen
    free = ok & (level * factor + (weight * gap) * fast > least)
    moved, floored = select(free, later.level[:], 0.0), select(free, 0.0, later.level[:])
    level_bar, seen_bar = moved * factor, moved * level * pace(spec)
    by_shared.memory[:] += moved * (level * (1.0 - (1.0 - weight) * seen) - weight * fast)
    if weight > 0.0:
        news = seen * level
        follows = ok & (spec.fast_memory * fast + (1.0 - spec.fast_memory) * news > least)
        quick = select(follows, later.fast[:], 0.0)
        floored += select(follows, 0.0, later.fast[:])
        level_bar += quick * (1.0 - spec.fast_memory) * seen
        seen_bar += quick * (1.0 - spec.fast_memory) * level
        by_shared.fast_memory[:] += (quick + weight * moved) * (fast - news)
        by_shared.fast_weight[:] += moved * gap * (fast - news)
        later.fast[:] = select(ok, quick * spec.fast_memory + moved * (weight * gap), later.fast[:])
    by.level[:] += select(ok, floored * LEVEL_FLOOR, 0.0)
    by_shared.surprise_scale[:] += seen_bar * capped
    later.level[:] = select(ok, level_bar, later.level[:])
    return select(under, seen_bar * spec.surprise_scale, 0.0)


@inner
def _density_slope(spec, worth, u):
    """Return minus the derivative of the log density by u."""
    if spec.noise == DISCOUNT:
        freedom = spec.memory * worth
        return 0.5 * (freedom + 1.0) / (freedom + u)
    if spec.tails < 1e300:
        return 0.5 * (spec.tails + 1.0) / ((spec.tails - 2.0) + u)
    return spread(0.5)


@inner
def _undo_innovation(states, X, t, v_bar, S_bar, a_bar, P_bar, M_bar):
    """Differentiate v = y - x'a, S = x'P x + R and M = P x."""
    row = 0
    for j in range(states):
        x_j, M_j = X[t, j], M_bar[j]
        a_bar[j] -= x_j * v_bar
        for k in range(j + 1):
            x_k = X[t, k]
            step = 0.5 * (M_j * x_k + M_bar[k] * x_j) + S_bar * (x_j * x_k)
            P_bar[row + k] += step
        row += j + 1


@inner
def _undo_prediction(spec, states, own, tape, t, level, a_bar, P_bar, level_bar, by):
    """Differentiate a <- m + phi (a - m), P <- phi P phi / discount + Q."""
    row = 0
    for j in range(states):
        Q_bar = P_bar[row + j]
        if spec.scales and spec.noise != DISCOUNT:
            level_bar[:] += Q_bar * own.state_variance[j]
            Q_bar = Q_bar * level
        by.state_variance[j] += Q_bar
        row += j + 1
    if spec.discount < 1.0:
        for jk in range(len(P_bar)):
            P_bar[jk] *= 1.0 / spec.discount
    if spec.reverts:
        _undo_reversion(states, own, tape, t, a_bar, P_bar, by)


@inner
def _undo_reversion(states, own, tape, t, a_bar, P_bar, by):
    """Differentiate a <- m + phi (a - m), P <- phi P phi."""
    for j in range(states):
        phi_j, a_j = own.phi[j], a_bar[j]
        phi_bar = a_j * (tape.a[t, j] - own.mean[j])
        by.mean[j] += a_j * (1.0 - phi_j)
        a_bar[j] = a_j * phi_j
        for k in range(states):
            jk = packed(j, k)
            phi_bar += 2.0 * P_bar[jk] * tape.P[t, jk] * own.phi[k]
        by.phi[j] += phi_bar
    row = 0
    for j in range(states):
        for k in range(j + 1):
            P_bar[row + k] *= own.phi[j] * own.phi[k]
        row += j + 1


@inner
def _take_out(entering, t, skipped, a_bar, P_bar, entering_bar):
    """Move the derivatives by the entering state to `entering_bar`, and end the lane."""
    for lane in range(WIDTH):
        if entering.began[lane] == t and entering.predicted[lane] == skipped:
            for j in range(len(a_bar)):
                entering_bar.a[j, lane], a_bar[j, lane] = a_bar[j, lane], 0.0
            for jk in range(len(P_bar)):
                entering_bar.P[jk, lane], P_bar[jk, lane] = P_bar[jk, lane], 0.0
