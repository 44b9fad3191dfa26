"""Times the adaptive tuning of a Kalman hedge in statefolio, a plain compiled loop and pykalman, and its calibration.

    python benchmarks/adaptive_hedge.py [--passes 2000] [--repeats 5]

One simulated, cointegrated basket of 3 assets and 1,500 days. statefolio runs all passes, also after a collapse, and
keeps the trace. The plain loop is a simple Numba version of the same algorithm that creates small matrices at every
step and keeps no trace. pykalman only filters, with the parameters of the first pass. The peers run fewer passes, and
their times are scaled, because they are linear in passes. All three must agree before they are timed. Calibration: 500
block-bootstrap draws of 200 passes on two threads, against one tuning of 200 passes on one. Prints a table and writes
it to benchmarks/results/adaptive_hedge.md.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from statefolio.pairs.adaptive.basket_statistics import basket_statistics
from statefolio.pairs.adaptive.estimates import Choices
from statefolio.pairs.adaptive.tuning import AdaptiveTuning, tune_adaptively

TABLE = Path(__file__).resolve().parent / "results" / "adaptive_hedge.md"
DATES, ASSETS = 1500, 3
LOOP_PASSES, PYKALMAN_PASSES = 50, 1
DRAWS, DRAW_PASSES, BLOCK = 500, 200, 20
ENOUGH_SECONDS = 60.0


def simulate() -> np.ndarray:
    draw = np.random.default_rng(2)
    others = 30.0 + np.cumsum(0.4 * draw.normal(size=(DATES, ASSETS - 1)), axis=0)
    spread = np.zeros(DATES)
    for t in range(1, DATES):
        spread[t] = 0.95 * spread[t - 1] + 0.3 * draw.normal()
    return np.column_stack([5.0 + spread + others.mean(axis=1) + 0.3 * draw.normal(size=DATES), others])


@njit(cache=True, nogil=True, error_model="numpy")
def plain_loop(y, X, ratios, passes):
    """Run the algorithm in a simple form, with new NumPy matrices on every date."""
    T, k = X.shape
    path = np.empty((T, k))
    path[:, 1:] = ratios
    path[:, 0] = y - np.ascontiguousarray(X[:, 1:]) @ ratios
    first_mean = np.zeros(k)
    first_mean[1:] = ratios
    start = first_mean.copy()
    total = 0.0
    for number in range(passes):
        a = np.sum(path[1:, 0] * path[:-1, 0]) / np.sum(path[:-1, 0] ** 2)
        a = max(-1.0, min(1.0, a))
        A = np.eye(k)
        A[0, 0] = a
        V, P = np.zeros((k, k)), np.zeros((k, k))
        if number == 0:
            R = np.var(path[:, 0])
            P = np.diag(np.diag(R * np.linalg.inv((X @ A).T @ (X @ A) / T)))
        else:
            R = np.mean((y - np.sum(X * path, axis=1)) ** 2)
            for j in range(k):
                V[j, j] = np.sum((path[1:, j] - path[:-1, j]) ** 2) / (T - 1)
                P[j, j] = np.sum((path[:, j] - first_mean[j]) ** 2) / (T - 1)
        V[0, 0] = (1.0 - a * a) * np.mean(path[:, 0] ** 2)
        b = start.copy()
        total = 0.0
        for t in range(T):
            x = X[t]
            b = A @ b
            P = A @ P @ A.T + V
            S = x @ P @ x + R
            v = y[t] - x @ b
            gain = P @ x / S
            b = b + gain * v
            P = P - np.outer(gain, x @ P)
            total -= 0.5 * (np.log(2.0 * np.pi * S) + v * v / S)
            path[t] = b
    return total


def pykalman_filter(y: np.ndarray, X: np.ndarray, row: Any) -> np.ndarray:
    from pykalman import KalmanFilter

    named = [[f"{what}_{j + 1}" for j in range(ASSETS)] for what in ("state_variance", "start_variance", "start_mean")]
    V, start_variance, start_mean = (row[names].to_numpy(float) for names in named)
    A = np.diag([row["a"]] + [1.0] * (ASSETS - 1))
    model = KalmanFilter(
        transition_matrices=A,
        observation_matrices=X[:, None, :],
        transition_covariance=np.diag(V),
        observation_covariance=row["observation_variance"],
        initial_state_mean=A @ start_mean,
        initial_state_covariance=A @ np.diag(start_variance) @ A + np.diag(V),
        n_dim_obs=1,
    )
    return np.asarray(model.filter(y)[0])


def check_same(tuned: AdaptiveTuning, y: np.ndarray, X: np.ndarray, ratios: np.ndarray) -> None:
    """Check the loop's likelihood after three passes, and pykalman's filtered residuals by the R of the second pass."""
    three = plain_loop(y, X, ratios, 3)
    if not np.isclose(three, tuned.trace["log_likelihood"].loc[3], rtol=1e-8):
        raise ArithmeticError("the plain loop does not do this sum")
    try:
        filtered = pykalman_filter(y, X, tuned.trace.loc[1])
    except ImportError:
        return
    left = np.mean((y - np.sum(X * filtered, axis=1)) ** 2)
    if not np.isclose(left, tuned.trace["observation_variance"].loc[2], rtol=1e-8):
        raise ArithmeticError("pykalman does not do this sum")


def in_turns(contestants: dict[str, Callable[[], Any]], repeats: int) -> dict[str, list[float]]:
    """Return the seconds of each, timed in turns after an uncounted warm-up round."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(repeats + 1):
        for name, work in contestants.items():
            if sum(seconds[name]) > ENOUGH_SECONDS:
                continue
            started = time.perf_counter()
            try:
                work()
            except ImportError as error:
                print(f"  {name}: SKIPPED, {error}", flush=True)
                continue
            if turn:
                seconds[name].append(time.perf_counter() - started)
    return {name: spent for name, spent in seconds.items() if spent}


