"""Whether any trial is better than the benchmark, all of them considered: arch's `SPA` and `StepM`."""

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._options import is_number, is_whole
from statefolio.backtest.return_series import on_dates_of, read_table, varies
from statefolio.exceptions import InputError

FEWEST = 30


@dataclass(frozen=True)
class RealityCheck:
    """P-values of "no trial is better than the benchmark".

    Attributes
    ----------
    p_value : float
        Hansen's consistent one.
    lower, upper : float
        Hansen's bounds; `upper` is White's reality check, which takes every trial for as good as the benchmark.
    best : str
        Trial of the highest studentised difference.
    dates, trials, block_length, replications : int
    reason : str
        Why there is none.
    """

    p_value: float
    lower: float
    upper: float
    best: Any
    dates: int
    trials: int
    block_length: int
    replications: int
    reason: str = ""


def reality_check(
    trials: Any, benchmark: Any = 0.0, *, replications: int = 1000, block_length: int | None = None, seed: int = 0
) -> RealityCheck:
    """Test of superior predictive ability: whether the best trial's mean return is above the benchmark's.

    Parameters
    ----------
    trials : DataFrame (T dates, N trials), mapping of returns, or `Trials`
        Dates that not all have are left out.
    benchmark : float or Series by date, default 0
        Its returns; 0 for returns in excess of cash.
    replications : int
        Of the stationary bootstrap.
    block_length : int, optional
        Mean length of its blocks in dates. Default: Politis and White's, the mean over trials.
    seed : int

    Returns
    -------
    RealityCheck
        Differences are divided by their long-run standard deviations first, so that a volatile trial does not hide
        the others: arch's own option reaches none of its p-values.

    References
    ----------
    White (2000), Econometrica 68(5). Hansen (2005), Journal of Business & Economic Statistics 23(4).
    """
    differences, reason = _differences(trials, benchmark, replications, block_length, seed)
    dates, count = differences.shape
    if reason:
        return RealityCheck(np.nan, np.nan, np.nan, None, dates, count, 0, replications, reason)
    from arch.bootstrap import SPA

    length = block_length or _block_length(differences.to_numpy())
    studentised = _studentised(differences.to_numpy(), length)
    test = SPA(np.zeros(dates), -studentised, block_size=length, reps=replications, studentize=False, seed=seed)
    test.compute()
    found = test.pvalues
    return RealityCheck(
        p_value=float(found["consistent"]),
        lower=float(found["lower"]),
        upper=float(found["upper"]),
        best=differences.columns[int(np.argmax(studentised.mean(axis=0)))],
        dates=dates,
        trials=count,
        block_length=length,
        replications=replications,
    )


def stepwise(
    trials: Any,
    benchmark: Any = 0.0,
    *,
    size: float = 0.05,
    replications: int = 1000,
    block_length: int | None = None,
    seed: int = 0,
) -> list[Any]:
    """Trials that are better than the benchmark, with at most `size` probability that one of them is not.

    Parameters
    ----------
    trials, benchmark, replications, block_length, seed
        As for `reality_check`.
    size : float
        Family-wise error rate.

    Returns
    -------
    list of names
        In the order of the trials; empty if none is, or if nothing can be tested.

    References
    ----------
    Romano and Wolf (2005), Econometrica 73(4).
    """
    if not is_number(size) or not 0.0 < size < 1.0:
        raise InputError(f"size={size!r}; a number between 0 and 1 was expected. Pass 0.05.")
    differences, reason = _differences(trials, benchmark, replications, block_length, seed)
    if reason:
        return []
    from arch.bootstrap import StepM

    length = block_length or _block_length(differences.to_numpy())
    studentised = _studentised(differences.to_numpy(), length)
    zero = np.zeros(len(studentised))
    test = StepM(zero, -studentised, size=size, block_size=length, reps=replications, studentize=False, seed=seed)
    test.compute()
    places: list[Any] = list(test.superior_models)
    return [differences.columns[place] for place in places]


def _differences(
    trials: Any, benchmark: Any, replications: Any, block_length: Any, seed: Any
) -> tuple[pd.DataFrame, str]:
    """Returns less the benchmark's, of trials that are not the benchmark itself."""
    length = 1 if block_length is None else block_length
    least = {"replications": (replications, 1), "seed": (seed, 0), "block_length": (length, 1)}
    for name, (value, fewest) in least.items():
        if not is_whole(value) or value < fewest:
            raise InputError(f"{name}={value!r}; a whole number, {fewest} or more, was expected.")
    table = read_table(trials, "trials")
    other = on_dates_of(table.index, benchmark, "benchmark")
    differences = table.sub(other, axis=0)
    differences = differences.loc[:, varies(differences.to_numpy(), np.abs(other).max())]
    if len(table) < FEWEST:
        return differences, f"{len(table)} dates, fewer than the {FEWEST} needed"
    return differences, "" if differences.shape[1] else "no trial differs from the benchmark"


def _block_length(values: Array) -> int:
    from arch.bootstrap import optimal_block_length

    lengths = optimal_block_length(values / values.std(axis=0))["stationary"].to_numpy()
    return max(1, ceil(float(np.nanmean(lengths)) - 0.5)) if np.isfinite(lengths).any() else 1


def _studentised(values: Array, length: int) -> Array:
    """Columns over their standard deviations in the stationary bootstrap (Politis and Romano 1994, lemma 1)."""
    dates = len(values)
    deviations = values - values.mean(axis=0)
    spectrum = np.fft.rfft(deviations, n=2 * dates, axis=0)
    covariances = np.fft.irfft(np.abs(spectrum) ** 2, axis=0)[:dates] / dates
    lag, keep = np.arange(1, dates), 1.0 - 1.0 / length
    weight = (1.0 - lag / dates) * keep**lag + lag / dates * keep ** (dates - lag)
    variance = covariances[0] + 2.0 * weight @ covariances[1:]
    studentised: Array = values / np.sqrt(variance)
    return studentised
