"""Cointegration tests and Kalman hedges of many pairs, against statsmodels in a loop.

    python benchmarks/pair_screen.py [--repeats 3] [--pairs 10000] [--sample 6]

1. Engle and Granger's test of the 124,750 pairs of 500 stocks, 1,250 dates, lags by Akaike's criterion.
2. Exact-diffuse maximum likelihood of a Kalman hedge (level and hedge ratio random walks; three variances) of 10,000
   of the pairs. statsmodels searches once, from one start and without standard errors; ours climbs twice from two
   starts and gives standard errors.

statsmodels does a sample of pairs, and its time is scaled to all of them. Both take turns, repeat after repeat; medians
of one run. Results are compared first. Reads the closes of the S&P 500's members in ../shared/data; without them the
prices are simulated random walks, and the first line says so.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from peers.statsmodels import TimeVaryingRegression
from statsmodels.tsa.stattools import coint

from statefolio.kalman.blocks import own_regressors
from statefolio.kalman.law import CONSTANT
from statefolio.kalman.tuning import Wish, tune
from statefolio.pairs.engle_granger import engle_granger_statistics

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "sp500_close_2013_2018.parquet"
DATES, STOCKS = 1250, 500
LEAST_GAIN = 1e-3  # of a log-likelihood, by which a search may stop short


def read_prices() -> np.ndarray:
    """The 500 stocks with the most prices, (1250, 500)."""
    if not DATA.is_file():
        print(f"{DATA.name} is not there: random walks instead")
        return 100.0 + np.cumsum(np.random.default_rng(0).standard_normal((DATES, STOCKS)), axis=0)
    prices = pd.read_parquet(DATA).astype(float).iloc[-DATES:]
    most = prices.notna().sum().sort_values(ascending=False, kind="stable").index[:STOCKS]
    return prices[sorted(most)].to_numpy()


def test_of_statsmodels(prices: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Statistic and p-value of each pair on the dates that have both prices."""
    found = []
    for pair in pairs:
        both = prices[:, pair]
        y, x = both[np.isfinite(both).all(axis=1)].T
        found.append(coint(y, x)[:2])
    return np.array(found)


def hedge_of_statsmodels(prices: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """The largest log-likelihood of each pair's hedge."""
    found = []
    for first, second in pairs:
        X = np.column_stack([np.ones(len(prices)), prices[:, second]])
        model = TimeVaryingRegression(prices[:, first], X)
        model.ssm.initialize_diffuse()
        found.append(model.fit(disp=False, maxiter=200, cov_type="none").llf)
    return np.array(found)


def hedge_of_ours(prices: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Observation and state variances of each pair, (3, pairs)."""
    X = np.stack([np.ones((len(prices), len(pairs))), prices[:, pairs[:, 1]]], axis=1)
    wish = Wish(tuning="mle", noise=CONSTANT, gaussian=True, scales=False, reverts=False, common=False)
    learned = tune(wish, *own_regressors(X, prices[:, pairs[:, 0]]))
    return np.vstack([learned.level[:-1], learned.state_variance[:, :-1]])


def log_likelihoods(prices: np.ndarray, pairs: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """By statsmodels, at variances (3, pairs)."""
    found = []
    for (first, second), own in zip(pairs, variances.T, strict=True):
        model = TimeVaryingRegression(prices[:, first], np.column_stack([np.ones(len(prices)), prices[:, second]]))
        model.ssm.initialize_diffuse()
        found.append(model.loglike(own))
    return np.array(found)


def race(title: str, ours: Callable[[], object], theirs: Callable[[int], object], scale: float, repeats: int) -> None:
    """Time both in turns and print medians; their time is that of a sample, times `scale`."""
    own, other = [], []
    for turn in range(repeats):
        own.append(timed(ours))
        other.append(scale * timed(lambda turn=turn: theirs(turn)))
    mine, peer = statistics.median(own), statistics.median(other)
    print(
        f"{title}: {mine:.2f} s ({min(own):.2f} to {max(own):.2f}); statsmodels {peer:,.0f} s, scaled "
        f"({min(other):,.0f} to {max(other):,.0f}); ratio {peer / mine:,.0f}",
        flush=True,
    )


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def race_tests(prices: np.ndarray, sample: int, repeats: int) -> None:
    pairs = np.column_stack(np.triu_indices(STOCKS, 1))
    some = np.random.default_rng(0).permutation(len(pairs))[: repeats * sample].reshape(repeats, sample)
    found = engle_granger_statistics(prices, pairs[some.ravel()])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of collinear prices, if there are any
        expected = test_of_statsmodels(prices, pairs[some.ravel()])
    error = np.abs(np.column_stack([found.statistic, found.p_value]) - expected).max()
    print(f"largest difference of {some.size} statistics and p-values: {error:.1e}")
    assert error < 1e-8
    race(
        f"Engle-Granger, {len(pairs):,} pairs, {DATES:,} dates",
        lambda: engle_granger_statistics(prices, pairs),
        lambda turn: test_of_statsmodels(prices, pairs[some[turn]]),
        len(pairs) / sample,
        repeats,
    )


def race_hedges(prices: np.ndarray, count: int, sample: int, repeats: int) -> None:
    whole = np.flatnonzero(np.isfinite(prices).all(axis=0))
    pairs = np.column_stack([whole[part] for part in np.triu_indices(len(whole), 1)])
    pairs = np.random.default_rng(1).permutation(pairs)[:count]
    some = np.arange(repeats * sample).reshape(repeats, sample)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of searches that statsmodels gives up
        theirs = hedge_of_statsmodels(prices, pairs[: some.size])
        ours = log_likelihoods(prices, pairs[: some.size], hedge_of_ours(prices, pairs[: some.size]))
        print(f"log-likelihoods, ours less theirs: {(ours - theirs).min():.4f} to {(ours - theirs).max():.4f}")
        assert (ours > theirs - LEAST_GAIN).all()
        race(
            f"Kalman hedge by maximum likelihood, {len(pairs):,} pairs, {DATES:,} dates",
            lambda: hedge_of_ours(prices, pairs),
            lambda turn: hedge_of_statsmodels(prices, pairs[some[turn]]),
            len(pairs) / sample,
            repeats,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--sample", type=int, default=6)
    options = parser.parse_args()
    prices = read_prices()
    race_tests(prices, 20 * options.sample, options.repeats)
    race_hedges(prices, options.pairs, options.sample, options.repeats)


if __name__ == "__main__":
    main()