def bootstrap(prices: np.ndarray, seed: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    changes = np.diff(prices, axis=0)
    starts = draw.integers(0, len(changes) - BLOCK, len(changes) // BLOCK + 1)
    rows = (starts[:, None] + np.arange(BLOCK)).ravel()[: len(changes)]
    return np.vstack([prices[:1], prices[0] + np.cumsum(changes[rows], axis=0)])


def calibration(prices: np.ndarray, carry_on: bool) -> Callable[[], list[Any]]:
    choices = Choices(
        center_spread=True, start_from_path=False, center_on_sample=False, continue_after_collapse=carry_on
    )

    def draws() -> list[Any]:
        with ThreadPoolExecutor(2) as pool:
            work = lambda seed: basket_statistics(bootstrap(prices, seed), DRAW_PASSES, choices)  # noqa: E731
            return list(pool.map(work, range(DRAWS)))

    return draws


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--passes", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    prices, passes = simulate(), options.passes

    def tune(count: int) -> AdaptiveTuning:
        return tune_adaptively(prices, passes=count, on_collapse="continue")

    tuned = tune(passes)
    w, m = tuned.weights, tuned.model.spread_mean
    y, X, ratios = prices[:, 0] - m, np.column_stack([np.ones(DATES), prices[:, 1:]]), -w[1:] / w[0]
    check_same(tuned, y, X, ratios)
    print(f"  {tuned.passes} passes run; {tuned.collapse.detail if tuned.collapse else 'no collapse'}", flush=True)
    scale = {
        "statefolio, trace included": 1.0,
        f"plain Numba loop, {LOOP_PASSES} passes scaled": passes / LOOP_PASSES,
        f"pykalman's filter, {PYKALMAN_PASSES} pass scaled": passes / PYKALMAN_PASSES,
    }
    works = (
        lambda: tune(passes),
        lambda: plain_loop(y, X, ratios, LOOP_PASSES),
        lambda: pykalman_filter(y, X, tuned.trace.loc[1]),
    )
    seconds = in_turns(dict(zip(scale, works, strict=True)), options.repeats)
    lines = ["| job | who | median s (least to most) | ratio |", "| --- | --- | ---: | ---: |"]
    ours = statistics.median(seconds["statefolio, trace included"])
    for name, spent in seconds.items():
        scaled = [each * scale[name] for each in spent]
        middle = statistics.median(scaled)
        times = f"{middle:.4g} ({min(scaled):.4g} to {max(scaled):.4g})"
        lines.append(f"| {passes:,} passes | {name} | {times} | {middle / ours:.1f} |")
    rows = {
        f"one tuning of {DRAW_PASSES} passes": lambda: tune(DRAW_PASSES),
        f"{DRAWS} draws, every pass run": calibration(prices, True),
        f"{DRAWS} draws, to the last sound pass": calibration(prices, False),
    }
    seconds = in_turns(rows, min(options.repeats, 3))
    one = statistics.median(seconds[f"one tuning of {DRAW_PASSES} passes"])
    for name, spent in seconds.items():
        middle = statistics.median(spent)
        times = f"{middle:.4g} ({min(spent):.4g} to {max(spent):.4g})"
        lines.append(f"| calibration | {name} | {times} | {middle / one:.1f} |")
    print("\n".join(lines))
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
