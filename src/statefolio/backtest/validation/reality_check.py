"""Tests whether any of many trials is better than a benchmark, with arch's `SPA` and `StepM`."""

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._display.shown import ShownFields
from statefolio._options import Whole, check, check_options
from statefolio.backtest.return_series import on_dates, read_table, varies
from statefolio.backtest.validation.effective_trials import SIZE_RULE

FEWEST = 30
RULES = {
    "replications": Whole(at_least=1, example=1000),
    "seed": Whole(at_least=0),
    "block_length": Whole(at_least=1, example=10) | None,
}


@dataclass(frozen=True, repr=False)
class RealityCheck(ShownFields):
    """P-values of the hypothesis that no trial is better than the benchmark.

    Attributes
    ----------
    p_value : float
        Hansen's consistent p-value.
    lower, upper : float
        Hansen's bounds; `upper` is White's reality check, which assumes that every trial is as good as the benchmark.
    best : str
        Trial with the highest studentised difference.
    dates, trials, block_length, replications : int
    reason : str
        Why there are no p-values; empty if there are.
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
    """Test for superior predictive ability: whether the best trial has a higher mean return than the benchmark.

    Parameters
    ----------
    trials : DataFrame (T dates, N trials), mapping of returns, or `Trials`
        Only dates that all trials have are used.
    benchmark : float or Series by date, default 0
        Returns of the benchmark; 0 for trials in excess of cash.
    replications : int
        Number of draws of the stationary bootstrap.
    block_length : int, optional
        Mean length of its blocks in dates. Default: Politis and White's optimal length, averaged over trials.
    seed : int

    Returns
    -------
    RealityCheck
        Differences are divided by their long-run standard deviations first, so that a volatile trial does not hide
        the others. (arch's own option for this does not affect its p-values.)

    Raises
    ------
    InputError, DataTypeError
        If an argument cannot be used.

    References
    ----------
    White (2000), Econometrica 68(5). Hansen (2005), Journal of Business & Economic Statistics 23(4).

    Examples
    --------
    Is any of five stocks better than the average of all twenty?

    >>> import statefolio as sf
    >>> returns = sf.load_demo().returns
    >>> found = sf.backtest.reality_check(returns.iloc[:, :5], returns.mean(axis=1), replications=200)
    >>> found.best, f"{found.p_value:.2f}"
    ('AMD', '0.17')
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
    """Find the trials that are better than the benchmark, with stepwise multiple testing.

    Parameters
    ----------
    trials, benchmark, replications, block_length, seed
        As for `reality_check`.
    size : float
        Family-wise error rate: the largest probability that any of the trials found is not better.

    Returns
    -------
    list of names
        In the order of the trials; empty if none is better, or if nothing can be tested.

    Raises
    ------
    InputError, DataTypeError
        If an argument cannot be used.

    References
    ----------
    Romano and Wolf (2005), Econometrica 73(4).

    Examples
    --------
    >>> import statefolio as sf
    >>> returns = sf.load_demo().returns
    >>> market = returns.mean(axis=1)
    >>> trials = returns.iloc[:, :3].assign(skilled=market + 0.1 * returns["AAPL"])
    >>> sf.backtest.stepwise(trials, market, replications=200)
    ['skilled']
    """
    check("size", size, SIZE_RULE)
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
    """Return the trials' returns minus the benchmark's, without trials that equal the benchmark."""
    check_options({"replications": replications, "seed": seed, "block_length": block_length}, RULES)
    table = read_table(trials, "trials")
    other = on_dates(table.index, benchmark, "benchmark")
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
    """Divide columns by their standard deviations in the stationary bootstrap (Politis and Romano 1994, lemma 1)."""
    dates = len(values)
    deviations = values - values.mean(axis=0)
    spectrum = np.fft.rfft(deviations, n=2 * dates, axis=0)
    covariances = np.fft.irfft(np.abs(spectrum) ** 2, axis=0)[:dates] / dates
    lag, keep = np.arange(1, dates), 1.0 - 1.0 / length
    weight = (1.0 - lag / dates) * keep**lag + lag / dates * keep ** (dates - lag)
    variance = covariances[0] + 2.0 * weight @ covariances[1:]
    studentised: Array = values / np.sqrt(variance)
    return studentised
