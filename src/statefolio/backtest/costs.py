"""Describes the costs of trading and holding positions."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._options import Number, Whole, check_options
from statefolio.backtest.market_tables import by_asset

RULES = {
    "impact": Number(at_least=0.0),
    "financing": Number(at_least=0.0),
    "impact_window": Whole(at_least=1, example=60),
}


@dataclass(frozen=True, eq=False)
class TradingCosts:
    """Costs and fees of an account; each is charged once, to cash.

    Parameters
    ----------
    proportional, half_spread
        Shares of the traded value: a number, or a Series by asset. Commission and tax; half the bid-ask spread.
    impact
        Coefficient Y of the square-root model of market impact (Almgren, Thum, Hauptmann and Li 2005, Risk; Toth et al.
        2011, Physical Review X 1): trading an amount q of currency costs `Y sigma sqrt(q / V) q`, where sigma is the
        root mean square of the asset's daily returns and V its mean dollar volume, both over the dates before the
        trade. It needs dollar volumes. An order in an asset whose sigma or V is unknown, or whose V is 0, is not
        filled.
    impact_window
        Number of dates from which sigma and V are estimated.
    borrow
        Annual fee on the value of short positions: a number, or a Series by asset.
    financing
        Annual spread over the cash rate on negative cash.

    Raises
    ------
    InputError
        If `impact`, `financing` or `impact_window` is out of bounds.

    Examples
    --------
    A commission of 5 and a half spread of 2 basis points, and 1 % a year for borrowed stocks:

    >>> import statefolio as sf
    >>> costs = sf.TradingCosts(proportional=0.0005, half_spread=0.0002, borrow=0.01)
    >>> market = sf.Market(sf.load_demo().returns.iloc[:250, :3])
    >>> result = sf.run_backtest(sf.portfolio.EqualWeight(), market, costs=costs)
    >>> ledger = result.ledger
    >>> print(f"{ledger['traded'].sum():,.0f} traded, {ledger['trading_cost'].sum():,.0f} paid")
    1,561,102 traded, 1,093 paid
    """

    proportional: "float | pd.Series[float]" = 0.0
    half_spread: "float | pd.Series[float]" = 0.0
    impact: float = 0.0
    impact_window: int = 60
    borrow: "float | pd.Series[float]" = 0.0
    financing: float = 0.0

    def __post_init__(self) -> None:
        check_options(self, RULES)

    def trade_rates(self, assets: pd.Index) -> Array:
        """Return the cost of trading one unit of value, by asset (N,), without impact.

        Raises
        ------
        DataTypeError, InputError, UnknownNameError
            If a cost is negative or not a number, or an asset has none.
        """
        proportional = by_asset(self.proportional, assets, "proportional")
        return np.asarray(proportional + by_asset(self.half_spread, assets, "half_spread"))

    def borrow_rates(self, assets: pd.Index) -> Array:
        """Return the annual fee on one unit of short value, by asset (N,)."""
        return by_asset(self.borrow, assets, "borrow")
