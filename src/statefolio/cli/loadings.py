"""Commands on panels of returns and factors: loadings, risk."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from statefolio.cli.options import (
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
from statefolio.cli.root import app, guarded

if TYPE_CHECKING:
    from statefolio.jobs.inputs import Inputs
    from statefolio.jobs.loadings import Plan


class Noise(StrEnum):
    """How the observation variance moves."""

    constant = "constant"
    ewma = "ewma"
    discount = "discount"


class Tails(StrEnum):
    """The law of the returns' noise."""

    gaussian = "gaussian"
    student = "student"


@app.command()
def loadings(
    returns: Returns,
    factors: Factors,
    out: Out,
    prices: Prices = False,
    risk_free: RiskFree = None,
    first: First = None,
    last: Last = None,
    tune_until: TuneUntil = None,
    test_from: TestFrom = None,
    tuning: Variances = Tuning.pooled,
    noise: Annotated[Noise | None, typer.Option(help="How the noise's variance moves.")] = None,
    tails: Annotated[Tails | None, typer.Option(help="The law of the noise.")] = None,
    common_volatility: Annotated[
        bool | None, typer.Option(help="Let all assets' noise rise and fall together.")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Fit a panel, compare with least squares out of sample, and write tables and a report."""
    from statefolio.jobs.inputs import Source, read_inputs
    from statefolio.jobs.loadings import Plan

    source = Source(returns, factors, prices, risk_free, first, last)
    given = {"noise": noise, "tails": tails, "common_volatility": common_volatility}
    options: dict[str, object] = {"tuning": tuning.value}
    options |= {k: v.value if isinstance(v, StrEnum) else v for k, v in given.items() if v is not None}
    _run(lambda: read_inputs(source), Plan(out, overwrite, tune_until, test_from, options))


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
        from statefolio.console import Screen
        from statefolio.console.loadings import show_risk
        from statefolio.data import read_groups, read_weights
        from statefolio.jobs.inputs import Source, read_inputs
        from statefolio.jobs.output_folder import check_folder
        from statefolio.jobs.risk import FILES, RiskPlan, run_risk

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


def _run(read: Callable[[], "Inputs"], plan: "Plan") -> None:
    """Run the main job and show what came of it."""

    def job() -> None:
        from statefolio.console import Screen
        from statefolio.console.loadings import show_loadings
        from statefolio.jobs.loadings import FILES, run_loadings
        from statefolio.jobs.output_folder import check_folder

        check_folder(plan.out, FILES, overwrite=plan.overwrite)
        with Screen() as screen:
            inputs = read()
            screen.read(inputs)
            show_loadings(screen, run_loadings(inputs, plan, screen))

    guarded(job)
