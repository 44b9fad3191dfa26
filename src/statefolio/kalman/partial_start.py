"""Begins the filter of an asset part of whose state no observation so far identifies: collinear regressors.

The start (start.py) leaves a triangular system U d = u for the unknown part d of the state. Where regressors are
collinear, some d_j have no pivot of their own. They are set to zero, their rows of U are rotated into the rows that
follow, and the others are solved for: the state collapses in the identified directions. A then has one column per d_j
left, a direction n along which the state is unknown; x'n = 0 on all dates so far, so that x'beta, its variance and the
innovations are exact, and so is every loading j with n_j = 0. An ordinary filter goes on, as F does not depend on n.

A later x with x'n != 0 would make it wrong. That row is a row of the start again (`Filter.run` stops before it): it
identifies d_j, exactly as if the start had never ended.
"""

import numpy as np

from statefolio.kalman.lanes import inner

# mypy: disable-error-code="no-untyped-def,no-untyped-call"


@inner
def collapse_partly(diffuse, unit, a, P, A, U):
    """Add the estimate of the identified part to a and P; returns its part of the log-likelihood.

    A keeps the directions that are not identified, and U nothing but the marks of d_j that are. A d_j that an earlier
    collapse has solved for has a column of zeros in A.
    """
    states, log_likelihood = a.shape[0], 0.0
    solved, unknown = np.empty(states, np.bool_), np.empty(states, np.bool_)
    for j in range(states):
        unknown[j] = diffuse[j] and not U[j, 0] > 0.0
        solved[j] = diffuse[j] and not unknown[j] and np.any(A[:, j] != 0.0)
    for j in range(states):
        if unknown[j]:
            rest = _rotate_on(solved, U, j)
            log_likelihood -= 0.5 * rest * rest / unit
    for j in range(states):
        if unknown[j]:
            _subtract_combination(solved, A, U, j)
    for j in range(states):
        if solved[j]:
            _solve(solved, A, U, j)
            log_likelihood += 0.5 * np.log(unit) - np.log(U[j, j])
    for j in range(states):
        if solved[j]:
            for k in range(states):
                a[k] += A[k, j] * U[j, states]
                for i in range(states):
                    P[k, i] += A[k, j] * A[i, j]
            A[:, j] = 0.0
        U[j] = 0.0
        U[j, 0] = 0.0 if unknown[j] else 1.0
    return log_likelihood


@inner
def _solve(solved, A, U, j):
    """Convert column j of A to units of the uncertainty of d: A <- A U^-1."""
    for k in range(A.shape[0]):
        for i in range(j):
            if solved[i]:
                A[k, j] -= A[k, i] * U[i, j]
        A[k, j] /= U[j, j]


@inner
def _rotate_on(solved, U, j):
    """Drop column j from row j of U and rotate the row into those below; returns the residual of its right side."""
    states = U.shape[0]
    row = U[j].copy()
    U[j] = 0.0
    for k in range(j + 1, states):
        if solved[k] and row[k] != 0.0:
            radius = np.sqrt(U[k, k] * U[k, k] + row[k] * row[k])
            cosine, sine = U[k, k] / radius, row[k] / radius
            for i in range(k, states + 1):
                above, below = U[k, i], row[i]
                U[k, i] = cosine * above + sine * below
                row[i] = cosine * below - sine * above
    return row[states]


@inner
def _subtract_combination(solved, A, U, j):
    """Turn column j of A into a direction without effect on the rows so far."""
    part = U[:, j].copy()
    for i in range(j - 1, -1, -1):
        if solved[i]:
            part[i] /= U[i, i]
            for k in range(i):
                part[k] -= U[k, i] * part[i]
            for k in range(A.shape[0]):
                A[k, j] -= A[k, i] * part[i]
