"""Judges Sharpe ratios by the length and shape of their sample and by the number of trials.

Internally, Sharpe ratios are per date. Users pass and get annual ones, converted with `periods_per_year`.
"""

import math
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from statefolio._options import Number, check
from statefolio._renamed import renamed
from statefolio.backtest.periods import PERIODS_RULE, read_periods
from statefolio.backtest.return_series import read_series, varies

RULES = {
    "benchmark": Number(example=0.0),
    "number": Number(at_least=1.0, example=20.0),
    "variance": Number(at_least=0.0, infinite=True, example=0.1),
    "sharpe": Number(above=0.0, infinite=True, example=1.0),
    "confidence": Number(above=0.0, below=1.0, example=0.95),
    "periods_per_year": PERIODS_RULE,
}


@dataclass(frozen=True)
class SharpeMoments:
    """Moments that determine the distribution of an estimated Sharpe ratio.

    Attributes
    ----------
    sharpe : float
        Sharpe ratio per date: mean over standard deviation (T - 1).
    dates : int
        Number of dates T.
    skewness, kurtosis : float
        Moments of the returns; 0 and 3 for a Gaussian. Without bias correction, as in the papers.
    """

    sharpe: float
    dates: int
    skewness: float = 0.0
    kurtosis: float = 3.0

    @classmethod
    def of(cls, returns: Any) -> "SharpeMoments":
        """Estimate the moments of returns in excess of cash; NaN for returns that do not vary or fewer than three."""
        r = np.asarray(read_series(returns), dtype=np.float64)
        if len(r) < 3 or not varies(r):
            return cls(np.nan, len(r), np.nan, np.nan)
        from skfolio.measures import kurtosis, skew

        return cls(float(r.mean() / r.std(ddof=1)), len(r), float(skew(r)), float(kurtosis(r)))

    @property
    def spread(self) -> float:
        """Standard error of the Sharpe ratio times the root of T - 1 (Mertens); NaN if its square is negative."""
        inner = 1.0 - self.skewness * self.sharpe + (self.kurtosis - 1.0) / 4.0 * self.sharpe**2
        return float(np.sqrt(inner)) if inner > 0.0 else np.nan

    def probability_above(self, sharpe: float) -> float:
        """Return the probability that the true Sharpe ratio is above `sharpe`, both per date."""
        from scipy.stats import norm

        return float(norm.cdf((self.sharpe - sharpe) * np.sqrt(self.dates - 1.0) / self.spread))


@renamed("periods_a_year", "periods_per_year")
def probabilistic_sharpe(returns: Any, benchmark: float = 0.0, periods_per_year: float | None = None) -> float:
    """Return the probability that the true Sharpe ratio is above a benchmark.

    Parameters
    ----------
    returns : Series, back-test's result, or `SharpeMoments`
        Returns in excess of cash.
    benchmark : float
        An annual Sharpe ratio.
    periods_per_year : float, optional
        Default: from the dates of the returns, as in `measures`; 252 for `SharpeMoments`, which have none.

    Returns
    -------
    float
        NaN for fewer than three returns, or returns that do not vary.

    Raises
    ------
    InputError, DataTypeError
        If an argument cannot be used.

    References
    ----------
    Bailey and López de Prado (2012), The Sharpe Ratio Efficient Frontier, Journal of Risk 15(2), equation 11.

    Examples
    --------
    >>> import statefolio as sf
    >>> apple = sf.load_demo().returns.iloc[:250, 0]
    >>> round(sf.backtest.probabilistic_sharpe(apple), 3)
    0.964
    >>> round(sf.backtest.probabilistic_sharpe(apple, benchmark=1.0), 3)
    0.796
    """
    return _moments(returns).probability_above(_per_date(benchmark, periods_per_year, returns))


def expected_maximum_sharpe(number: float, variance: float = 1.0) -> float:
    """Return the expected maximum of the Sharpe ratios of independent trials without skill.

    Parameters
    ----------
    number : float
        Number of trials, at least 1; it may be fractional.
    variance : float
        Variance of the trials' Sharpe ratios; the result is in the same unit.

    References
    ----------
    Bailey and López de Prado (2014), The Deflated Sharpe Ratio, Journal of Portfolio Management 40(5), equation 1.
    """
    from scipy.stats import norm

    check("number", number, RULES["number"])
    if number == 1.0:
        return 0.0
    first, second = norm.isf(1.0 / number), norm.isf(1.0 / (number * math.e))
    return float(np.sqrt(variance) * ((1.0 - np.euler_gamma) * first + np.euler_gamma * second))


