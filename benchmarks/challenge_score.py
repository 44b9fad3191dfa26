"""CPU time of one score: 74 stocks, six factors and 504 hidden dates, weekly decisions, one thread.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.challenge_score [NAME ...]

Returns are simulated (loadings that move, Student-t noise); factors are the bundled ones, repeated. 10,000 submissions
a day on two scorers leave 17.3 s for one.

Then a queue with these times is simulated: a day of 10,000 submissions at random instants, half of them forecasts, two
scorers, and half a second each for claiming, comparing and storing. It says how long a submission waits for its score.
"""

import heapq
import json
import sys
import time
from typing import Any

import numpy as np
import pandas as pd

from statefolio.backtest.market import Market
from statefolio.challenge.rules.settings import Rules, parse_rules
from statefolio.challenge.rules.submission import read_submission
from statefolio.challenge.scoring.benchmarks import warm
from statefolio.challenge.scoring.engine import score
from statefolio.challenge.scoring.round_data import RoundData
from statefolio.data import load_demo

RULES = """
[challenge]
name = "benchmark"
[data]
source = "demo"
[windows]
validation = 0.1745
final = 0.1745
"""
DATES, ASSETS = 2_888, 74
LIMITS = {"upper": 0.1, "net": [0, 1], "turnover": 0.3}


def _portfolio(objective: str, limits: dict[str, Any], views: str = "none", **options: Any) -> dict[str, Any]:
    table = {"objective": objective, "constraints": limits, **options}
    return {"track": "portfolio", "name": objective, "views": {"kind": views}, "portfolio": {"p": table}}


SUBMISSIONS: dict[str, dict[str, Any]] = {
    "forecast": {"track": "forecast", "name": "a"},
    "forecast, mle": {"track": "forecast", "name": "a", "loadings": {"tuning": "mle"}},
    "minimum variance": _portfolio("minimum_variance", {"upper": 0.1}),
    "minimum variance, 20 holdings": _portfolio("minimum_variance", {"upper": 0.1, "max_holdings": 20}),
    "risk budget": _portfolio("risk_budget", {"upper": 0.1}),
    "utility, factor premia": _portfolio("utility", LIMITS, "factor_premia", risk_aversion=5.0),
    "utility, Kalman mean": _portfolio("utility", LIMITS, "kalman_mean", risk_aversion=5.0),
}


MIX = {
    "forecast": 0.4,
    "forecast, mle": 0.1,
    "minimum variance": 0.15,
    "minimum variance, 20 holdings": 0.05,
    "risk budget": 0.05,
    "utility, factor premia": 0.15,
    "utility, Kalman mean": 0.1,
}
OVERHEAD = 0.5


def latencies(seconds: dict[str, float], mix: dict[str, float], rate: float, scorers: int = 2) -> Any:
    """Return seconds from submission to score of a day of submissions at random instants, first come, first served."""
    draw = np.random.default_rng(0)
    arrivals = np.cumsum(draw.exponential(86_400.0 / rate, int(rate)))
    kinds = draw.choice(list(mix), size=len(arrivals), p=np.array(list(mix.values())) / sum(mix.values()))
    free, waits = [0.0] * scorers, []
    for arrival, kind in zip(arrivals, kinds, strict=True):
        end = max(heapq.heappop(free), arrival) + seconds[kind] + OVERHEAD
        heapq.heappush(free, end)
        waits.append(end - arrival)
    return np.array(waits)


def make_data(rules: Rules) -> RoundData:
    """Simulate the round."""
    draw, demo = np.random.default_rng(0), load_demo()
    dates = pd.bdate_range("2011-01-03", periods=DATES, name="date")
    factors = np.tile(demo.factors.to_numpy(), (2, 1))[:DATES]
    start = draw.normal(0.0, 0.4, (ASSETS, factors.shape[1]))
    start[:, 0] = 1.0 + 0.3 * draw.standard_normal(ASSETS)
    loadings = start + np.cumsum(0.004 * draw.standard_normal((DATES, *start.shape)), axis=0)
    level = 0.01 * np.exp(0.3 * draw.standard_normal(ASSETS))
    noise = level * draw.standard_t(6, (DATES, ASSETS)) / np.sqrt(1.5)
    returns = np.einsum("tnk,tk->tn", loadings, factors) + noise
    names = [f"S{place:02d}" for place in range(ASSETS)]
    market = Market(
        pd.DataFrame(np.maximum(returns, -0.9), index=dates, columns=names),
        pd.DataFrame(factors, index=dates, columns=demo.factors.columns),
    )
    return RoundData.of(market, rules)


def main() -> None:
    """Print a table."""
    rules = parse_rules(RULES, "challenge.toml")
    data = make_data(rules)
    warm(data, rules)
    print("| submission | CPU seconds | validation score |\n| --- | ---: | ---: |")
    taken: dict[str, float] = {}
    for name in sys.argv[1:] or SUBMISSIONS:
        submission = read_submission(json.dumps(SUBMISSIONS[name]).encode(), data.universe)
        started = time.process_time()
        found = score(submission, data, rules, "validation")
        taken[name] = time.process_time() - started
        value = "none" if found.value is None else f"{found.value:.4f}"
        print(f"| {name} | {taken[name]:.1f} | {value} |", flush=True)
    if len(taken) < len(MIX):
        return
    print(
        "| mix | submissions a day | scorers busy | p50, p95, p99 seconds to the score |\n| --- | ---: | ---: | ---: |"
    )
    for name, mix, rate in (
        ("as above", MIX, 10_000),
        ("as above", MIX, 30_000),
        ("risk budgets alone", {"risk budget": 1.0}, 10_000),
    ):
        found = latencies(taken, mix, rate)
        busy = sum(share * (taken[kind] + OVERHEAD) for kind, share in mix.items()) * rate / 86_400 / 2
        shown = ", ".join(f"{each:.1f}" for each in np.quantile(found, (0.5, 0.95, 0.99)))
        print(f"| {name} | {rate:,} | {busy:.0%} | {shown} |")


if __name__ == "__main__":
    main()
