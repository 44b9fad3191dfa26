"""What commands on studies show of what came."""

from typing import TYPE_CHECKING

import pandas as pd
from rich.markup import escape

from statefolio.commands.terminal import Screen
from statefolio.commands.terminal_tables import table

if TYPE_CHECKING:
    from statefolio.backtest.validation.reality_check import RealityCheck
    from statefolio.commands.studies.outcome import StudyOutcome
    from statefolio.commands.studies.update import Brought

WHAT_OF_STUDY = {
    "report.html": "open this one",
    "value.csv": "value by date, net and gross of costs",
    "ledger.parquet": "every account, date by date",
    "weights.parquet": "what was held",
    "decisions.parquet": "what was wanted",
    "measures.csv": "measures of each portfolio",
    "validation.csv": "how far they are more than luck",
    "windows.csv": "what was chosen in each window, and what it earned",
    "choices.csv": "what other measures would have chosen in each window",
    "chosen_by.csv": "what choosing by each measure came to, out of sample",
    "paths.csv": "what choosing came to along the paths of combinatorial cross-validation",
    "look_ahead.csv": "whether any decision knew what came after",
    "trials.csv": "every configuration tried under this study's name",
    "events.csv": "fallbacks, orders not filled, delistings",
    "holdout.csv": "measures on the sealed dates",
    "study.toml": "the study as it was run",
}
SHOWN_MEASURES = {
    "annual_return": ("return", "{:.1%}"),
    "annual_volatility": ("volatility", "{:.1%}"),
    "sharpe": ("Sharpe", "{:.2f}"),
    "maximum_drawdown": ("drawdown", "{:.1%}"),
    "daily_turnover": ("turnover a day", "{:.2%}"),
}


def show_study(screen: Screen, outcome: "StudyOutcome") -> None:
    """Show what the portfolios of a study earned, how far that can be trusted, and where everything is."""
    screen.stop()
    screen.out.print()
    screen.out.print(table(_measures(outcome.measures), "Development dates, net of costs"))
    judged = outcome.judgement
    checks = {result.causality.verdict for result in outcome.results.values() if result.causality is not None}
    screen.out.print(f"Look-ahead check: {', '.join(sorted(checks)) or 'not asked for'}.")
    screen.out.print(f"Configurations tried: {judged.number:,}. {_reality(judged.check)}", soft_wrap=True)
    if outcome.holdout is not None:
        screen.out.print(f"Holdout: {escape(outcome.holdout.describe())}", soft_wrap=True)
    if outcome.opened is not None and outcome.opened.measures is not None:
        screen.out.print()
        screen.out.print(table(_measures(outcome.opened.measures), "Sealed dates, net of costs"))
    screen.out.print(f"\nWritten to [bold]{escape(str(outcome.folder))}/[/bold]", soft_wrap=True)
    screen.files({name: what for name, what in WHAT_OF_STUDY.items() if (outcome.folder / name).exists()})


def show_orders(screen: Screen, brought: "Brought") -> None:
    """Show the orders of every portfolio of a study."""
    screen.stop()
    screen.out.print(f"Decided at the close of {brought.date:%Y-%m-%d}.")
    if not brought.due:
        screen.out.print(
            f"The study's calendar does not trade on this date; it last decided on "
            f"{brought.last_decision:%Y-%m-%d}. These are the orders if you trade now.",
            soft_wrap=True,
        )
    for name, each in brought.instructions.items():
        screen.out.print()
        if not each.decision.converged:
            screen.out.print(f"{escape(name)} fell back ({each.decision.fallback}): {escape(each.decision.reason)}")
        if each.orders.empty:
            screen.out.print(f"{escape(name)}: nothing to trade.")
            continue
        worth = f"{escape(name)}: {len(each.orders)} orders for an account of {each.holdings.value:,.0f}"
        screen.out.print(table(_shown_orders(each.orders), worth))


def _measures(measures: pd.DataFrame) -> pd.DataFrame:
    """A row a portfolio, with the few measures that a terminal has room for."""
    shown: dict[str, list[str]] = {"portfolio": [str(name) for name in measures.columns]}
    for name, (called, form) in SHOWN_MEASURES.items():
        if name in measures.index:
            shown[called] = [form.format(value) for value in measures.loc[name]]
    return pd.DataFrame(shown)


def _reality(check: "RealityCheck") -> str:
    if check.reason:
        return f"No reality check: {check.reason}."
    return f"That the best is no better than the benchmark has p = {check.p_value:.2g} (reality check)."


def _shown_orders(orders: pd.DataFrame) -> pd.DataFrame:
    """Orders in words: buy or sell, whole shares, currency."""
    shares, money = orders.get("shares"), orders["currency"]
    shown: dict[str, object] = {
        "asset": orders.index.astype(str),
        "order": ["buy" if amount > 0 else "sell" for amount in money],
        "currency": [f"{abs(amount):,.2f}" for amount in money],
    }
    if shares is not None:
        shown["shares"] = ["-" if pd.isna(count) else f"{abs(count):,.0f}" for count in shares]
        shown["price"] = ["-" if pd.isna(price) else f"{price:,.2f}" for price in orders["price"]]
    shown["held"] = [f"{weight:.2%}" for weight in orders["held"]]
    shown["wanted"] = [f"{weight:.2%}" for weight in orders["wanted"]]
    return pd.DataFrame(shown)
