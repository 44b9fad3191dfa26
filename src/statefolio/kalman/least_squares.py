"""Least squares through time, every asset on its own sums: expanding, exponentially weighted, rolling.

    A = sum w x x'    c = sum w x r    q = sum w r^2    over the returns observed so far
    A = L D L'        b = A^-1 c       s2 = (q - c'b) / (W1 - K W2 / W1)

W1 and W2 sum the weights and their squares, so that equal weights give n - K. Sums over a rolling window
are made by additions only: those of the rows before the last multiple of the window are added up backwards,
those after it forwards, and a window is one of each. Nothing is ever taken away, so nothing drifts.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from statefolio.kalman.blocks import over_blocks, pad_last, padded
from statefolio.kalman.lanes import WIDTH, compiled, inner, load, select, spread, store

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

Floats = npt.NDArray[np.float64]

SINGULAR = 1e-13  # a pivot this small against its own diagonal is rounding


class Scheme(NamedTuple):
    """How a row's weight falls with its age, and how many observations a fit needs.

    The last `window` rows weigh 1 each; with `window` 0 every row weighs `decay` to the power of its age.
    """

    window: int
    decay: float
    needed: int


@dataclass(frozen=True)
class Memory:
    """What a later date needs to know of former ones.

    `sums` (rows of `add`, N) for growing sums; the last `window` rows of `X` and `Y` for rolling ones;
    `seen`, the dates so far.
    """

    sums: Floats
    X: Floats
    Y: Floats
    seen: int


@dataclass(frozen=True)
class Fits:
    """Coefficients and variances with data up to and including each date, assets innermost.

    Those before the first date are beside them; innovations are the errors of predicting a date from the
    fit of the date before; the last fit has its whole covariance.
    """

    mean: Floats
    variance: Floats
    first_mean: Floats
    first_variance: Floats
    innovation: Floats
    innovation_variance: Floats
    observation_variance: Floats
    last_covariance: Floats
    last_observation_variance: Floats
    last_count: Floats


def empty_memory(states: int, assets: int) -> Memory:
    """Nothing seen yet."""
    rows = states * (states + 1) // 2 + states + 4
    return Memory(np.zeros((rows, assets)), np.empty((0, states)), np.empty((0, assets)), 0)


def joined(memory: Memory, count: int) -> Memory:
    """The memory with `count` more assets, never observed."""
    sums = np.pad(memory.sums, ((0, 0), (0, count)))
    return Memory(sums, memory.X, np.pad(memory.Y, ((0, 0), (0, count)), constant_values=np.nan), memory.seen)


def least_squares(scheme: Scheme, X: Floats, Y: Floats, memory: Memory) -> tuple[Fits, Memory]:
    """Fit at every date.

    Parameters
    ----------
    scheme : Scheme
        Weights, and how many observations a fit needs.
    X : (T, K) array
        Regressors.
    Y : (T, N) array
        Returns, NaN where not observed.
    memory : Memory
        What went before; it is not written to.

    Returns
    -------
    Fits, Memory
    """
    dates, assets = Y.shape
    states, blocks = X.shape[1], padded(assets) // WIDTH
    before = len(memory.X)
    X_all = np.concatenate([memory.X, X]) if before else X
    Y_all = pad_last(np.concatenate([memory.Y, Y]) if before else Y, np.nan)
    sums = np.array(pad_last(memory.sums, 0.0))
    fits = _empty_fits(dates, states, blocks * WIDTH)
    arrays = tuple(vars(fits).values())

    def work(first: int, last: int) -> None:
        _sweep(scheme, states, before, memory.seen, X_all, Y_all, sums, arrays, first, last)

    over_blocks(work, blocks, dates * assets * states)
    kept = X_all[len(X_all) - min(scheme.window, len(X_all)) :].copy()
    after = Memory(sums[:, :assets], kept, Y_all[len(X_all) - len(kept) :, :assets].copy(), memory.seen + dates)
    return Fits(*(array[..., :assets] for array in arrays)), after


def _empty_fits(dates: int, states: int, lanes: int) -> Fits:
    path, state, cell = (dates, states, lanes), (1, states, lanes), (dates, lanes)
    shapes = (path, path, state, state, cell, cell, cell, (states, states, lanes), (lanes,), (lanes,))
    return Fits(*(np.empty(shape) for shape in shapes))


@compiled
def _sweep(scheme, states, before, seen, X, Y, memory, fits, first_block, last_block):
    """Fit blocks of assets at every date after the first `before` rows, which only fill the window."""
    mean, variance, first_mean, first_variance = fits[0], fits[1], fits[2], fits[3]
    innovation, innovation_variance, observation_variance = fits[4], fits[5], fits[6]
    covariance, last_variance, last_count = fits[7], fits[8], fits[9]
    rows, window, width = memory.shape[0], scheme.window, Y.shape[1]
    sums, total, behind = (
        np.empty((rows, WIDTH)),
        np.empty((rows, WIDTH)),
        np.zeros((window + 1, rows, WIDTH)),
    )
    L, M = np.empty((states * (states + 1) // 2, WIDTH)), np.empty((states * (states + 1) // 2, WIDTH))
    precision, z, b = np.empty((states, WIDTH)), np.empty((states, WIDTH)), np.empty((states, WIDTH))
    s2 = np.empty(WIDTH)
    for block in range(first_block, last_block):
        column = block * WIDTH
        filled = (seen - 1) % window + 1 if window > 0 and seen > 0 else 0
        for i in range(rows):
            store(sums, i * WIDTH, load(memory, i * width + column))
        if window > 0:
            _add_up_again(states, window, filled, before, X, Y, column, sums, behind)
        for row in range(before - 1, Y.shape[0]):
            t = row - before
            if t >= 0:
                y = load(Y, row * width + column)
                v, h = _innovate(states, X, row, y, L, precision, z, b)
                here = t * width + column
                store(innovation, here, v)
                store(innovation_variance, here, load(s2, 0) * (1.0 + h))
                store(observation_variance, here, load(s2, 0))
                if window > 0 and filled == window:
                    _add_up_backwards(states, window, 0, row, X, Y, column, behind)
                    _empty(rows, sums, 0)
                    filled = 0
                add(states, scheme.decay, X, row, y, sums, 0)
                filled += 1
            reached = min(filled, window)  # behind[0] stays zero where sums only grow
            for i in range(rows):
                store(total, i * WIDTH, load(sums, i * WIDTH) + load(behind, (reached * rows + i) * WIDTH))
            store(s2, 0, _fit(states, scheme.needed, total, L, precision, z, b))
            _invert(states, L, M)
            to_mean, to_variance = (mean, variance) if t >= 0 else (first_mean, first_variance)
            _note(states, max(t, 0), width, column, b, s2, M, precision, to_mean, to_variance)
        for i in range(states):
            for j in range(states):
                of_pair = load(s2, 0) * _inverse(states, i, j, M, precision)
                store(covariance, (i * states + j) * width + column, of_pair)
        store(last_variance, column, load(s2, 0))
        store(last_count, column, load(total, (rows - 3) * WIDTH))
        for i in range(rows):
            store(memory, i * width + column, load(sums, i * WIDTH))


@inner
def _note(states, t, width, column, b, s2, M, precision, mean, variance):
    """Write coefficients and their variances at date t."""
    for k in range(states):
        store(mean, (t * states + k) * width + column, load(b, k * WIDTH))
        store(variance, (t * states + k) * width + column, load(s2, 0) * _inverse(states, k, k, M, precision))


@inner
def add(states, decay, X, row, y, sums, at):
    """Age the sums that start at `at` by a date and add one row to them, in the lanes where it was observed.

    Rows of `sums`: the lower triangle of A, then c, q, the count, W1, W2. Each product is chosen or left out
    after it is rounded, so that no fused multiply-add makes one compiled copy of this differ from another.
    """
    ok = y == y
    one = select(ok, spread(1.0), 0.0)
    for i in range(states):
        for j in range(i + 1):
            product = X[row, i] * X[row, j]
            store(sums, at, decay * load(sums, at) + select(ok, spread(product), 0.0))
            at += WIDTH
    for i in range(states):
        store(sums, at, decay * load(sums, at) + select(ok, X[row, i] * y, 0.0))
        at += WIDTH
    store(sums, at, decay * load(sums, at) + select(ok, y * y, 0.0))
    store(sums, at + WIDTH, load(sums, at + WIDTH) + one)
    store(sums, at + 2 * WIDTH, decay * load(sums, at + 2 * WIDTH) + one)
    store(sums, at + 3 * WIDTH, decay * decay * load(sums, at + 3 * WIDTH) + one)


@inner
def _add_up_again(states, window, filled, before, X, Y, column, sums, behind):
    """Make again the two sums of a window that ends with the row before `before`."""
    _empty(sums.shape[0], sums, 0)
    for row in range(before - filled, before):
        add(states, 1.0, X, row, load(Y, row * Y.shape[1] + column), sums, 0)
    _add_up_backwards(states, window, filled, before - filled, X, Y, column, behind)


@inner
def _add_up_backwards(states, window, filled, end, X, Y, column, behind):
    """Sum the rows before `end` that still count when `filled`, `filled` + 1, ... rows follow it."""
    rows = behind.shape[1]
    _empty(rows, behind, window * rows * WIDTH)
    for place in range(window - 1, filled - 1, -1):
        here = place * rows * WIDTH
        for i in range(rows):
            store(behind, here + i * WIDTH, load(behind, here + (rows + i) * WIDTH))
        row = end - window + place
        if row >= 0:
            add(states, 1.0, X, row, load(Y, row * Y.shape[1] + column), behind, here)


@compiled
def _empty(rows, sums, at):
    """Set the sums that start at `at` to nothing."""
    for i in range(rows):
        store(sums, at + i * WIDTH, spread(0.0))


@inner
def _fit(states, needed, sums, L, precision, z, b):
    """Solve A b = c by A = L D L' and give s2, NaN where there is none; precision = 1 / D, z = L^-1 c."""
    cross = states * (states + 1) // 2
    known = needed <= load(sums, (cross + states + 1) * WIDTH)
    left = load(sums, (cross + states) * WIDTH)
    for i in range(states):
        row = i * (i + 1) // 2 * WIDTH
        pivot, z_i = load(sums, row + i * WIDTH), load(sums, (cross + i) * WIDTH)
        known = known & (load(sums, row + i * WIDTH) > 0.0)
        for j in range(i):
            u = load(sums, row + j * WIDTH)
            for k in range(j):  # b holds L_ik D_k meanwhile
                u = u - load(b, k * WIDTH) * load(L, (j * (j + 1) // 2 + k) * WIDTH)
            L_ij = u * load(precision, j * WIDTH)
            store(b, j * WIDTH, u)
            store(L, row + j * WIDTH, L_ij)
            pivot = pivot - u * L_ij
            z_i = z_i - L_ij * load(z, j * WIDTH)
        known = known & (pivot > SINGULAR * load(sums, row + i * WIDTH))
        store(precision, i * WIDTH, 1.0 / pivot)
        store(z, i * WIDTH, z_i)
        left = left - z_i * z_i / pivot
    for i in range(states - 1, -1, -1):
        b_i = load(z, i * WIDTH) * load(precision, i * WIDTH)
        for k in range(i + 1, states):
            b_i = b_i - load(L, (k * (k + 1) // 2 + i) * WIDTH) * load(b, k * WIDTH)
        store(b, i * WIDTH, b_i)
    for i in range(states):
        store(b, i * WIDTH, select(known, load(b, i * WIDTH), np.nan))
    weight, squared = load(sums, (cross + states + 2) * WIDTH), load(sums, (cross + states + 3) * WIDTH)
    freedom = weight - states * squared / weight
    return select(known & (freedom > 1e-9), select(left > 0.0, left, 0.0) / freedom, np.nan)


@inner
def _innovate(states, X, row, y, L, precision, z, b):
    """Innovation v = y - x'b and leverage h = x' A^-1 x."""
    v, h = y, spread(0.0)
    for i in range(states):
        z_i = spread(X[row, i])
        for k in range(i):
            z_i = z_i - load(L, (i * (i + 1) // 2 + k) * WIDTH) * load(z, k * WIDTH)
        store(z, i * WIDTH, z_i)
        h = h + z_i * z_i * load(precision, i * WIDTH)
        v = v - X[row, i] * load(b, i * WIDTH)
    return v, h


@inner
def _invert(states, L, M):
    """M = L^-1, its diagonal of ones included."""
    for j in range(states):
        store(M, (j * (j + 1) // 2 + j) * WIDTH, spread(1.0))
        for i in range(j + 1, states):
            m = 0.0 - load(L, (i * (i + 1) // 2 + j) * WIDTH)
            for k in range(j + 1, i):
                m = m - load(L, (i * (i + 1) // 2 + k) * WIDTH) * load(M, (k * (k + 1) // 2 + j) * WIDTH)
            store(M, (i * (i + 1) // 2 + j) * WIDTH, m)


@inner
def _inverse(states, i, j, M, precision):
    """One element of A^-1 = M' D^-1 M."""
    total = spread(0.0)
    for k in range(max(i, j), states):
        row = k * (k + 1) // 2
        total = total + load(M, (row + i) * WIDTH) * load(M, (row + j) * WIDTH) * load(precision, k * WIDTH)
    return total
