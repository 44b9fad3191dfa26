"""From a hedge to positions: how far the basket is from where it should be, and what a rule makes of that."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio._options import is_number, is_whole
from statefolio.exceptions import InputError
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.prices import read_basket
from statefolio.pairs.trading.rules import Rule


def z_score(hedge: Hedge, *, of: str = "innovation", lookback: int | None = None) -> "pd.Series[float]":
    """How many deviations the basket is from where it should be.

    Parameters
    ----------
    hedge : Hedge
        Fitted.
    of : {"innovation", "spread"}
        The innovation in its own predicted deviations; or the spread under filtered ratios, from its mean over the last
        `lookback` dates and in deviations of these.
    lookback : int, optional
        With "spread": dates, 2 at least.
    """
    if of == "innovation":
        found = hedge.innovations_
        z = (found["innovation"] / np.sqrt(found["innovation_variance"])).to_series()
        return z.rename("z_score")
    if of != "spread":
        raise InputError(f"of={of!r} came. One of 'innovation', 'spread' was expected: choose one.")
    if not is_whole(lookback) or lookback < 2:
        raise InputError(
            f"lookback={lookback!r} came with of='spread'; a whole number of dates, 2 at least, was expected."
        )
    spread = hedge.spread_["filtered"].dropna()
    last = spread.rolling(lookback)
    return ((spread - last.mean()) / last.std()).reindex(hedge.spread_.index).rename("z_score")


def basket_weights(
    hedge: Hedge,
    prices: Any,
    rule: Rule,
    *,
    gross: float = 1.0,
    of: str = "innovation",
    lookback: int | None = None,
) -> pd.DataFrame:
    """Weights decided at the close of each date of a hedge, to be traded on the next one.

    Money is held in proportion to units x (1, -b_2, ..., -b_k) x prices, with the filtered ratios of the date. Dates
    until the hedge's `tuned_until_` are in sample: its parameters knew them. `walk_baskets` has no such dates.

    Parameters
    ----------
    hedge : Hedge
        Fitted on these prices.
    prices : DataFrame (date x asset)
    rule : Rule
    gross : float, default 1
        Sum of absolute weights while a whole unit is held.
    of, lookback
        As in `z_score`.

    Returns
    -------
    DataFrame (date x asset)
        Shares of the value; a date that lacks a price has no row.
    """
    units = rule.units(np.asarray(z_score(hedge, of=of, lookback=lookback), dtype=np.float64))
    return weights_of_units(hedge, prices, units, gross)


def weights_of_units(hedge: Hedge, prices: Any, units: Array, gross: float = 1.0) -> pd.DataFrame:
    """Weights as in `basket_weights`, of units (T,) held on each date of a hedge."""
    if not is_number(gross) or not 0.0 < gross < np.inf:
        raise InputError(f"gross={gross!r} came; a number above 0 was expected.")
    money, known = _money_of_one_unit(hedge, prices)
    with np.errstate(invalid="ignore"):
        weights = gross * units[:, None] * money / np.abs(money).sum(axis=1, keepdims=True)
    weights[units == 0.0] = 0.0
    return pd.DataFrame(weights[known], index=hedge.spread_.index[known], columns=hedge.assets_).dropna()


def _money_of_one_unit(hedge: Hedge, prices: Any) -> tuple[Array, NDArray[np.bool_]]:
    """Currency in each asset, long one share of the first and short its hedge (T, k), and which dates have prices."""
    basket = read_basket(prices, known=hedge.assets_)
    rows = basket.dates.get_indexer(hedge.spread_.index)
    if (rows < 0).any():
        raise InputError("prices lacks dates that the hedge was run over; the same prices were expected.")
    ratios = hedge.hedge_ratios_["filtered"].to_numpy()
    shares = np.column_stack([np.ones(len(ratios)), -ratios])
    price = basket.values[rows]
    return shares if hedge.logs else shares * price, ~np.isnan(price[:, 0])
