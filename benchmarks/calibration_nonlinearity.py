"""Measures size and power of `nonlinearity_tests` at 5 %, for linear and nonlinear relations.

Prints a table: 2,000 replications per row, each with new factors. Run as
`python benchmarks/calibration_nonlinearity.py`; it takes a few minutes.
"""

import numpy as np

from statefolio.factors.nonlinearity import nonlinearity_tests

REPLICATIONS = 2000


def volatility(rng, dates):
    h = np.zeros(dates + 100)
    for t in range(1, len(h)):
        h[t] = 0.97 * h[t - 1] + 0.2 * rng.normal()
    return np.exp(h[100:] / 2)


def draw(kind, dates, rng):
    """Simulate two factors and an asset's noise."""
    if kind == "normal":
        return rng.normal(size=(dates, 2)), rng.normal(size=dates)
    f, e = rng.standard_t(5, (dates, 2)), rng.standard_t(5, dates)
    if kind == "heteroscedastic":
        e = e * np.sqrt(0.5 + f[:, 0] ** 2)
    if kind == "moving volatility":
        v = volatility(rng, dates)
        f, e = f * v[:, None], e * v
    return f, e


def rejections(kind, dates, lags, bend=0.0):
    rng, found = np.random.default_rng(1), np.zeros(2)
    for _ in range(REPLICATIONS):
        f, e = draw(kind, dates, rng)
        r = f.sum(axis=1) + e + bend * np.abs(f[:, 0])
        found += nonlinearity_tests(r[:, None], f, lags).p_value[0] < 0.05
    return found / REPLICATIONS


def main():
    print(f"{REPLICATIONS} replications; share rejected at 5 % for the first and the second factor")
    print("| noise | dates | lags | straight | straight, 2nd | bend .3 abs(f) |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for kind in ("normal", "Student-t 5", "heteroscedastic", "moving volatility"):
        for dates in (250, 1000):
            for lags in (0, None):
                size, power = rejections(kind, dates, lags), rejections(kind, dates, lags, 0.3)[0]
                shown = "auto" if lags is None else lags
                row = f"{100 * size[0]:.1f} % | {100 * size[1]:.1f} % | {100 * power:.0f} %"
                print(f"| {kind} | {dates} | {shown} | {row} |", flush=True)


if __name__ == "__main__":
    main()
