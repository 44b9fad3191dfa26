"""Shows what fills cost against the prices of their decisions, and how to go on."""

from typing import TYPE_CHECKING

import pandas as pd
from rich.markup import escape

from statefolio.commands.studies.fills.booking import FILLED, OPEN, OVERFILLED, PARTIAL, UNORDERED
from statefolio.commands.terminal import Terminal
from statefolio.commands.terminal_tables import number, table

if TYPE_CHECKING:
    from statefolio.commands.studies.fills.reconcile import Reconciled

_FAR = 0.2
"""A fill this far from its decision price is said: a split, or a price in another unit."""


def show_reconciled(terminal: Terminal, found: "Reconciled") -> None:
    """Show one row per order, totals, what was ignored, and the command that goes on."""
    booked, orders = found.booked, found.booked.orders
    terminal.end_progress()
    terminal.out.print()
    terminal.out.print(table(_comparison(orders), f"{len(booked.fills):,} fills of {len(orders):,} orders"))
    for sentence in _sentences(orders, booked.ignored):
        terminal.out.print(escape(sentence), soft_wrap=True)
    terminal.out.print()
    terminal.out.print(escape(_onwards(found)), soft_wrap=True)


def _onwards(found: "Reconciled") -> str:
    """Say where the holdings are, and the command that goes on."""
    cash, command = found.booked.cash, f"  statefolio update {found.study}"
    if found.out is None:
        return f"Nothing is held. Cash: {cash:,.2f}. Go on:\n{command} --cash {cash:.2f}"
    held = f"Written to {found.out}: {len(found.booked.shares):,} positions. Cash: {cash:,.2f}. Go on:"
    return f"{held}\n{command} --holdings {found.out} --cash {cash:.2f}"


def _comparison(orders: pd.DataFrame) -> pd.DataFrame:
    """Orders as text, with a row of totals."""
    columns: dict[str, list[str]] = {
        "asset": [*map(str, orders.index), "total"],
        "status": [*orders["status"], ""],
        "ordered": [*(number(each, "{:,.10g}") for each in orders["ordered"]), ""],
        "filled": [*(number(each, "{:,.10g}") for each in orders["filled"]), ""],
    }
    for name, heading in (("decision_price", "decided at"), ("fill_price", "filled at")):
        columns[heading] = [*(number(each, "{:,.4f}") for each in orders[name]), ""]
    traded = (orders["filled"] * orders["decision_price"]).abs().sum()
    total = 1e4 * orders["slippage"].sum() / traded if traded > 0.0 else float("nan")
    columns["slippage"] = [number(each, "{:,.2f}") for each in [*orders["slippage"], orders["slippage"].sum()]]
    columns["bp"] = [number(each, "{:,.1f}") for each in [*orders["slippage_bp"], total]]
    columns["commission"] = [number(each, "{:,.2f}") for each in [*orders["commission"], orders["commission"].sum()]]
    return pd.DataFrame(columns)


def _sentences(orders: pd.DataFrame, ignored: list[str]) -> list[str]:
    paid, costs = orders["commission"].sum(), orders["slippage"].sum()
    found = [
        f"Slippage against the decision prices: {costs:,.2f}; expected from spread and impact of what was filled: "
        f"{orders['expected_slippage'].sum():,.2f}. Above zero is a cost.",
        f"Commissions: {paid:,.2f}; expected {orders['expected_commission'].sum():,.2f}.",
    ]
    for status, words in (
        (PARTIAL, "Filled in part"),
        (OPEN, "Not filled"),
        (OVERFILLED, "Filled more than ordered"),
        (UNORDERED, "Filled without an order"),
    ):
        names = list(orders.index[orders["status"] == status])
        if names:
            found.append(f"{words}: {', '.join(map(str, names))}.")
    if not (orders["status"] != FILLED).any():
        found.append("Every order is filled.")
    far = list(orders.index[(orders["fill_price"] / orders["decision_price"] - 1.0).abs() > _FAR])
    if far:
        found.append(f"More than {_FAR:.0%} from the decision: {', '.join(map(str, far))}. Check splits and units.")
    if ignored:
        found.append(f"Not booked again: {', '.join(ignored)}.")
    return found
