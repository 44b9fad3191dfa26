"""Times cointegration tests and Kalman hedges of many pairs, against a loop over statsmodels.

    python benchmarks/pair_screen.py [--repeats 3] [--pairs 10000] [--sample 6] [--starts 2048]

1. Engle-Granger tests of the 124,750 pairs of 500 stocks on 1,250 dates, with lags by Akaike's criterion.
2. Exact-diffuse maximum likelihood of a Kalman hedge (random walks of level and hedge ratio; three variances) for
   10,000 of the pairs, with the state after the last date. Neither computes standard errors of the variances.
   statsmodels searches once; statefolio searches again if the first optimum is doubtful. For `--starts` pairs, searches
   from six starting points show how many optima are the best ones.

statsmodels runs on a sample of pairs, and its time is scaled to all pairs. Both are timed in turns. The table shows
medians of wall-clock time and of processor time over all threads. Results are compared first. Uses the closes of the
S&P 500's members in ../shared/data; without them, simulated random walks, as the first line of the output states.
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

from statefolio.pairs.cointegration.engle_granger import engle_granger_statistics
from statefolio.pairs.screening.many_hedges import hedge_pairs
from statefolio.pairs.screening.scaling import scale_pairs
from statefolio.pairs.screening.searches import new_searches, run_searches

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "sp500_close_2013_2018.parquet"
DATES, STOCKS = 1250, 500
LEAST_GAIN = 1e-3  # tolerance in the log-likelihood of a search


def read_prices() -> np.ndarray:
    """Return the prices (1250, 500) of the 500 stocks with the most prices."""
    if not DATA.is_file():
        print(f"{DATA.name} is not there: random walks instead")
        return 100.0 + np.cumsum(np.random.default_rng(0).standard_normal((DATES, STOCKS)), axis=0)
    prices = pd.read_parquet(DATA).astype(float).iloc[-DATES:]
    most = prices.notna().sum().sort_values(ascending=False, kind="stable").index[:STOCKS]
    return prices[sorted(most)].to_numpy()


def test_of_statsmodels(prices: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return statistic and p-value of each pair on the dates with both prices."""
    found = []
    for pair in pairs:
        both = prices[:, pair]
        y, x = both[np.isfinite(both).all(axis=1)].T
        found.append(coint(y, x)[:2])
    return np.array(found)


def hedge_of_statsmodels(prices: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return the maximum log-likelihood of each pair's hedge."""
    found = []
    for first, second in pairs:
        X = np.column_stack([np.ones(len(prices)), prices[:, second]])
        model = TimeVaryingRegression(prices[:, first], X)
        model.ssm.initialize_diffuse()
        found.append(model.fit(disp=False, maxiter=200, cov_type="none").llf)
    return np.array(found)


def hedge_of_ours(prices: pd.DataFrame, pairs: np.ndarray) -> pd.DataFrame:
    return hedge_pairs(prices, [(str(first), str(second)) for first, second in pairs])


def best_of_six(prices: np.ndarray, pairs: np.ndarray) -> None:
    """Count the pairs for which one start comes within LEAST_GAIN of the best of six optima."""
    units = scale_pairs(prices[:, pairs[:, 1]], prices[:, pairs[:, 0]])
    ends = []
    for start in ((0.02, 0.5), (0.02, 0.95), (0.02, 0.05), (0.4, 0.5), (0.02, 0.3), (0.2, 0.8)):
        searches = new_searches(np.arange(len(units.usable)), units.start(*start))
        run_searches(units.pairs, searches, 0, len(units.usable))
        ends.append(searches.value)
    share = np.mean(ends[0] > np.max(ends, axis=0) - LEAST_GAIN)
    print(f"{len(ends[0]):,} pairs: the first start reaches the best of six for {share:.2%}", flush=True)


def log_likelihoods(prices: np.ndarray, pairs: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """Compute log-likelihoods with statsmodels at variances (3, pairs)."""
    found = []
    for (first, second), own in zip(pairs, variances.T, strict=True):
        model = TimeVaryingRegression(prices[:, first], np.column_stack([np.ones(len(prices)), prices[:, second]]))
        model.ssm.initialize_diffuse()
        found.append(model.loglike(own))
    return np.array(found)


def race(title: str, ours: Callable[[], object], theirs: Callable[[int], object], scale: float, repeats: int) -> None:
    """Time both in turns and print medians; the peer's time is that of a sample times `scale`."""
    own, other = [], []
    for turn in range(repeats):
        own.append(timed(ours))
        other.append(timed(lambda turn=turn: theirs(turn)))
    print(title)
    for name, place in (("clock", 0), ("processor", 1)):
        mine, peer = [each[place] for each in own], [scale * each[place] for each in other]
        middle, their_middle = statistics.median(mine), statistics.median(peer)
        print(
            f"  {name}: {middle:.2f} s ({min(mine):.2f} to {max(mine):.2f}); statsmodels {their_middle:,.0f} s, scaled "
            f"({min(peer):,.0f} to {max(peer):,.0f}); ratio {their_middle / middle:,.0f}",
            flush=True,
        )


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return wall-clock and processor seconds."""
    started, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started, time.process_time() - used


def race_tests(prices: np.ndarray, sample: int, repeats: int) -> None:
    pairs = np.column_stack(np.triu_indices(STOCKS, 1))
    some = np.random.default_rng(0).permutation(len(pairs))[: repeats * sample].reshape(repeats, sample)
    found = engle_granger_statistics(prices, pairs[some.ravel()])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about collinear prices
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


def race_hedges(prices: np.ndarray, count: int, sample: int, repeats: int, starts: int) -> None:
    prices = prices[:, np.isfinite(prices).all(axis=0)]
    frame = pd.DataFrame(prices, pd.bdate_range("2013-01-01", periods=len(prices)))
    frame.columns = frame.columns.astype(str)
    pairs = np.random.default_rng(1).permutation(np.column_stack(np.triu_indices(prices.shape[1], 1)))[:count]
    some = np.arange(repeats * sample).reshape(repeats, sample)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about failed searches in statsmodels, and changes that look like splits
        theirs = hedge_of_statsmodels(prices, pairs[: some.size])
        found = hedge_of_ours(frame, pairs[: some.size])
        variances = found[["observation_variance", "level_variance", "ratio_variance"]].to_numpy().T
        ours = log_likelihoods(prices, pairs[: some.size], variances)
        print(f"log-likelihoods, ours less theirs: {(ours - theirs).min():.4f} to {(ours - theirs).max():.4f}")
        assert (ours > theirs - LEAST_GAIN).all()
        best_of_six(prices, pairs[:starts])
        race(
            f"Kalman hedge by maximum likelihood, {len(pairs):,} pairs, {DATES:,} dates",
            lambda: hedge_of_ours(frame, pairs),
            lambda turn: hedge_of_statsmodels(prices, pairs[some[turn]]),
            len(pairs) / sample,
            repeats,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--sample", type=int, default=6)
    parser.add_argument("--starts", type=int, default=2048)
    options = parser.parse_args()
    prices = read_prices()
    race_tests(prices, 20 * options.sample, options.repeats)
    race_hedges(prices, options.pairs, options.sample, options.repeats, options.starts)


if __name__ == "__main__":
    main()
