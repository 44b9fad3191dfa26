"""What the command `risk` shows."""

from typing import TYPE_CHECKING

from rich.markup import escape

from statefolio.commands.terminal import Screen
from statefolio.commands.terminal_tables import table

if TYPE_CHECKING:
    from statefolio.commands.risk.job import RiskOutcome

WHAT_OF_RISK = {
    "report.html": "open this one",
    "portfolio_risk.csv": "the portfolio's volatility by factor, with 95 % bands",
    "asset_risk.csv": "each asset's volatility and its part in the portfolio's",
    "exposures.csv": "loadings expected on the next date",
    "factor_covariance.csv": "of the factors' next return",
    "failures.csv": "the four failures, a row a finding",
    "validation.csv": "every model of loadings, out of sample",
    "model.statefolio": "continue it with `statefolio update --model ...`",
    "covariance.parquet": "asset by asset",
}


def show_risk(screen: Screen, outcome: "RiskOutcome") -> None:
    """Show a portfolio's risk, the failures, and where everything is."""
    from statefolio.commands.risk.tables import shown_failures, shown_forecasts, shown_risk

    screen.stop()
    screen.out.print()
    after, test = outcome.risk.last_date_, outcome.test_from
    weight = outcome.attribution["weight"].to_numpy()
    screen.out.print(f"Weights: net {weight.sum():.4g}, gross {abs(weight).sum():.4g}.\n")
    screen.out.print(
        table(shown_risk(outcome.attribution), f"Volatility on the date after {after:%Y-%m-%d}, ± half a 95 % band")
    )
    screen.out.print(
        table(shown_failures(outcome.failures), "The four failures (numbers and sentences in failures.csv)")
    )
    screen.out.print(table(shown_forecasts(outcome.forecasts), f"Covariances against what came from {test:%Y-%m-%d}"))
    screen.out.print(f"\nWritten to [bold]{escape(str(outcome.folder))}/[/bold]")
    screen.files({name: what for name, what in WHAT_OF_RISK.items() if (outcome.folder / name).exists()})
