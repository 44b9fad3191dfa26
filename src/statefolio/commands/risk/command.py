"""The command `risk`."""

from pathlib import Path
from typing import Annotated

import typer

from statefolio.commands.app import app, guarded
from statefolio.commands.options import (
    Factors,
    First,
    Last,
    Out,
    Overwrite,
    Prices,
    Returns,
    RiskFree,
    TestFrom,
    TuneUntil,
    Tuning,
    Variances,
)


@app.command()
def risk(
    returns: Returns,
    factors: Factors,
    weights: Annotated[Path, typer.Option(help="The portfolio: CSV or Parquet with the columns asset and weight.")],
    out: Out,
    groups: Annotated[
        Path | None, typer.Option(help="The sector of each asset: CSV or Parquet with the columns asset and sector.")
    ] = None,
    weights_sum: Annotated[float | None, typer.Option(help="What the weights must sum to.")] = None,
    prices: Prices = False,
    risk_free: RiskFree = None,
    first: First = None,
    last: Last = None,
    tune_until: TuneUntil = None,
    test_from: TestFrom = None,
    tuning: Variances = Tuning.pooled,
    refit_every: Annotated[int, typer.Option(min=1, help="Dates a covariance is held in the validation.")] = 21,
    dense: Annotated[bool, typer.Option("--dense", help="Write the covariance itself too, asset by asset.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Measure a portfolio's risk by factor, ask how the model may fail, and validate it out of sample."""

    def job() -> None:
        from statefolio.commands.inputs import Source, read_inputs
        from statefolio.commands.output_folder import check_folder
        from statefolio.commands.risk.job import FILES, RiskPlan, run_risk
        from statefolio.commands.risk.shown import show_risk
        from statefolio.commands.terminal import Screen
        from statefolio.data import read_groups, read_weights

        check_folder(out, FILES, overwrite=overwrite)
        with Screen() as screen:
            portfolio, sectors = read_weights(weights), None if groups is None else read_groups(groups)
            inputs = read_inputs(Source(returns, factors, prices, risk_free, first, last))
            screen.read(inputs)
            options = {"tuning": tuning.value}
            about = {"weights": weights.name, "groups": "none" if groups is None else groups.name}
            plan = RiskPlan(
                out, overwrite, tune_until, test_from, weights_sum, sectors, refit_every, dense, options, about
            )
            show_risk(screen, run_risk(inputs, portfolio, plan, screen))

    guarded(job)
