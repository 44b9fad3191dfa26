"""Makes the orders that turn present holdings into target weights."""

import numpy as np
import pandas as pd


def make_orders(
    held: "pd.Series[float]",
    wanted: "pd.Series[float]",
    value: float,
    prices: "pd.Series[float] | None" = None,
) -> pd.DataFrame:
    """Return the orders that turn holdings into targets, the largest first.

    Parameters
    ----------
    held, wanted
        Present and target weights, by asset.
    value
        The value of the account, cash included, in currency.
    prices
        In currency, by asset; without them orders are in currency alone.

    Returns
    -------
    DataFrame (asset)
        held, wanted (weights), currency (above zero: buy), and with prices: price and shares, rounded to whole shares;
        NaN where no price is known. Assets without an order, or with less than half a share, are left out.
    """
    assets = held.index.union(wanted.index, sort=False)
    before = held.reindex(assets, fill_value=0.0)
    after = wanted.reindex(assets, fill_value=0.0)
    table = pd.DataFrame({"held": before, "wanted": after, "currency": (after - before) * value})
    if prices is not None:
        price = prices.reindex(assets)
        table["price"] = price.where(price > 0.0)
        table["shares"] = (table["currency"] / table["price"]).round()
    idle = table["currency"] == 0.0
    if prices is not None:
        idle |= table["shares"] == 0.0
    traded = table[~idle].rename_axis("asset")
    return traded.iloc[np.argsort(-traded["currency"].abs().to_numpy(), kind="stable")]
