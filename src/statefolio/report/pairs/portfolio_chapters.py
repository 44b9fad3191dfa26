"""Builds the chapters of a report on a portfolio of baskets."""

import pandas as pd

from statefolio._display.numbers import MINUS
from statefolio.pairs.portfolio.random_baskets import RandomBaskets
from statefolio.pairs.portfolio.walk_portfolio import BasketPortfolio
from statefolio.report.backtest.value_figures import drawdown_figure, value_figure
from statefolio.report.chapters import Chapter, Exhibit, figure_exhibit
from statefolio.report.lights import Light
from statefolio.report.pairs.portfolio_figures import profit_figure, random_figure

ACCOUNTS = {
    "annual_return": ("Annual return", "+.1%"),
    "annual_volatility": ("Annual volatility", ".1%"),
    "sharpe": ("Sharpe", "+.2f"),
    "maximum_drawdown": ("Maximum drawdown", ".1%"),
    "daily_turnover": ("Daily turnover", ".1%"),
}
BASKETS = {
    "share": ("Mean share of capital", ".1%"),
    "profit": ("Profit before costs", ",.0f"),
    "annual_return": ("Annual return", "+.1%"),
    "sharpe": ("Sharpe", "+.2f"),
    "maximum_drawdown": ("Maximum drawdown", ".1%"),
    "trades": ("Trades", ",.0f"),
    "stops": ("Stops", ",.0f"),
}
NO_FLOWS = ("value", "traded", "cash")
"""Columns of a ledger that are not sums of money earned or paid."""


def portfolio_lead(portfolio: BasketPortfolio, random: RandomBaskets | None) -> str:
    """Return the answer: what the portfolio earned after costs, and whether the screen is worth anything."""
    own = portfolio.result.summary()
    chosen = "" if portfolio.tried is None else f", chosen from {portfolio.tried:,} before {portfolio.start:%Y-%m-%d}"
    earned = (
        f"{len(portfolio.table)} baskets{chosen}: {own['annual_return']:+.1%} a year after costs, Sharpe "
        f"{own['sharpe']:+.2f}, maximum drawdown {own['maximum_drawdown']:.1%}."
    )
    return (earned if random is None else f"{earned} {random.sentence}").replace(" -", f" {MINUS}")


def portfolio_tiles(portfolio: BasketPortfolio, random: RandomBaskets | None) -> dict[str, str]:
    """Return the tiles at the top of the report."""
    own = portfolio.result.summary()
    tiles = {"Baskets": f"{len(portfolio.table):,}"}
    if portfolio.tried is not None:
        tiles["Chosen from"] = f"{portfolio.tried:,}"
    tiles |= {
        "Annual return": f"{own['annual_return']:+.1%}".replace("-", MINUS),
        "Sharpe": f"{own['sharpe']:+.2f}".replace("-", MINUS),
    }
    if random is not None:
        tiles["p among random"] = f"{random.p_value:.3f}"
    return {**tiles, "From": f"{portfolio.start:%Y-%m-%d}", "To": f"{portfolio.result.value.index[-1]:%Y-%m-%d}"}


def portfolio_lights(portfolio: BasketPortfolio, random: RandomBaskets | None) -> list[Light]:
    """Return the lights on profit after costs and on the comparison with random baskets."""
    sharpe = float(portfolio.result.summary()["sharpe"])
    text = f"The Sharpe ratio after costs is {sharpe:.2f}.".replace("-", MINUS)
    lights = [Light("Profit", "good" if sharpe >= 1.0 else "watch" if sharpe > 0.0 else "bad", text, "Account")]
    if random is not None:
        good = random.p_value <= 0.05
        text = f"p = {random.p_value:.3f} among random portfolios of the same universe."
        lights.append(Light("Screening", "good" if good else "watch", text, "Random baskets"))
    return lights


def portfolio_chapters(portfolio: BasketPortfolio, random: RandomBaskets | None) -> list[Chapter]:
    """Return the chapters: account, random baskets, baskets."""
    found = [account_chapter(portfolio)]
    if random is not None:
        found.append(random_chapter(random))
    return [*found, baskets_chapter(portfolio)]


