"""Shows the result of `pairs portfolio`."""

from typing import TYPE_CHECKING

import pandas as pd
from rich.markup import escape

from statefolio.commands.terminal import Terminal
from statefolio.commands.terminal_tables import number, table

if TYPE_CHECKING:
    from statefolio.commands.pairs.portfolio_job import PortfolioResult

CONTENTS = {
    "report.html": "the report: open it in a browser",
    "accounts.csv": "measures of the portfolio, of equal capital and without netting",
    "baskets.csv": "one row per basket: capital, profit, trades and stops",
    "ledger.csv": "the account by date: profit, costs, fees and value",
    "target_weights.csv": "target weights by date and asset, shared assets netted",
    "capital.csv": "share of the capital by date and basket",
    "units.csv": "units held by date and basket, after stops",
    "profits.csv": "profit before costs by date and basket",
    "trades.csv": "every round trip of the account by asset",
    "stops.csv": "positions closed by the stop",
    "comparison.csv": "the portfolio beside random portfolios",
    "random.csv": "measures of every random portfolio",
    "pool.csv": "measures of every random basket alone",
    "screen.csv": "every basket that was tested",
}


def show_portfolio(terminal: Terminal, result: "PortfolioResult") -> None:
    """Show what the portfolio earned and whether screening did, the accounts, the baskets, and the files."""
    from statefolio.report.pairs.portfolio_chapters import portfolio_lead

    terminal.end_progress()
    found = result.portfolio
    terminal.out.print()
    terminal.out.print(f"[bold]{escape(portfolio_lead(found, result.random))}[/bold]", soft_wrap=True)
    terminal.out.print()
    accounts = {"portfolio": found.result, "equal capital": found.equal, "not netted": found.apart}
    rows = pd.DataFrame({name: account.summary() for name, account in accounts.items()}).T
    compared = _accounts(rows)
    if result.random is not None:
        compared = pd.concat([compared, _accounts(result.random.table.iloc[2:])])
    terminal.out.print(table(compared, f"After costs, from {found.start:%Y-%m-%d}"))
    baskets = pd.DataFrame(
        {
            "basket": found.table.index.astype(str),
            "share": [number(value, "{:.1%}") for value in found.table["share"]],
            "profit before costs": [number(value, "{:,.0f}") for value in found.table["profit"]],
            "Sharpe": [number(value, "{:+.2f}") for value in found.table["sharpe"]],
            "trades": [number(value, "{:,.0f}") for value in found.table["trades"]],
            "stops": [number(value, "{:,.0f}") for value in found.table["stops"]],
        }
    )
    terminal.out.print(table(baskets, "Baskets, before costs"))
    terminal.show_files(result.folder, CONTENTS)


def _accounts(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "account": rows.index.astype(str),
            "yearly return": [number(value, "{:+.1%}") for value in rows["annual_return"]],
            "volatility": [number(value, "{:.1%}") for value in rows["annual_volatility"]],
            "Sharpe": [number(value, "{:+.2f}") for value in rows["sharpe"]],
            "maximum drawdown": [number(value, "{:.1%}") for value in rows["maximum_drawdown"]],
            "daily turnover": [number(value, "{:.1%}") for value in rows["daily_turnover"]],
        }
    )
