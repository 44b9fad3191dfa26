"""Builds the table of a back-test's trades."""

import pandas as pd

from statefolio.exceptions import InputError
from statefolio.report.backtest.protocols import Backtest
from statefolio.report.chapters import Exhibit
from statefolio.report.tables import MOST_ROWS

MONEY = ("Profit", "Costs", "Net of costs")


def trades_exhibit(result: Backtest, currency: str = "") -> Exhibit:
    """Return the trades with the largest gains and losses, in a table that sorts; or why there are none."""
    try:
        trades = result.trades
    except InputError as error:
        return Exhibit("Trades", str(error), wide=True)
    if trades.empty:
        return Exhibit("Trades", "None.", wide=True)
    net = trades["profit"] - trades["cost"]
    table = pd.DataFrame(
        {
            "Asset": trades["asset"].astype(str),
            "Side": trades["side"],
            "Entry": trades["entry"],
            "Exit": trades["exit"],
            "Dates": trades["dates"],
            "Profit": trades["profit"],
            "Costs": trades["cost"],
            "Net of costs": net,
            "Entered": trades["entered"],
            "Left": trades["left"].mask(trades["open"], "still open"),
        }
    )
    table = table.loc[net.abs().sort_values(ascending=False, kind="stable").index]
    return Exhibit(
        "Trades",
        _note(trades, currency, len(table) > MOST_ROWS),
        table=table,
        formats=dict.fromkeys(MONEY, ",.0f"),
        wide=True,
        sorts=True,
    )


def _note(trades: pd.DataFrame, currency: str, cut: bool) -> str:
    closed = trades[~trades["open"]]
    parts = [f"{len(trades):,} round trips, {len(trades) - len(closed):,} still open."]
    if len(closed):
        won = float((closed["profit"] > closed["cost"]).mean())
        parts.append(
            f"Of those closed, {won:.0%} gained after costs; half were held for at most "
            f"{closed['dates'].median():,.0f} dates."
        )
    parts.append("A trade lasts from the purchase of a position to its sale, with all purchases and sales in between.")
    parts.append(f"Profit and costs in {currency or 'units of the capital'}; select a heading to sort.")
    if cut:
        parts.append(f"The {MOST_ROWS} with the largest gains and losses; a study lists all of them in trades.csv.")
    return " ".join(parts)
