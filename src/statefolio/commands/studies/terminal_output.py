"""Shows the results of the commands on studies."""

from typing import TYPE_CHECKING

import pandas as pd
from rich.markup import escape

from statefolio.commands.terminal import Terminal
from statefolio.commands.terminal_tables import number, p_value, table

if TYPE_CHECKING:
    from statefolio.backtest.validation.reality_check import RealityCheck
    from statefolio.commands.studies.instructions import Instruction
    from statefolio.commands.studies.result import StudyResult
    from statefolio.commands.studies.update import UpdatedStudy

CONTENTS = {
    "report.html": "the report: open it in a browser",
    "value.csv": "value by date, net and gross of costs",
    "ledger.parquet": "the account of each portfolio, by date",
    "weights.parquet": "weights held, by date",
    "decisions.parquet": "target weights, by date of the decision",
    "trades.csv": "every round trip: dates, profit, cost, and why it was entered and left",
    "measures.csv": "performance measures of each portfolio",
    "validation.csv": "significance of each portfolio's Sharpe ratio",
    "windows.csv": "the portfolio chosen in each window, and its result",
    "choices.csv": "the portfolio that each measure would have chosen in each window",
    "chosen_by.csv": "results of choosing by each measure, out of sample",
    "paths.csv": "results of choosing along the paths of combinatorial cross-validation",
    "look_ahead.csv": "result of the look-ahead check",
    "trials.csv": "every configuration tried under this study's name",
    "events.csv": "missing data, fallbacks, notes, orders not filled, delistings",
    "holdout.csv": "measures on the holdout",
    "study.toml": "the study as it was run",
}
MEASURES = {
    "annual_return": ("yearly return", "{:.1%}"),
    "annual_volatility": ("yearly volatility", "{:.1%}"),
    "sharpe": ("Sharpe", "{:.2f}"),
    "maximum_drawdown": ("maximum drawdown", "{:.1%}"),
    "daily_turnover": ("daily turnover", "{:.2%}"),
}


def show_study(terminal: Terminal, result: "StudyResult") -> None:
    """Show the measures of a study's portfolios, their significance, and the files."""
    from statefolio.report.backtest.sentences import fallback_sentences, look_ahead_sentence, note_sentences

    terminal.end_progress()
    terminal.out.print()
    terminal.out.print(table(_measures(result.walked.measures), "Development dates, net of costs"))
    judgement = result.judgement
    limits = [*fallback_sentences(result.results), *note_sentences(result.results)]
    for sentence in limits:
        terminal.out.print(f"[yellow]{escape(sentence)}[/yellow]", soft_wrap=True)
    year = result.walked.built.study.backtest.periods_per_year
    terminal.out.print(
        f"Annual numbers take {year:g} dates per year{'' if result.walked.built.year_given else ', as the data have'}."
    )
    checks = {name: each.causality for name, each in result.results.items() if each.causality is not None}
    terminal.out.print(f"Look-ahead check: {escape(look_ahead_sentence(checks))}.", soft_wrap=True)
    terminal.out.print(f"Configurations tried: {judgement.number:,}. {_significance(judgement.check)}", soft_wrap=True)
    if result.holdout is not None:
        terminal.out.print(f"Holdout: {escape(result.holdout.describe())}", soft_wrap=True)
    if result.opened is not None:
        terminal.out.print()
        terminal.out.print(table(_measures(result.opened.measures), "Holdout, net of costs"))
    terminal.show_files(result.folder, CONTENTS)


def show_orders(terminal: Terminal, updated: "UpdatedStudy") -> None:
    """Show the orders of every portfolio of a study."""
    terminal.end_progress()
    terminal.out.print(f"Decided at the close of {updated.date:%Y-%m-%d}.")
    if not updated.due:
        terminal.out.print(
            f"The study's calendar does not trade on this date; its last decision was on "
            f"{updated.last_decision:%Y-%m-%d}. These are the orders if you trade now.",
            soft_wrap=True,
        )
    if updated.unseen:
        since = "no date" if updated.seen_until is None else f"no date after {updated.seen_until:%Y-%m-%d}"
        terminal.out.print(
            f"[yellow]The models have seen {since}: the last {updated.unseen:,} dates have no factors. Weights rest on "
            "older loadings and risk; prices are those of the last date.[/yellow]",
            soft_wrap=True,
        )
    terminal.out.print(f"Account: {escape(updated.account)}.", soft_wrap=True)
    for name, each in updated.instructions.items():
        terminal.out.print()
        if not each.decision.converged:
            fallback, reason = each.decision.fallback, escape(each.decision.reason)
            terminal.out.print(f"{escape(name)} used its fallback ({fallback}): {reason}", soft_wrap=True)
        elif each.decision.reason:
            terminal.out.print(f"{escape(name)}: {escape(each.decision.reason)}", soft_wrap=True)
        for sentence in _on_the_way(each):
            terminal.out.print(f"{escape(name)}: {escape(sentence)}", soft_wrap=True)
        if each.orders.empty:
            terminal.out.print(f"{escape(name)}: no orders.{_untraded(each)}", soft_wrap=True)
            continue
        title = f"{escape(name)}: {len(each.orders)} orders for an account of {each.holdings.value:,.0f}"
        title += _priced_on(each.orders)
        terminal.out.print(table(_order_table(each.orders), title))
        terminal.out.print(f"{escape(name)}: {escape(_totals(each))}", soft_wrap=True)
        terminal.out.print(table(_account_table(each.account), f"{escape(name)}: the account before and after"))


