"""Whether the best of many trials does better than the best of as many without skill would."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from statefolio._options import is_number
from statefolio.backtest.return_series import read_table, varies
from statefolio.backtest.validation.criteria import sharpe
from statefolio.backtest.validation.effective_trials import effective_number
from statefolio.backtest.validation.sharpe import SharpeMoments
from statefolio.exceptions import InputError


@dataclass(frozen=True)
class BestOfN:
    """The best trial, and how likely it is by chance.

    Attributes
    ----------
    p_value : float
        Probability that the best of `number` independent trials without skill does as well.
    own_p_value : float
        The same, had it been the only trial.
    best : str
        Trial of the highest Sharpe ratio.
    number : float
        Effective number of trials.
    trials, dates : int
    reason : str
        Why there is none.
    """

    p_value: float
    own_p_value: float
    best: Any
    number: float
    trials: int
    dates: int
    reason: str = ""


def best_of_n(trials: Any, number: float | None = None, seed: int = 0) -> BestOfN:
    """Test the best of many trials for a Sharpe ratio above zero.

    Parameters
    ----------
    trials : DataFrame (T dates, N trials), mapping of returns, or `Trials`
        Returns of all that was tried, in excess of cash. Dates that not all have are left out.
    number : float, optional
        Of independent trials. Default: their effective number, from their correlations.
    seed : int
        Of the effective number's simulation.

    Returns
    -------
    BestOfN
        The trial's own p-value is the larger of Student's and the probabilistic Sharpe ratio's: the one is too small
        for negatively skewed returns, the other for fat tails, for the luckiest of many has a lucky skewness as well.
        Both take returns for uncorrelated in time; `reality_check` does not.
    """
    from scipy.stats import t as student

    table = read_table(trials, "trials")
    moving = table.loc[:, varies(table.to_numpy())]
    dates, count = moving.shape
    if count == 0 or dates < 3:
        reason = "no trial varies" if dates > 2 else f"{dates} dates, fewer than the 3 needed"
        return BestOfN(np.nan, np.nan, None, np.nan, count, dates, reason)
    place = int(np.argmax(sharpe(moving.to_numpy(), 1.0)))
    moments = SharpeMoments.of(moving.iloc[:, place])
    alone = float(student.sf(moments.sharpe * np.sqrt(dates), dates - 1))
    alone = float(np.fmax(alone, 1.0 - moments.probability_above(0.0)))
    independent = effective_number(moving, seed=seed) if number is None else number
    return BestOfN(any_of(alone, independent), alone, moving.columns[place], independent, count, dates)


def any_of(p_value: float, number: float) -> float:
    """Probability that one of so many independent tests has a p-value as small as this (Šidák)."""
    if not is_number(p_value) or not 0.0 <= p_value <= 1.0:
        raise InputError(f"p_value={p_value!r}; a probability was expected.")
    if not is_number(number) or not number >= 1.0:
        raise InputError(f"number={number!r} of trials; 1 or more was expected. Count every configuration tried.")
    return 1.0 if p_value == 1.0 else float(-np.expm1(number * np.log1p(-p_value)))
