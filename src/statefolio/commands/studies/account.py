"""Values the account that the orders of an update are for."""

from pathlib import Path

import pandas as pd

from statefolio.backtest.market import Market
from statefolio.commands.inputs import read_holdings
from statefolio.commands.studies.parts.names import check_names
from statefolio.exceptions import InputError
from statefolio.portfolio.policy import Holdings


def describe_account(holdings: Path | None, cash: float | None, sealed: bool) -> str:
    """Say whose value the orders are for."""
    if holdings is not None:
        return "the value of --holdings and --cash" if cash else "the value of --holdings"
    if cash is not None:
        return "--cash alone: nothing is held"
    if sealed:
        return "the study's capital, because the walked value would tell the outcome of the holdout"
    return "the value that the portfolio has walked to"


def given_holdings(
    file: Path | None, cash: float | None, prices: "pd.Series[float] | None", market: Market, date: pd.Timestamp
) -> Holdings | None:
    """Return the given holdings and cash as weights; None if neither is given.

    Raises
    ------
    InputError, UnknownNameError
        If holdings name unknown assets or assets without a price, the data have no prices, or the account is worth
        nothing.
    """
    if file is None:
        if cash is None:
            return None
        if not cash > 0.0:
            raise InputError(f"--cash must be above 0 without --holdings, got {cash:g}. Pass the cash of the account.")
        return Holdings(date, pd.Series(0.0, index=market.assets), cash)
    cash = 0.0 if cash is None else cash
    if prices is None:
        raise InputError("--holdings needs prices to value the shares, and [data] has returns alone. Name data.prices.")
    shares = read_holdings(file)
    check_names(shares.index, market.assets, "--holdings", "assets")
    value = (shares * prices.reindex(shares.index)).reindex(market.assets, fill_value=0.0)
    if value.isna().any():
        raise InputError(
            f"--holdings must name assets with a price, got {value.index[value.isna()][0]!r} without. Leave it out."
        )
    total = float(value.sum() + cash)
    if not total > 0.0:
        raise InputError(f"--holdings and --cash must be worth more than 0 together, got {total:g}. Check {file}.")
    return Holdings(date, value / total, total)
