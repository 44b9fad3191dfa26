"""Finds optimal entry and exit thresholds of a spread, as bands of a trading rule."""

from dataclasses import dataclass
from typing import Any, Literal

from statefolio._display.shown import ShownFields
from statefolio._options import Number, OneOf, check
from statefolio.exceptions import InputError
from statefolio.pairs.thresholds import bertram, leung_li
from statefolio.pairs.thresholds.ornstein_uhlenbeck import OrnsteinUhlenbeck
from statefolio.pairs.trading.rules import Bands

CRITERION = OneOf("return", "sharpe", "discounted")
COST = Number(above=0.0, example=0.1)
POSITIVE = Number(above=0.0, example=0.0002)


@dataclass(frozen=True, repr=False)
class OptimalThresholds(ShownFields):
    """Thresholds that are optimal if the spread is an Ornstein-Uhlenbeck process; result of `optimal_thresholds`.

    Attributes
    ----------
    criterion : str
    entry, exit : float
        As in `Bands`: buy below -entry deviations, sell at -exit; the mirror for short positions. With "return" and
        "sharpe" exit is -entry: a position is turned into the opposite one.
    half_life : float
        Of the spread, in dates.
    deviation : float
        Stationary standard deviation of the spread; one deviation of the rule.
    cycle : float
        Expected dates from the entry to the exit and back to the entry; NaN with "discounted".
    profit_per_date : float
        Expected profit per date after costs of the long positions alone, in the units of the spread; twice as much with
        short ones. NaN with "discounted".
    """

    criterion: str
    entry: float
    exit: float
    half_life: float
    deviation: float
    cycle: float
    profit_per_date: float

    @property
    def rule(self) -> Bands:
        """The bands, for `walk_baskets` and other functions that take a rule."""
        return Bands(self.entry, self.exit)


def optimal_thresholds(
    spread: Any,
    criterion: Literal["return", "sharpe", "discounted"] = "return",
    *,
    cost: float,
    hurdle: float | None = None,
    rate: float | None = None,
) -> OptimalThresholds:
    """Find the thresholds that are optimal if the spread is an Ornstein-Uhlenbeck process.

    The process is estimated from the spread by maximum likelihood. Prices are seen once a date, whereas the formulas
    assume that a threshold is traded at the moment it is reached; the mean and deviation are taken as known.

    Parameters
    ----------
    spread : Series by date
        Dates before those that are traded: thresholds of the same dates are in sample.
    criterion : {"return", "sharpe", "discounted"}
        Expected return, or Sharpe ratio, per unit of time, of a position that is opened and closed again and again
        (Bertram 2010); expected discounted profit of the best moments to open and to close one (Leung and Li 2015).
    cost : float
        Cost of a round trip, in the units of the spread. Without costs the best thresholds are zero.
    hurdle : float, optional
        Required with "sharpe": riskless profit of a round trip, in the units of the spread.
    rate : float, optional
        Required with "discounted": discount rate per date.

    Returns
    -------
    OptimalThresholds

    Raises
    ------
    InputError, DataTypeError
        For a spread that does not revert, costs that it cannot pay, or options that are not valid.

    References
    ----------
    Bertram (2010), Analytic Solutions for Optimal Statistical Arbitrage Trading, Physica A 389. Leung and Li (2015),
    Optimal Mean Reversion Trading with Transaction Costs and Stop-Loss Exit, International Journal of Theoretical and
    Applied Finance 18.

    Examples
    --------
    The dearer a round trip, the wider the thresholds:

    >>> import statefolio as sf
    >>> prices = sf.load_demo_prices()[["CVX", "XOM"]].loc["2005":"2010"]
    >>> spread = sf.pairs.StaticHedge().fit(prices).innovations_["innovation"].to_series()
    >>> [round(sf.pairs.optimal_thresholds(spread, cost=cost).entry, 2) for cost in (0.05, 0.1, 0.2)]
    [0.23, 0.29, 0.36]
    """
    check("criterion", criterion, CRITERION)
    check("cost", cost, COST)
    for name, value, needed in (("hurdle", hurdle, "sharpe"), ("rate", rate, "discounted")):
        if (value is None) == (criterion == needed):
            asked = f"given with criterion={needed!r} and with no other"
            raise InputError(f"{name} must be {asked}, got {value!r} with {criterion!r}. {_advice(name, value)}")
    if hurdle is not None:
        check("hurdle", hurdle, POSITIVE)
    if rate is not None:
        check("rate", rate, POSITIVE)
    process = OrnsteinUhlenbeck.of(spread)
    known = {"half_life": process.half_life, "deviation": process.deviation}
    if rate is not None:
        entry = -leung_li.entry_level(process, rate, cost / 2.0)
        level = leung_li.exit_level(process, rate, cost / 2.0)
        return OptimalThresholds(criterion, entry, -level, cycle=float("nan"), profit_per_date=float("nan"), **known)
    y = bertram.best_return(process, cost) if hurdle is None else bertram.best_sharpe(process, cost, hurdle)
    cycle = bertram.cycle_mean(y, process.speed)
    return OptimalThresholds(
        criterion, y, -y, cycle=cycle, profit_per_date=bertram.return_per_date(y, process, cost), **known
    )


def _advice(name: str, value: float | None) -> str:
    return f"Pass e.g. {name}=0.0002." if value is None else f"Leave {name} out."
