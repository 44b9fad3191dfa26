"""Sums over blocks of dates, wild bootstrap with one random sign per block, and Monte Carlo p-values."""

import numpy as np
import numpy.typing as npt

from statefolio._arrays.types import Array

Starts = npt.NDArray[np.intp]


def block_starts(dates: int, length: int) -> Starts:
    """First row of each block of `length` dates; the last one may be shorter."""
    return np.arange(0, dates, length)


def block_lengths(starts: Starts, dates: int) -> Starts:
    """Dates in each block."""
    return np.diff(np.append(starts, dates))


def block_sums(values: Array, starts: Starts) -> Array:
    """Sums over each block of dates, the first axis."""
    sums: Array = np.add.reduceat(values, starts, axis=0)
    return sums


def block_scores(residuals: Array, regressors: Array, starts: Starts) -> Array:
    """Sums of x e over each block, (blocks, N, K); a missing residual counts as zero."""
    filled = np.nan_to_num(residuals)
    parts = [block_sums(filled * column[:, None], starts) for column in regressors.T]
    return np.stack(parts, axis=2)


def block_second_moments(regressors: Array, known: Array, starts: Starts) -> Array:
    """X'X over each block and each column's known dates (1 where known, else 0), (blocks, N, K, K)."""
    states = regressors.shape[1]
    squares = np.empty((len(starts), known.shape[1], states, states))
    for row in range(states):
        for column in range(row + 1):
            sums = block_sums(known * (regressors[:, row] * regressors[:, column])[:, None], starts)
            squares[:, :, row, column] = squares[:, :, column, row] = sums
    return squares


def random_signs(rng: np.random.Generator, *shape: int) -> Array:
    """Independent signs, +1 or -1 with equal chance."""
    return rng.integers(0, 2, shape).astype(np.float64) * 2.0 - 1.0


def flip_signs(signs: Array, scores: Array, inverse: Array) -> tuple[Array, Array]:
    """Bootstrap X'u and (X'X)^-1 X'u, both (replications, N, K), where u are residuals times the sign of their block.

    X'u = sum_b sign_b sum_(t in b) x e.
    """
    blocks, assets, states = scores.shape
    sums = (signs @ scores.reshape(blocks, assets * states)).reshape(len(signs), assets, states)
    loadings: Array = (sums.transpose(1, 0, 2) @ inverse).transpose(1, 0, 2)
    return sums, loadings


def critical_value(null: Array, level: float) -> float:
    """Value that a statistic must exceed for its `p_value` to be at most the level."""
    allowed = int(np.floor(level * (1 + len(null)) * (1.0 + 1e-12)))
    return float(np.sort(null)[-allowed])


def p_value(statistic: float, null: Array) -> float:
    """Monte Carlo p-value (1 + #{null >= statistic}) / (1 + replications), exact for exchangeable draws."""
    return float((1 + np.count_nonzero(null >= statistic)) / (1 + len(null)))
