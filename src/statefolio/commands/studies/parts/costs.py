"""The costs of a study: numbers, tables by asset, and files of rates by date and asset."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.commands.studies.parts.market import read_dated
from statefolio.commands.studies.parts.names import by_asset
from statefolio.commands.studies.schema.backtest_tables import CostsTable
from statefolio.exceptions import InputError

WHERE = "backtest.costs"
BY_ASSET = ("proportional", "half_spread", "minimum_commission", "lot_size")


def make_costs(table: CostsTable, market: Market, folder: Path = Path()) -> TradingCosts:
    """Return the costs of trading and holding.

    Parameters
    ----------
    table
        The checked table.
    market
        The data that has the names of assets, volumes and prices.
    folder
        The folder that paths in the table are relative to.

    Raises
    ------
    InputError, UnknownNameError, FileFormatError
        If a cost needs data that the market lacks, or names other assets, or its file cannot be read.
    """
    if table.impact > 0.0 and market.dollar_volumes is None:
        raise InputError(
            f"{WHERE}.impact must be 0 without data.dollar_volumes, got {table.impact:g}. Name the file of dollar "
            "volumes, or leave out impact."
        )
    options: dict[str, Any] = {
        name: by_asset(getattr(table, name), market.assets, 0.0, f"{WHERE}.{name}") for name in BY_ASSET
    }
    if market.prices is None and np.any(options["lot_size"]):
        raise InputError(
            f"{WHERE}.lot_size must be 0 without data.prices, got a lot. Name a file of prices instead of returns, or "
            "leave out lot_size."
        )
    proportional = np.max(np.asarray(options["proportional"], dtype=float))
    if table.most_commission is not None and table.most_commission < proportional:
        raise InputError(
            f"{WHERE}.most_commission must be at least {WHERE}.proportional, {proportional:g}, got "
            f"{table.most_commission:g}: no order could be placed. Raise it."
        )
    return TradingCosts(
        **options,
        borrow=_by_date(table.borrow, market.assets, "borrow", folder),
        short_rebate=_by_date(table.short_rebate, market.assets, "short_rebate", folder),
        impact=table.impact,
        impact_window=table.impact_window,
        financing=table.financing,
        minimum_order=table.minimum_order,
        most_commission=table.most_commission,
        management_fee=table.management_fee,
        performance_fee=table.performance_fee,
        crystallised=table.crystallised,
    )


def _by_date(
    given: float | dict[str, float] | Path, assets: pd.Index, name: str, folder: Path
) -> "float | pd.Series[float] | pd.DataFrame":
    if isinstance(given, Path):
        return read_dated(folder / given)
    return by_asset(given, assets, 0.0, f"{WHERE}.{name}")
