"""Computes the z-score of a hedged basket, and the portfolio weights of a trading rule."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio._options import Number, OneOf, Whole, check
from statefolio.exceptions import InputError
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.prices import Basket, read_basket
from statefolio.pairs.trading.rules import Rule

OF = OneOf("innovation", "spread")
LOOKBACK = Whole(at_least=2, example=60)
GROSS = Number(above=0.0, example=1.0)


def z_score(hedge: Hedge, *, of: str = "innovation", lookback: int | None = None) -> "pd.Series[float]":
    """Compute by how many standard deviations the basket differs from its fair value.

    Parameters
    ----------
    hedge : Hedge
        A fitted hedge.
    of : {"innovation", "spread"}
        "innovation": the innovation over its predicted standard deviation. "spread": the spread under filtered ratios,
        minus its mean over the last `lookback` dates, over its standard deviation over these dates.
    lookback : int, optional
        Required with "spread": number of dates, at least 2.

    Returns
    -------
    Series by date

    Examples
    --------
    >>> import statefolio as sf
    >>> prices = sf.load_demo_prices()[["CVX", "XOM"]].loc["2018":]
    >>> hedge = sf.pairs.RollingHedge(60).fit(prices)
    >>> z = sf.pairs.z_score(hedge)
    >>> f"{z.iloc[-1]:.1f} on {z.index[-1]:%Y-%m-%d}"
    '0.2 on 2022-12-28'
    """
    check("of", of, OF)
    if of == "innovation":
        found = hedge.estimates_
        z = found.innovation / np.sqrt(found.innovation_variance)
        return pd.Series(z, index=hedge.spread_.index.rename("date"), name="z_score")
    check("lookback", lookback, LOOKBACK)
    spread = hedge.spread_["filtered"].dropna()
    last = spread.rolling(int(lookback or 0))
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
    """Compute the portfolio weights of a trading rule, decided at the close of each date and traded on the next.

    Values of the positions are proportional to units x (1, -b_2, ..., -b_k) x prices, with the filtered ratios of the
    date. Weights up to `tuned_until_` of the hedge are in sample; `walk_baskets` has out-of-sample weights only.

    Parameters
    ----------
    hedge : Hedge
        A hedge fitted to these prices.
    prices : DataFrame (date x asset)
    rule : Rule
        Bands or Linear, for example.
    gross : float, default 1
        Sum of absolute weights of one whole unit.
    of, lookback
        As in `z_score`.

    Returns
    -------
    DataFrame (date x asset)
        Shares of the portfolio value; dates without all prices have no row.

    Examples
    --------
    >>> import statefolio as sf
    >>> prices = sf.load_demo_prices()[["CVX", "XOM"]].loc["2018":]
    >>> hedge = sf.pairs.RollingHedge(60).fit(prices)
    >>> weights = sf.pairs.basket_weights(hedge, prices, sf.pairs.Bands(entry=1.5, exit=0))
    >>> weights[weights["CVX"] != 0].round(2).tail(2)
                 CVX   XOM
    date
    2022-12-21  0.49 -0.51
    2022-12-22  0.49 -0.51
    """
    units = rule.units(np.asarray(z_score(hedge, of=of, lookback=lookback), dtype=np.float64))
    return weights_of_units(hedge, read_basket(prices, known=hedge.assets_), units, gross)


def weights_of_units(hedge: Hedge, basket: Basket, units: Array, gross: float = 1.0) -> pd.DataFrame:
    """Return weights as in `basket_weights` for validated prices and given units (T,) of the basket."""
    check("gross", gross, GROSS)
    money, known = _money_of_one_unit(hedge, basket)
    with np.errstate(invalid="ignore"):
        weights = gross * units[:, None] * money / np.abs(money).sum(axis=1, keepdims=True)
    weights[units == 0.0] = 0.0
    return pd.DataFrame(weights[known], index=hedge.spread_.index[known], columns=hedge.assets_).dropna()


def _money_of_one_unit(hedge: Hedge, basket: Basket) -> tuple[Array, NDArray[np.bool_]]:
    """Return the money (T, k) in each asset of one unit, and which dates have all prices (T,).

    One unit is long one share of the first asset and short its hedge.
    """
    rows = basket.dates.get_indexer(hedge.spread_.index)
    if (rows < 0).any():
        raise InputError(
            f"prices must have all dates of the hedge, got {int((rows >= 0).sum())} of {len(rows)}. Pass the prices to "
            "which it was fitted."
        )
    ratios = hedge.estimates_.filtered[:, 1:]
    shares = np.column_stack([np.ones(len(ratios)), -ratios])
    price = basket.values[rows]
    return shares if hedge.logs else shares * price, ~np.isnan(price[:, 0])
