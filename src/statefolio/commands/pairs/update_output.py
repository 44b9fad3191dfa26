"""Shows the result of `pairs update`."""

from typing import TYPE_CHECKING

import pandas as pd
from rich.markup import escape

from statefolio.commands.pairs.tuning_schedule import tuned_again
from statefolio.commands.terminal import Terminal
from statefolio.commands.terminal_tables import number, table
from statefolio.pairs.following.followed_basket import FollowedBasket
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.static_hedges import RollingHedge

if TYPE_CHECKING:
    from statefolio.commands.pairs.update_job import UpdateResult


def show_update(terminal: Terminal, result: "UpdateResult") -> None:
    """Show what to hold, what changed, whether the basket drifts, and the orders."""
    terminal.end_progress()
    after = result.after
    names = [str(name) for name in after.basket.assets]
    title = f"{names[0]} against {', '.join(names[1:])} after the close of {after.date:%Y-%m-%d}: {_side(after)}"
    terminal.out.print()
    terminal.out.print(f"[bold]{escape(title)}[/bold]", soft_wrap=True)
    for line in _facts(result):
        terminal.out.print(f"  {escape(line)}", soft_wrap=True)
    if after.drift is not None:
        terminal.out.print(f"  {escape(after.drift.sentence)}", soft_wrap=True)
    shown = pd.DataFrame(
        {
            "asset": names,
            "held": [number(value, "{:+,.0f}") for value in result.orders["held"]],
            "target": [number(value, "{:+,.0f}") for value in result.orders["target"]],
            "order": [number(value, "{:+,.0f}") for value in result.orders["order"]],
            "price": [number(value, "{:,.2f}") for value in result.orders["price"]],
            "currency": [number(value, "{:+,.0f}") for value in result.orders["currency"]],
        }
    )
    kind = "Orders in shares" if (result.orders["order"] != 0.0).any() else "No orders"
    terminal.out.print(table(shown, f"{kind}, for a capital of {after.capital:,.0f}; held: {result.held_from}"))
    if result.others:
        terminal.out.print(f"Not of this basket, left alone: {escape(', '.join(result.others))}.", soft_wrap=True)
    terminal.out.print(f"Written: {escape(str(result.file.with_name('orders.csv')))}, {escape(str(result.file))}")


def _facts(result: "UpdateResult") -> list[str]:
    before, after = result.before, result.after
    since = f"before, on {before.date:%Y-%m-%d}"
    lines = [
        f"New dates: {result.new_dates:,}; {since}: {_side(before)}",
        f"Z-score: {after.z.loc[after.date]:+.2f} ({before.z.loc[before.date]:+.2f} before)",
    ]
    lines += [
        f"Hedge ratio of {name}: {after.ratios[name]:.4g} ({before.ratios[name]:.4g} before)"
        for name in after.ratios.index
    ]
    tuned = "as before" if after.tuned_until == before.tuned_until else f"until {before.tuned_until:%Y-%m-%d} before"
    lines.append(f"Tuned until {after.tuned_until:%Y-%m-%d} ({tuned})")
    dates = after.basket.complete_dates
    in_use = int((dates > after.tuned_until).sum())
    lines.append(f"Next tuning: {tuned_again(_tuning(after), after.retune, after.date, in_use)}")
    return lines


def _side(basket: FollowedBasket) -> str:
    units = float(basket.units.loc[basket.date])
    return "flat" if units == 0.0 else f"{'long' if units > 0.0 else 'short'} {abs(units):.2g} unit"


def _tuning(basket: FollowedBasket) -> str:
    hedge = basket.hedge
    if isinstance(hedge, KalmanHedge):
        return str(hedge.tuning)
    return "rolling" if isinstance(hedge, RollingHedge) else "static"
