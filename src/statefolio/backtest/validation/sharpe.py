"""What a Sharpe ratio is worth, given its sample's length and shape and the number of trials it was chosen from.

Inside, Sharpe ratios are a date's. What users pass and get is a year's, by `periods_per_year`.
"""

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from statefolio._options import is_number
from statefolio._renamed import renamed
from statefolio.backtest.performance import PERIODS, check_periods
from statefolio.backtest.return_series import read_series, varies
from statefolio.exceptions import InputError


@dataclass(frozen=True)
class SharpeMoments:
    """What the law of an estimated Sharpe ratio hangs on.

    Attributes
    ----------
    sharpe : float
        Of a date: mean over standard deviation (T - 1).
    dates : int
        T.
    skewness, kurtosis : float
        Of the returns; 0 and 3 for a Gaussian. Without bias correction, as in the papers.
    """

    sharpe: float
    dates: int
    skewness: float = 0.0
    kurtosis: float = 3.0

    @classmethod
    def of(cls, returns: Any) -> "SharpeMoments":
        """Moments of returns in excess of cash; NaN where they do not vary or are fewer than three."""
        r = np.asarray(read_series(returns), dtype=np.float64)
        if len(r) < 3 or not varies(r):
            return cls(np.nan, len(r), np.nan, np.nan)
        from skfolio.measures import kurtosis, skew

        return cls(float(r.mean() / r.std(ddof=1)), len(r), float(skew(r)), float(kurtosis(r)))

    @property
    def spread(self) -> float:
        """Standard error of the Sharpe ratio times the root of T - 1 (Mertens); NaN where the sum is negative."""
        inner = 1.0 - self.skewness * self.sharpe + (self.kurtosis - 1.0) / 4.0 * self.sharpe**2
        return float(np.sqrt(inner)) if inner > 0.0 else np.nan

    def probability_above(self, sharpe: float) -> float:
        """Probability that the true Sharpe ratio is above one, both of a date."""
        from scipy.stats import norm

        return float(norm.cdf((self.sharpe - sharpe) * np.sqrt(self.dates - 1.0) / self.spread))


@renamed("periods_a_year", "periods_per_year")
def probabilistic_sharpe(returns: Any, benchmark: float = 0.0, periods_per_year: float = PERIODS) -> float:
    """Probability that the true Sharpe ratio is above a benchmark's.

    Parameters
    ----------
    returns : Series, back-test's result, or `SharpeMoments`
        In excess of cash.
    benchmark : float
        A Sharpe ratio, of a year.
    periods_per_year : float

    Returns
    -------
    float
        NaN for fewer than three returns or returns that do not vary.

    References
    ----------
    Bailey and López de Prado (2012), The Sharpe Ratio Efficient Frontier, Journal of Risk 15(2), equation 11.
    """
    return _moments(returns).probability_above(_a_date(benchmark, periods_per_year))


def expected_maximum_sharpe(number: float, variance: float = 1.0) -> float:
    """Expected highest of the Sharpe ratios of independent trials without skill.

    Parameters
    ----------
    number : float
        Of trials, 1 or more; need not be whole.
    variance : float
        Of the trials' Sharpe ratios; the result is in the same unit.

    References
    ----------
    Bailey and López de Prado (2014), The Deflated Sharpe Ratio, Journal of Portfolio Management 40(5), equation 1.
    """
    from scipy.stats import norm

    if not is_number(number) or not 1.0 <= number < np.inf:
        raise InputError(f"number={number!r} of trials; 1 or more was expected. Count every configuration tried.")
    if number == 1.0:
        return 0.0
    first, second = norm.isf(1.0 / number), norm.isf(1.0 / (number * np.e))
    return float(np.sqrt(variance) * ((1.0 - np.euler_gamma) * first + np.euler_gamma * second))


@renamed("periods_a_year", "periods_per_year")
def deflated_sharpe(returns: Any, number: float, variance: float, periods_per_year: float = PERIODS) -> float:
    """Probability that the true Sharpe ratio is above what the best of so many trials without skill would show.

    Parameters
    ----------
    returns : Series, back-test's result, or `SharpeMoments`
        Of the trial that was chosen, in excess of cash.
    number : float
        Of trials: all that were tried.
    variance : float
        Of the trials' Sharpe ratios, those of a year (`Trials.sharpe_variance`).
    periods_per_year : float

    Returns
    -------
    float
        It is conservative for independent trials: without skill it is above .95 hardly ever, because what it
        subtracts, the expected maximum, is already most of the correction. Trials that share much of their variance
        differ little, which makes `variance` and the correction small: its size then comes near 5 %.
        `best_of_n` is made to have the size it says for both.

    References
    ----------
    Bailey and López de Prado (2014), The Deflated Sharpe Ratio, Journal of Portfolio Management 40(5), equation 2.
    """
    if not is_number(variance) or not variance >= 0.0:
        raise InputError(f"variance={variance!r} of the trials' Sharpe ratios; 0 or more was expected.")
    return probabilistic_sharpe(returns, expected_maximum_sharpe(number, variance), periods_per_year)


def minimum_length(number: float, sharpe: float = 1.0) -> float:
    """Years below which the best of so many trials without skill is expected to show a Sharpe ratio.

    Parameters
    ----------
    number : float
        Of independent trials.
    sharpe : float
        Of a year: what the best one shows.

    Returns
    -------
    float
        Years. Five years bear 45 trials for a Sharpe ratio of 1.

    References
    ----------
    Bailey, Borwein, López de Prado and Zhu (2014), Pseudo-Mathematics and Financial Charlatanism, Notices of the AMS
    61(5), equation 6.
    """
    if not is_number(sharpe) or not sharpe > 0.0:
        raise InputError(f"sharpe={sharpe!r}; a Sharpe ratio above zero was expected. Pass what the best trial shows.")
    return (expected_maximum_sharpe(number) / sharpe) ** 2


@renamed("periods_a_year", "periods_per_year")
def minimum_track_record(
    returns: Any, benchmark: float = 0.0, confidence: float = 0.95, periods_per_year: float = PERIODS
) -> float:
    """Dates needed to say with confidence that the true Sharpe ratio is above a benchmark's.

    Returns
    -------
    float
        A whole number of dates; infinite if the Sharpe ratio is not above the benchmark.

    References
    ----------
    Bailey and López de Prado (2012), The Sharpe Ratio Efficient Frontier, Journal of Risk 15(2), equation 13.
    """
    from scipy.stats import norm

    if not is_number(confidence) or not 0.0 < confidence < 1.0:
        raise InputError(f"confidence={confidence!r}; a number between 0 and 1 was expected. Pass 0.95.")
    found, least = _moments(returns), _a_date(benchmark, periods_per_year)
    if np.isnan(found.sharpe) or np.isnan(found.spread):
        return np.nan
    if found.sharpe <= least:
        return np.inf
    return float(ceil(1.0 + (found.spread * norm.ppf(confidence) / (found.sharpe - least)) ** 2))


def _a_date(sharpe: Any, periods_per_year: float) -> float:
    """The Sharpe ratio of a date, of a year's."""
    if not is_number(sharpe) or not np.isfinite(sharpe):
        raise InputError(f"benchmark={sharpe!r}; the Sharpe ratio of a year was expected. Pass e.g. 0.0.")
    return float(sharpe / np.sqrt(check_periods(periods_per_year)))


def _moments(returns: Any) -> SharpeMoments:
    return returns if isinstance(returns, SharpeMoments) else SharpeMoments.of(returns)