def _on_the_way(each: "Instruction") -> list[str]:
    """Say which limits bind, that orders are a step towards the target, and how long the rest takes."""
    found = [f"Binding limits: {', '.join(each.binding)}."] if each.binding else []
    if len(each.blocked):
        found.append(f"No order for {', '.join(map(str, each.blocked))}: there is no price or no volume.")
    if len(each.too_dear):
        orders = [
            f"{asset} ({'buy' if money > 0 else 'sell'} {abs(money):,.2f})" for asset, money in each.too_dear.items()
        ]
        found.append(f"No order for {', '.join(orders)}: commission above backtest.costs.most_commission of its value.")
    step = each.step
    if step is None:
        return found
    if step.rest > 0.0:
        left = f"{step.rest:.1%} of the value are left to trade after them"
        dates = "" if step.steps_left is None else f"{step.steps_left:,} more date{'s' * (step.steps_left != 1)}"
        how = f"{dates} of trading at these limits and prices" if dates else "volumes or turnover stop there"
        found.append(f"{left}: {how}.")
    return found


def _measures(measures: pd.DataFrame) -> pd.DataFrame:
    """One row per portfolio, with the most important measures."""
    columns: dict[str, list[str]] = {"portfolio": [str(name) for name in measures.columns]}
    for name, (heading, form) in MEASURES.items():
        if name in measures.index:
            columns[heading] = [number(float(value), form) for value in measures.loc[name].to_numpy()]
    return pd.DataFrame(columns)


def _significance(check: "RealityCheck") -> str:
    if check.reason:
        return f"No reality check: {check.reason}."
    return f"Reality check: p = {p_value(check.p_value)} for the best being no better than the benchmark."


def _totals(each: "Instruction") -> str:
    """Say what the orders turn over and cost."""
    orders = each.orders
    paid = ", ".join(f"{kind} {orders[kind].sum():,.2f}" for kind in ("commission", "spread", "impact"))
    text = f"turnover {each.turnover:.2%}; expected costs {orders['cost'].sum():,.2f} ({paid})."
    return text + _untraded(each)


def _untraded(each: "Instruction") -> str:
    """Say what is left out, and why."""
    if each.untraded < 0.01:
        return ""
    why = "less than a lot or than the least order" + ", or too high a commission" * bool(len(each.too_dear))
    return f" {each.untraded:,.2f} are not traded: {why}."


def _account_table(account: pd.DataFrame) -> pd.DataFrame:
    """The account before and after the orders as text: currency, percent, exposures as numbers."""
    forms = {"value": "{:,.2f}", "cash": "{:,.2f}", "net": "{:.2%}", "gross": "{:.2%}"}
    columns: dict[str, list[str]] = {"": [str(name) for name in account.index]}
    for name in account.columns:
        columns[str(name)] = [number(value, forms.get(str(row), "{:.3f}")) for row, value in account[name].items()]
    return pd.DataFrame(columns)


def _priced_on(orders: pd.DataFrame) -> str:
    """The date of the prices, where it is one; else the table has a column."""
    dates = list(orders["priced_on"].unique()) if "priced_on" in orders else []
    return f", at the prices of {pd.Timestamp(dates[0]):%Y-%m-%d}" if len(dates) == 1 else ""


def _order_table(orders: pd.DataFrame) -> pd.DataFrame:
    """Orders as text: buy or sell, shares, price and its date, expected cost."""
    shares, money = orders.get("shares"), orders["currency"]
    columns: dict[str, object] = {
        "asset": orders.index.astype(str),
        "order": ["buy" if amount > 0 else "sell" for amount in money],
        "currency": [f"{abs(amount):,.2f}" for amount in money],
    }
    if shares is not None:
        columns["shares"] = [number(abs(count), "{:,.10g}" if count % 1 else "{:,.0f}") for count in shares]
        columns["price"] = [number(price, "{:,.2f}") for price in orders["price"]]
    if "priced_on" in orders and not _priced_on(orders):
        columns["priced on"] = [f"{date:%Y-%m-%d}" for date in orders["priced_on"]]
    columns["weight held"] = [number(weight, "{:.2%}") for weight in orders["held"]]
    columns["weight after"] = [number(weight, "{:.2%}") for weight in orders["after"]]
    columns["cost"] = [number(cost, "{:,.2f}") for cost in orders["cost"]]
    columns["reason"] = list(orders["reason"])
    return pd.DataFrame(columns)
