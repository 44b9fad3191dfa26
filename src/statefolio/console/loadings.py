"""What commands on loadings and risk show of what came."""

from typing import TYPE_CHECKING

from rich.markup import escape

from statefolio.console.screen import Screen
from statefolio.console.tables import table

if TYPE_CHECKING:
    from statefolio.jobs.loadings import Outcome
    from statefolio.jobs.risk import RiskOutcome
    from statefolio.jobs.update import Updated

MOST_MOVED = 20
WHAT = {
    "report.html": "open this one",
    "loadings.parquet": "loadings and standard errors, a row a date, asset and factor",
    "parameters.csv": "hyper-parameters, a row an asset",
    "scores.csv": "every model and asset, out of sample",
    "model.statefolio": "continue it with `statefolio update --model ...`",
}
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


def show_loadings(screen: Screen, outcome: "Outcome") -> None:
    """Show the comparison and where everything is."""
    screen.stop()
    screen.out.print()
    title = f"One step ahead from {outcome.test_from:%Y-%m-%d}, every model tuned on the dates before"
    screen.out.print(table(outcome.comparison.reset_index(), title))
    screen.out.print(f"The loadings written are of a model tuned until {outcome.tune_until:%Y-%m-%d}.")
    screen.out.print(f"\nWritten to [bold]{escape(str(outcome.folder))}/[/bold] ({outcome.rows:,} rows of loadings)")
    screen.files(WHAT)


def show_risk(screen: Screen, outcome: "RiskOutcome") -> None:
    """Show a portfolio's risk, the failures, and where everything is."""
    from statefolio.jobs.risk_tables import shown_failures, shown_forecasts, shown_risk

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


def show_updated(screen: Screen, updated: "Updated") -> None:
    """Show what an update changed."""
    if not len(updated.dates):
        screen.out.print(f"Nothing new: the model has seen every date up to {updated.last_date:%Y-%m-%d}.")
        return
    if updated.joined:
        screen.out.print(f"{len(updated.joined):,} assets joined: {escape(', '.join(updated.joined[:10]))}")
    if updated.moved.empty:
        screen.out.print("No loading moved beyond the band it was expected in.")
    else:
        title = f"{len(updated.moved):,} loadings moved beyond their 95 % bands"
        screen.out.print(table(updated.moved.head(MOST_MOVED), title))
    screen.out.print(f"{escape(str(updated.model))} now ends on {updated.last_date:%Y-%m-%d}.", soft_wrap=True)
