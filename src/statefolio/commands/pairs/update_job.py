"""The job of `pairs update`: continues a saved basket over new dates, and writes its orders and its state."""

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from statefolio.commands.csv_tables import write_csv
from statefolio.commands.file_forms import read_file
from statefolio.commands.inputs import read_holdings
from statefolio.commands.pairs.options import PairsUpdateOptions
from statefolio.data import find_suspicious_cells
from statefolio.exceptions import InputError
from statefolio.pairs.following.followed_basket import FollowedBasket
from statefolio.pairs.following.state_file import STATE, load_basket, save_basket

BREAKS = ("split", "extreme_move")
"""Kinds of suspicious prices that no hedge should follow unasked."""


@dataclass(frozen=True)
class UpdateResult:
    """A basket before and after new dates, and its orders.

    Attributes
    ----------
    file : Path
        The state that was continued.
    before, after : FollowedBasket
    new_dates : int
        New dates with all prices.
    orders : DataFrame (asset x "held", "target", "order", "price", "currency")
        Whole shares; currency is the value of the order.
    held_from : str
        Where the present shares come from.
    others : tuple of str
        Assets of the holdings that are not of the basket.
    """

    file: Path
    before: FollowedBasket
    after: FollowedBasket
    new_dates: int
    orders: pd.DataFrame
    held_from: str
    others: tuple[str, ...]


def run_update(options: PairsUpdateOptions) -> UpdateResult:
    """Continue a basket; write its orders, then its state, each whole or not at all.

    Interrupted before the state is written, nothing has changed but orders.csv, and the same command gives the same.

    Raises
    ------
    StatefolioError
        If the state, the prices or the holdings cannot be used.
    """
    file = options.basket / STATE if options.basket.is_dir() else options.basket
    before = load_basket(file)
    if options.capital is not None:
        before = replace(before, capital=options.capital)
    table = read_file(options.prices, prices=True, form=options.form).rename(columns=str)
    after = before.update(_with_all(table, before, options.prices))
    if not options.force:
        _check_new(before, after)
    held, held_from, others = _held(options.holdings, before)
    orders = order_table(held, after)
    write_csv(orders, file.with_name("orders.csv"))
    save_basket(after, file)
    dates = after.basket.complete_dates
    new = int((dates > before.basket.dates[-1]).sum())
    return UpdateResult(file, before, after, new, orders, held_from, others)


def order_table(held: "pd.Series[float]", after: FollowedBasket) -> pd.DataFrame:
    """Return the orders, in whole shares, that turn holdings into what the basket holds."""
    target = after.shares.round()
    table = pd.DataFrame({"held": held, "target": target, "order": target - held, "price": after.prices})
    table["currency"] = table["order"] * table["price"]
    return (table + 0.0).rename_axis("asset")  # -0.0 would be shown as -0


def _with_all(table: pd.DataFrame, basket: FollowedBasket, file: Path) -> pd.DataFrame:
    """Return the prices of the basket's assets.

    Raises
    ------
    InputError
        If the file lacks an asset.
    """
    names = [str(name) for name in basket.basket.assets]
    missing = [name for name in names if name not in table]
    if missing:
        raise InputError(
            f"--prices must have all assets of the basket, {', '.join(names)}, got none for {', '.join(missing)} in "
            f"{file}. Add its prices."
        )
    return table[names]


def _check_new(before: FollowedBasket, after: FollowedBasket) -> None:
    """Refuse new prices that look like a split: they would move the hedge for good, and be traded.

    Raises
    ------
    InputError
        The message names the first of them.
    """
    basket = after.basket
    table = pd.DataFrame(basket.values, basket.dates, basket.assets)
    cells = find_suspicious_cells(table, kind="prices")
    odd = cells[cells["kind"].isin(BREAKS) & (cells["date"] > before.basket.dates[-1])]
    if len(odd):
        first = odd.iloc[0]
        raise InputError(
            f"--prices must continue those of the basket, got {first['asset']} on {first['date']:%Y-%m-%d}, "
            f"{first['value']:g}, {first['detail']}. Adjust the prices of all dates and run `statefolio pairs` "
            "again, or pass --force if the price is right."
        )


def _held(file: Path | None, before: FollowedBasket) -> tuple["pd.Series[float]", str, tuple[str, ...]]:
    """Return the shares that are held, where they come from, and the names of other assets in the holdings."""
    if file is None:
        return before.shares.round(), f"the targets of {before.date:%Y-%m-%d}", ()
    given = read_holdings(file)
    given.index = given.index.map(str)
    others = tuple(name for name in given.index if name not in before.basket.assets)
    return given.reindex(before.basket.assets, fill_value=0.0).astype(float), "--holdings", others
