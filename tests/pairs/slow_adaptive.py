"""Adaptive tuning in plain NumPy from its formulas: textbook matrices, date by date and pass by pass."""

from dataclasses import dataclass

import numpy as np
from statsmodels.tsa.vector_ar.vecm import coint_johansen


@dataclass
class Pass:
    a: float
    R: float
    V: np.ndarray  # (k,)
    start_mean: np.ndarray  # (k,)
    start_variance: np.ndarray  # (k,)
    log_likelihood: float
    predicted: np.ndarray  # (T, k)
    filtered: np.ndarray  # (T, k)


def kalman(y, X, a, R, V, start_mean, start_variance):
    A = np.diag([a] + [1.0] * (X.shape[1] - 1))
    b, P, total = start_mean, np.diag(start_variance), 0.0
    predicted, filtered = np.empty_like(X), np.empty_like(X)
    for t, x in enumerate(X):
        b, P = A @ b, A @ P @ A.T + np.diag(V)
        predicted[t] = b
        if np.isfinite(y[t]):
            S, v = x @ P @ x + R, y[t] - x @ b
            gain = P @ x / S
            b, P = b + gain * v, P - np.outer(gain, gain) * S
            total -= 0.5 * (np.log(2.0 * np.pi * S) + v * v / S)
        filtered[t] = b
    return predicted, filtered, total


def tune_slowly(prices, passes, center_spread=True, start="johansen", center="johansen"):
    """Return all passes and the mean of the spread; rows of NaN are missing dates."""
    seen = np.isfinite(prices).all(axis=1)
    w = coint_johansen(prices[seen], 0, 1).evec[:, 0]
    k, ratios, level = prices.shape[1], -w[1:] / w[0], prices @ w / w[0]
    m = level[seen].mean() if center_spread else 0.0
    y, X = prices[:, 0] - m, np.column_stack([np.ones(len(prices)), np.where(seen[:, None], prices[:, 1:], 0.0)])
    y[~seen] = np.nan
    b = np.column_stack([level - m, np.tile(ratios, (len(prices), 1))])
    first_mean = b[seen].mean(axis=0)
    both = seen[1:] & seen[:-1]
    done = []
    for number in range(1, passes + 1):
        now, before, known = b[1:][both], b[:-1][both], b[seen]
        a = (now[:, 0] @ before[:, 0]) / (before[:, 0] @ before[:, 0])
        A = np.diag([a] + [1.0] * (k - 1))
        G = np.diag(np.mean(known**2, axis=0))
        if number == 1:
            R, V = np.var(known[:, 0]), np.diag(G - A @ G @ A.T).copy()
            gram = np.mean([np.outer(A.T @ x, x @ A) for x in X[seen]], axis=0)
            start_variance = np.diag(R * np.linalg.inv(gram))
        else:
            R = np.mean((y[seen] - np.sum(X[seen] * known, axis=1)) ** 2)
            steps = now - before @ A.T
            V = np.diag(steps.T @ steps / len(steps)).copy()
            away = known - (known.mean(axis=0) if center == "sample" else first_mean)
            start_variance = np.diag(away.T @ away / (len(known) - 1))
        V[0] = (1.0 - a * a) * G[0, 0]
        start_mean = np.r_[0.0, ratios if start == "johansen" else known.mean(axis=0)[1:]]
        predicted, b, log_likelihood = kalman(y, X, a, R, V, start_mean, start_variance)
        done.append(Pass(a, R, V, start_mean, start_variance, log_likelihood, predicted, b))
    return done, m


def spreads(prices, done):
    """Return the filtered and predicted spreads of a pass and the held value, on observed dates."""
    seen = np.isfinite(prices).all(axis=1)
    x, filtered, predicted = prices[seen], done.filtered[seen, 1:], done.predicted[seen, 1:]
    earned = np.diff(x[:, 0]) - np.sum(predicted[1:] * np.diff(x[:, 1:], axis=0), axis=1)
    return (
        x[:, 0] - np.sum(filtered * x[:, 1:], axis=1),
        x[:, 0] - np.sum(predicted * x[:, 1:], axis=1),
        np.r_[0.0, np.cumsum(earned)],
    )
