"""Tests whether the best of many trials is better than the best of as many trials without skill."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from statefolio._display.shown import ShownFields
from statefolio._options import Number, check
from statefolio.backtest.return_series import read_table, varies
from statefolio.backtest.validation.criteria import sharpe
from statefolio.backtest.validation.effective_trials import effective_number
from statefolio.backtest.validation.sharpe import SharpeMoments

RULES = {
    "number": Number(at_least=1.0, infinite=True, example=20.0),
    "p_value": Number(at_least=0.0, at_most=1.0, example=0.05),
}


@dataclass(frozen=True, repr=False)
class BestOfN(ShownFields):
    """The best trial, and the probability of its Sharpe ratio by chance.

    Attributes
    ----------
    p_value : float
        Probability that the best of `number` independent trials without skill is as good.
    own_p_value : float
        The same probability if it had been the only trial.
    best : str
        Trial with the highest Sharpe ratio.
    number : float
        Effective number of trials.
    trials, dates : int
        Number of trials that vary, and of dates.
    reason : str
        Why there is no p-value; empty if there is one.
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
        Returns of all configurations tried, in excess of cash. Only dates that all trials have are used.
    number : float, optional
        Number of independent trials. Default: the effective number, from the trials' correlations.
    seed : int
        Seed of the simulation of the effective number.

    Returns
    -------
    BestOfN
        The trial's own p-value is the larger of two: Student's, which is too small for negatively skewed returns, and
        that of the probabilistic Sharpe ratio, which is too small for fat tails because the best of many trials also
        has a favourable sample skewness. Both assume returns that are uncorrelated in time; `reality_check` does not.

    Raises
    ------
    InputError
        If `number` is below 1, or the returns cannot be used.

    Examples
    --------
    The best of eight stocks looks significant alone, but not as the best of eight:

    >>> import statefolio as sf
    >>> found = sf.backtest.best_of_n(sf.load_demo().returns.iloc[:500, :8])
    >>> found.best, found.trials
    ('HD', 8)
    >>> f"own p-value {found.own_p_value:.2f}, as the best of {found.number:.0f}: {found.p_value:.2f}"
    'own p-value 0.02, as the best of 7: 0.11'
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
    return BestOfN(sidak_p_value(alone, independent), alone, moving.columns[place], independent, count, dates)


def sidak_p_value(p_value: float, number: float) -> float:
    """Return the probability that one of `number` independent tests has a p-value this small (Šidák)."""
    check("p_value", p_value, RULES["p_value"])
    check("number", number, RULES["number"])
    return 1.0 if p_value == 1.0 else float(-np.expm1(number * np.log1p(-p_value)))
