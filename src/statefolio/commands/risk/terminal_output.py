"""Shows the results of the command `risk`."""

from typing import TYPE_CHECKING

from rich.markup import escape

from statefolio.commands.terminal import Terminal
from statefolio.commands.terminal_tables import table

if TYPE_CHECKING:
    from statefolio.commands.risk.job import RiskResult

CONTENTS = {
    "report.html": "the report: open it in a browser",
    "portfolio_risk.csv": "the portfolio's volatility by factor, with 95 % bands",
    "asset_risk.csv": "each asset's volatility and its contribution to the portfolio's",
    "value_at_risk.csv": "value at risk and expected shortfall on the next date",
    "stress.csv": "returns in scenarios and past episodes",
    "active_risk.csv": "the volatility against the benchmark by factor",
    "return_attribution.csv": "contributions to the return by date and factor, with 95 % bands",
    "summary.json": "the main numbers and the lights",
    "exposures.csv": "loadings predicted for the next date",
    "factor_covariance.csv": "covariance of the factors on the next date",
    "failures.csv": "tests for the four failures: one row per finding",
    "validation.csv": "scores of every model of the loadings, out of sample",
    "model.statefolio": "the model; continue it with `statefolio update --model ...`",
    "covariance.parquet": "covariance of the assets on the next date",
}


def show_risk(terminal: Terminal, result: "RiskResult") -> None:
    """Show a portfolio's risk, the failures, and the files."""
    from statefolio.commands.risk.tables import (
        failure_table,
        short_failure_table,
        short_forecast_table,
        short_risk_table,
        short_tail_table,
    )
    from statefolio.report.risk_overview import risk_answer

    terminal.end_progress()
    terminal.out.print()
    found, checks = result.found, result.checks
    terminal.out.print(escape(risk_answer(found)), soft_wrap=True)
    weights = found.held
    terminal.out.print(f"Weights: net {weights.sum():.4g}, gross {weights.abs().sum():.4g}.\n")
    terminal.out.print(
        table(
            short_risk_table(found, found.year),
            f"Volatility on the date after {found.risk.last_date_:%Y-%m-%d}, \u00b1 half of the 95 % band; "
            f"{found.year:.4g} dates per year",
        )
    )
    terminal.out.print(table(short_tail_table(found), "Losses on the next date, % of the value"))
    if checks.diagnoses:
        title = "The four failures (statistics and explanations in failures.csv)"
        terminal.out.print(table(short_failure_table(failure_table(checks)), title))
    if checks.forecasts is not None:
        title = f"Covariance forecasts against realised returns from {result.test_from:%Y-%m-%d}"
        terminal.out.print(table(short_forecast_table(checks.forecasts), title))
    terminal.show_files(result.folder, CONTENTS)
