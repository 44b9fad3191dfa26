"""Measures the size of the tests for back-tests at 5 %, on trials without skill.

    python benchmarks/calibration_backtest.py [--replications 600] [--checks 400]

Prints a table with standard errors. "reality check" uses Hansen's consistent and White's (upper) p-value with 199
bootstrap replications each; "best of N" uses the effective number of trials; "deflated" is the share of deflated Sharpe
ratios above .95, which is conservative; "PBO" is the mean probability of back-test overfitting with 10 blocks.
"""

from __future__ import annotations

import argparse
from math import sqrt

import numpy as np
import pandas as pd

from statefolio.backtest.validation.best_of_n import best_of_n, sidak_p_value
from statefolio.backtest.validation.overfitting import overfitting_probability
from statefolio.backtest.validation.reality_check import reality_check
from statefolio.backtest.validation.sharpe import deflated_sharpe

BOOTSTRAP = 199


def draw(rng, dates, count, design):
    """Draw returns of trials without skill with a volatility of about 1 % per date."""
    e = rng.standard_t(4, (dates, count)) if "t(4)" in design else rng.standard_normal((dates, count))
    if "skewed" in design:
        e = 4.0 - rng.gamma(4.0, 1.0, (dates, count))
    if "correlated" in design:
        common = rng.standard_t(4, (dates, 1)) if "t(4)" in design else rng.standard_normal((dates, 1))
        e = sqrt(0.6) * common + sqrt(0.4) * e
    if "grid" in design:  # neighbours have a correlation of .95, as on a grid of one parameter
        for j in range(1, count):
            e[:, j] = 0.95 * e[:, j - 1] + sqrt(1 - 0.95**2) * e[:, j]
    if "clusters" in design:
        e = sqrt(0.8) * rng.standard_normal((dates, 4))[:, np.arange(count) % 4] + sqrt(0.2) * e
    if "GARCH" in design:
        h = np.ones(count)
        for t in range(dates):
            e[t] *= np.sqrt(h)
            h = 0.03 + 0.07 * e[t] ** 2 + 0.90 * h
    return pd.DataFrame(0.01 * e, index=pd.bdate_range("2000-01-03", periods=dates))


CASES = (
    (250, 10, "Gaussian"),
    (500, 50, "Gaussian"),
    (500, 20, "Gaussian correlated .6"),
    (500, 50, "Gaussian grid"),
    (500, 40, "Gaussian clusters"),
    (500, 20, "t(4)"),
    (1250, 20, "t(4) correlated .6"),
    (500, 20, "skewed -1"),
    (500, 20, "GARCH"),
    (250, 50, "t(4)"),
)


def one(rng, dates, count, design, checked):
    x = draw(rng, dates, count, design)
    best = best_of_n(x)
    ratios = x.mean() / x.std() * sqrt(252.0)
    deflated = deflated_sharpe(x[best.best], count, ratios.var())
    found = [
        best.p_value < 0.05,
        sidak_p_value(best.own_p_value, count) < 0.05,
        deflated > 0.95,
        overfitting_probability(x, blocks=10).probability,
        best.number,
    ]
    if checked:
        check = reality_check(x, replications=BOOTSTRAP, seed=int(rng.integers(2**31)))
        return [*found, check.p_value < 0.05, check.upper < 0.05]
    return [*found, np.nan, np.nan]


def percent(values):
    values = values[~np.isnan(values)]
    mean = values.mean()
    return f"{100 * mean:.1f} ({100 * sqrt(max(mean * (1 - mean), 1e-12) / len(values)):.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replications", type=int, default=600, help="of all but the reality check")
    parser.add_argument("--checks", type=int, default=400, help="replications with a reality check")
    options = parser.parse_args()
    print("Rejections at 5 % in percent (standard error).\n")
    print("| trials | reality check | White's | best of N | N counted | deflated > .95 | PBO (error) | effective N |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
    for dates, count, design in CASES:
        rng = np.random.default_rng(0)
        rows = [one(rng, dates, count, design, i < options.checks) for i in range(options.replications)]
        found = np.array(rows, dtype=float)
        best, counted, deflated, pbo, number, consistent, upper = found.T
        error = pbo.std() / sqrt(len(pbo))
        cells = [percent(consistent), percent(upper), percent(best), percent(counted), percent(deflated)]
        cells += [f"{pbo.mean():.3f} ({error:.3f})", f"{number.mean():.1f}"]
        print(f"| T={dates}, N={count}, {design} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