def account_chapter(portfolio: BasketPortfolio) -> Chapter:
    """Return the chapter on the account of all baskets together."""
    named = {"Portfolio": portfolio.result, "Equal capital": portfolio.equal, "Not netted": portfolio.apart}
    rows = pd.DataFrame({name: result.summary()[list(ACCOUNTS)] for name, result in named.items()}).T
    shown = rows.rename(columns={name: word for name, (word, _) in ACCOUNTS.items()}).rename_axis("Account")
    ledger = pd.DataFrame({name: result.ledger.drop(columns=list(NO_FLOWS)).sum() for name, result in named.items()}).T
    ledger = ledger.loc[:, (ledger != 0.0).any()].rename_axis("Account")
    words = {str(name): str(name).replace("_", " ").capitalize() for name in ledger}
    drawn = {name: named[name] for name in ("Portfolio", "Equal capital")}
    saved = f"Netting shared assets saves {portfolio.saved_by_netting:,.0f}.".replace("-", MINUS)
    if list(words) == ["profit"]:
        saved = "No costs are charged."
    exhibits = (
        Exhibit(
            "Accounts",
            "After costs. Equal capital: the same baskets with equal shares. Not netted: every basket pays for its own "
            "trades and short positions.",
            table=shown.reset_index(),
            formats=dict(ACCOUNTS.values()),
            wide=True,
        ),
        Exhibit(
            "Ledger",
            f"Sums of the ledger, in currency. {saved}",
            table=ledger.rename(columns=words).reset_index(),
            formats=dict.fromkeys(words.values(), ",.0f"),
            wide=True,
        ),
        figure_exhibit("Value", "Net of costs; dotted: before costs.", lambda: value_figure(drawn), wide=True),
        figure_exhibit("Drawdown", "Net of costs.", lambda: drawdown_figure(drawn), wide=True),
    )
    lead = (
        f"From {portfolio.start:%Y-%m-%d}, out of sample: baskets were chosen and hedges tuned on earlier dates. "
        "Decisions at a close are traded on the next date; positions in shared assets are netted."
    )
    return Chapter("Account", lead, exhibits)


def random_chapter(found: RandomBaskets) -> Chapter:
    """Return the chapter on random baskets of the same universe."""
    shown = found.table.rename(columns={name: word for name, (word, _) in ACCOUNTS.items()})
    shown.index = pd.Index([str(name).capitalize() for name in shown.index], name="Portfolio")
    parts = [
        f"Each of {len(found.draws):,} draws replaces every basket by a random one of the same size, out of a pool of "
        f"{len(found.pool):,}, with the same hedge, rule, capital and costs."
    ]
    if found.skipped:
        parts.append(f"{found.skipped:,} random baskets have no hedge and are left out.")
    if found.tried is not None:
        deflated = "< .001" if found.deflated_sharpe < 0.001 else f"{found.deflated_sharpe:.3f}"
        parts.append(
            f"Deflated Sharpe ratio with each of the {found.tried:,} screened baskets counted as a trial: {deflated}."
        )
    exhibits = (
        figure_exhibit("Sharpe ratios", " ".join(parts), lambda: random_figure(found), wide=True),
        Exhibit(
            "Portfolio and random portfolios",
            "After costs. Quantiles are of each measure alone.",
            table=shown.reset_index(),
            formats=dict(ACCOUNTS.values()),
            wide=True,
        ),
    )
    return Chapter("Random baskets", found.sentence.replace(" -", f" {MINUS}"), exhibits)


def baskets_chapter(portfolio: BasketPortfolio) -> Chapter:
    """Return the chapter on each basket, and on the stops."""
    shown = portfolio.table.rename(columns={name: word for name, (word, _) in BASKETS.items()}).rename_axis("Basket")
    exhibits = [
        Exhibit(
            "Baskets",
            "The hedged asset is named first. Profit is that of the account; return, Sharpe and drawdown are those of "
            "the basket alone on its own capital. All are before costs.",
            table=shown.reset_index(),
            formats=dict(BASKETS.values()),
            wide=True,
            sorts=True,
        ),
        figure_exhibit("Profit", "In the account, before costs.", lambda: profit_figure(portfolio), wide=True),
    ]
    if len(portfolio.stops):
        table = portfolio.stops.rename(columns={"date": "Date", "basket": "Basket", "loss": "Loss"})
        note = f"Positions that lost {portfolio.settings.stop_loss:.1%} of the basket's capital since they were opened."
        exhibits.append(Exhibit("Stops", note, table=table, formats={"Loss": ".1%"}, sorts=True))
    return Chapter("Baskets", f"{len(portfolio.table):,} baskets share the capital.", tuple(exhibits))