@renamed("periods_a_year", "periods_per_year")
def deflated_sharpe(returns: Any, number: float, variance: float, periods_per_year: float | None = None) -> float:
    """Return the probability that the true Sharpe ratio is above the expected best of many trials without skill.

    Parameters
    ----------
    returns : Series, back-test's result, or `SharpeMoments`
        Returns of the chosen trial, in excess of cash.
    number : float
        Number of all trials.
    variance : float
        Variance of the trials' annual Sharpe ratios (`Trials.sharpe_variance`).
    periods_per_year : float, optional
        Default: from the dates of the returns, as in `measures`; 252 for `SharpeMoments`, which have none.

    Returns
    -------
    float
        Conservative for independent trials: without skill it almost never exceeds 0.95, because subtracting the
        expected maximum is already most of the correction. For strongly correlated trials `variance` and the
        correction are small, and the rate of false positives is near 5 %. `best_of_n` has the stated rate in both
        cases.

    Raises
    ------
    InputError, DataTypeError
        If an argument cannot be used.

    References
    ----------
    Bailey and López de Prado (2014), The Deflated Sharpe Ratio, Journal of Portfolio Management 40(5), equation 2.

    Examples
    --------
    The same returns are less convincing as the best of 20 trials:

    >>> import statefolio as sf
    >>> apple = sf.load_demo().returns.iloc[:250, 0]
    >>> [round(sf.backtest.deflated_sharpe(apple, number, variance=0.25), 3) for number in (1, 5, 20)]
    [0.964, 0.889, 0.81]
    """
    check("variance", variance, RULES["variance"])
    return probabilistic_sharpe(returns, expected_maximum_sharpe(number, variance), periods_per_year)


def minimum_length(number: float, sharpe: float = 1.0) -> float:
    """Return the minimum length of a back-test, in years, for a number of trials.

    In a shorter back-test the best of that many trials without skill is expected to reach the Sharpe ratio by chance.

    Parameters
    ----------
    number : float
        Number of independent trials.
    sharpe : float
        Annual Sharpe ratio of the best trial.

    Returns
    -------
    float
        Years.

    Raises
    ------
    InputError
        If `number` is below 1 or `sharpe` is not above 0.

    References
    ----------
    Bailey, Borwein, López de Prado and Zhu (2014), Pseudo-Mathematics and Financial Charlatanism, Notices of the AMS
    61(5), equation 6.

    Examples
    --------
    With five years of data, no more than 45 configurations should be tried for a Sharpe ratio of 1:

    >>> import statefolio as sf
    >>> round(sf.backtest.minimum_length(45, sharpe=1.0), 2)
    5.0
    """
    check("sharpe", sharpe, RULES["sharpe"])
    return (expected_maximum_sharpe(number) / sharpe) ** 2


@renamed("periods_a_year", "periods_per_year")
def minimum_track_record(
    returns: Any, benchmark: float = 0.0, confidence: float = 0.95, periods_per_year: float | None = None
) -> float:
    """Return the number of dates needed to conclude that the true Sharpe ratio is above a benchmark.

    Parameters
    ----------
    returns, benchmark, periods_per_year
        As for `probabilistic_sharpe`.
    confidence : float

    Returns
    -------
    float
        A whole number of dates; infinite if the Sharpe ratio is not above the benchmark.

    References
    ----------
    Bailey and López de Prado (2012), The Sharpe Ratio Efficient Frontier, Journal of Risk 15(2), equation 13.
    """
    from scipy.stats import norm

    check("confidence", confidence, RULES["confidence"])
    found, least = _moments(returns), _per_date(benchmark, periods_per_year, returns)
    if np.isnan(found.sharpe) or np.isnan(found.spread):
        return np.nan
    if found.sharpe <= least:
        return np.inf
    return float(ceil(1.0 + (found.spread * norm.ppf(confidence) / (found.sharpe - least)) ** 2))


def _per_date(benchmark: Any, periods_per_year: Any, returns: Any) -> float:
    """Convert an annual Sharpe ratio to one per date; the dates per year follow from the returns where not given."""
    check("benchmark", benchmark, RULES["benchmark"])
    dates = None if isinstance(returns, SharpeMoments) else read_series(returns).index
    return float(benchmark / np.sqrt(read_periods(periods_per_year, dates)))


def _moments(returns: Any) -> SharpeMoments:
    return returns if isinstance(returns, SharpeMoments) else SharpeMoments.of(returns)
