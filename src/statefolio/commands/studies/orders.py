"""What to buy and sell to turn what is held into what is wanted."""

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
        Shares of the value, by asset.
    value
        Of everything that is held, cash included, in currency.
    prices
        In currency, by asset; without them orders are in currency alone.

    Returns
    -------
    DataFrame (asset)
        held, wanted (shares of the value), currency (above zero: buy), and with prices: price and shares, to the
        nearest whole one; NaN where no price is known. Assets that are not traded, or for less than half a share, are
        left out.
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
