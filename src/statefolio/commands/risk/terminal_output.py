"""Shows the results of the command `risk`."""

from typing import TYPE_CHECKING

import pandas as pd

from statefolio._arrays.frequency import count_per_year
from statefolio.commands.terminal import Terminal
from statefolio.commands.terminal_tables import table

if TYPE_CHECKING:
    from statefolio.commands.risk.job import RiskResult

CONTENTS = {
    "report.html": "the report: open it in a browser",
    "portfolio_risk.csv": "the portfolio's volatility by factor, with 95 % bands",
    "asset_risk.csv": "each asset's volatility and its contribution to the portfolio's",
    "exposures.csv": "loadings predicted for the next date",
    "factor_covariance.csv": "covariance of the factors on the next date",
    "failures.csv": "tests for the four failures: one row per finding",
    "validation.csv": "scores of every model of the loadings, out of sample",
    "model.statefolio": "the model; continue it with `statefolio update --model ...`",
    "covariance.parquet": "covariance of the assets on the next date",
}


def show_risk(terminal: Terminal, result: "RiskResult") -> None:
    """Show a portfolio's risk, the failures, and the files."""
    from statefolio.commands.risk.tables import short_failure_table, short_forecast_table, short_risk_table

    terminal.end_progress()
    terminal.out.print()
    after, test = result.risk.last_date_, result.test_from
    year = count_per_year(pd.DatetimeIndex(result.risk.model_.loadings_.indexes["date"]))
    weight = result.attribution["weight"].to_numpy()
    terminal.out.print(f"Weights: net {weight.sum():.4g}, gross {abs(weight).sum():.4g}.\n")
    terminal.out.print(
        table(
            short_risk_table(result.attribution, year),
            f"Volatility on the date after {after:%Y-%m-%d}, ± half of the 95 % band; {year:.4g} dates per year",
        )
    )
    terminal.out.print(
        table(short_failure_table(result.failures), "The four failures (statistics and explanations in failures.csv)")
    )
    terminal.out.print(
        table(
            short_forecast_table(result.forecasts),
            f"Covariance forecasts against realised returns from {test:%Y-%m-%d}",
        )
    )
    terminal.show_files(result.folder, CONTENTS)
