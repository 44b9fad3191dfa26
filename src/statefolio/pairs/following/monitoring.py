"""Monitors whether standardised innovations have become larger or more autocorrelated since a date.

Sequential CUSUM of the mean of u_t, with a reference of m dates and k new ones (Horvath, Huskova, Kokoszka and
Steinebach 2004, Journal of Statistical Planning and Inference 126):

    D = max over k >= 10 of  sum_{i <= k} (u_{m+i} - mean of the reference)
                             / (s sqrt(m) (1 + k / m) (k / (m + k))^0.45)

with s^2 the long-run variance of the reference (Bartlett weights). If nothing changes, D over all dates to come tends
to the maximum of W(t) / t^0.45 over 0 < t <= 1, W a Brownian motion, which is above 2.7992 with a probability of 2.5 %
(their table: 5 % for both signs). So the size is that of all future days together, not that of one day. For sizes
u = z^2; for autocorrelation u = z_t z_{t-1}; z over its root mean square in the reference, capped at 3.
"""

import numpy as np

from statefolio._arrays.types import Array

SIZE, CRITICAL, GAMMA = 0.025, 2.7992, 0.45
LEAST, SOONEST = 60, 10
"""Fewest dates of a reference, and fewest new dates."""
CAP = 3.0
"""Standard deviations at which an innovation is capped: one bad day is no drift."""


def larger(innovations: Array, known: int) -> float | None:
    """Return the detector, above 1 where innovations from row `known` on are larger than before; None if unknown."""
    z, known = _scaled(innovations, known)
    return detector(z * z, known)


def more_autocorrelated(innovations: Array, known: int) -> float | None:
    """Return the detector, above 1 where innovations from row `known` on are more autocorrelated than before."""
    z, known = _scaled(innovations, known)
    return detector(z[1:] * z[:-1], known - 1)


def detector(values: Array, known: int) -> float | None:
    """Return D / 2.7992 for a rise of the mean of `values` (T,) from row `known` on; 0 before the tenth date.

    None if the reference has fewer than 60 dates or does not vary.
    """
    before, after = values[: max(known, 0)], values[max(known, 0) :]
    if known < LEAST:
        return None
    deviation = np.sqrt(long_run_variance(before))
    if not deviation > 0.0:
        return None
    count = np.arange(1, len(after) + 1)
    sums = np.cumsum(after - before.mean())
    bound = CRITICAL * deviation * np.sqrt(known) * (1.0 + count / known) * (count / (known + count)) ** GAMMA
    return float(max(0.0, (sums / bound)[SOONEST - 1 :].max(initial=0.0)))


def long_run_variance(values: Array) -> float:
    """Return the long-run variance of a series: Bartlett weights over as many lags as the root of its length.

    More where a first autocorrelation r asks for it: 1.1447 (4 r^2 T / (1 - r^2)^2)^(1/3), Andrews 1991, Econometrica
    59; at most a quarter of the length.
    """
    centred = values - values.mean()
    count, variance = len(values), float(centred @ centred) / len(values)
    if variance == 0.0:
        return 0.0
    ratio = min(0.97, max(0.0, float(centred[1:] @ centred[:-1]) / (count * variance)))
    wanted = 1.1447 * (4.0 * ratio**2 * count / (1.0 - ratio**2) ** 2) ** (1.0 / 3.0)
    lags = int(min(count // 4, max(np.sqrt(count), wanted)))
    total = variance
    for lag in range(1, lags + 1):
        total += 2.0 * (1.0 - lag / (lags + 1)) * float(centred[lag:] @ centred[:-lag]) / count
    return max(total, variance / count)


def _scaled(innovations: Array, known: int) -> tuple[Array, int]:
    """Return the observed innovations over their root mean square before row `known`, capped, and the rows before."""
    seen = np.isfinite(innovations)
    z, known = innovations[seen], int(seen[:known].sum())
    size = float(np.sqrt(np.mean(z[:known] ** 2))) if known else 1.0
    return np.clip(z / (size or 1.0), -CAP, CAP), known
