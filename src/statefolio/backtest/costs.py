"""What trading and holding cost."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._options import is_number, is_whole
from statefolio.backtest.market_tables import by_asset
from statefolio.exceptions import InputError


@dataclass(frozen=True, eq=False)
class TradingCosts:
    """Costs and fees of an account; each is charged once, to cash.

    Parameters
    ----------
    proportional, half_spread
        Shares of the value traded: a number, or one by asset. Commission and tax; half of bid to ask.
    impact
        Coefficient Y of the square-root law (Almgren, Thum, Hauptmann and Li 2005, Risk; Toth et al. 2011,
        Physical Review X 1): trading q of currency costs `Y sigma sqrt(q / V) q`, sigma the root mean square of the
        asset's daily returns and V its mean dollar volume, both of the dates before the trade. Needs dollar volumes;
        an order in an asset whose sigma or V is not known, or whose V is 0, is not filled.
    impact_window
        Dates that sigma and V are taken from.
    borrow
        Annual fee on the value of short positions: a number, or one by asset.
    financing
        Annual spread over the cash rate on negative cash.
    """

    proportional: "float | pd.Series[float]" = 0.0
    half_spread: "float | pd.Series[float]" = 0.0
    impact: float = 0.0
    impact_window: int = 60
    borrow: "float | pd.Series[float]" = 0.0
    financing: float = 0.0

    def __post_init__(self) -> None:
        for name in ("impact", "financing"):
            given: Any = getattr(self, name)
            if not is_number(given) or not 0.0 <= given < np.inf:
                raise InputError(f"{name}={given!r}; a number from 0 on was expected. Pass e.g. 0.0.")
        window: Any = self.impact_window
        if not is_whole(window) or window < 1:
            raise InputError(f"impact_window={window!r}; a whole number of dates was expected. Pass e.g. 60.")

    def trade_rates(self, assets: pd.Index) -> Array:
        """What trading a unit of value costs, by asset (N,), impact apart.

        Raises
        ------
        DataTypeError, InputError, UnknownNameError
            If a cost is negative or no number, or leaves an asset out.
        """
        proportional = by_asset(self.proportional, assets, "proportional")
        return np.asarray(proportional + by_asset(self.half_spread, assets, "half_spread"))

    def borrow_rates(self, assets: pd.Index) -> Array:
        """Annual fee on a unit of short value, by asset (N,)."""
        return by_asset(self.borrow, assets, "borrow")
