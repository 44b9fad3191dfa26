"""The command line: reads options, runs a job, shows what came of it.

Heavy libraries are imported inside the commands, so that help answers at once.
"""

import sys
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from statefolio import __version__
from statefolio.exceptions import StatefolioError

if TYPE_CHECKING:
    from statefolio.jobs.inputs import Inputs
    from statefolio.jobs.loadings import Plan

app = typer.Typer(
    name="statefolio",
    help="Time-varying factor loadings for whole panels of assets, with error bands.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)

DATES = ["%Y-%m-%d"]
DEMO = Path("statefolio-demo")


class Tuning(StrEnum):
    """How variances of the loadings' steps are found."""

    pooled = "pooled"
    shrunk = "shrunk"
    mle = "mle"
    discount = "discount"


class Noise(StrEnum):
    """How the observation variance moves."""

    constant = "constant"
    ewma = "ewma"
    discount = "discount"


class Tails(StrEnum):
    """The law of the returns' noise."""

    gaussian = "gaussian"
    student = "student"


Returns = Annotated[Path, typer.Option(help="Returns by asset, in decimals: CSV or Parquet, wide or long.")]
Factors = Annotated[Path, typer.Option(help="Returns by factor, in decimals, on the same dates.")]
Prices = Annotated[bool, typer.Option("--prices", help="The file of returns holds prices.")]
RiskFree = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="Column of the factors to subtract from the returns.")
]
First = Annotated[datetime | None, typer.Option("--from", formats=DATES, help="First date.")]
Last = Annotated[datetime | None, typer.Option("--to", formats=DATES, help="Last date.")]
TuneUntil = Annotated[datetime | None, typer.Option(formats=DATES, help="Learn hyper-parameters up to this date only.")]
TestFrom = Annotated[datetime | None, typer.Option(formats=DATES, help="Compare models from this date on.")]
Variances = Annotated[Tuning, typer.Option(help="How the loadings' variances are found.")]
Out = Annotated[Path, typer.Option(help="The folder to make.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what a former run wrote.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"statefolio {__version__}")
        raise typer.Exit


@app.callback()
def _statefolio(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Time-varying factor loadings for whole panels of assets, with error bands."""


@app.command()
def demo(
    out: Out = DEMO,
    overwrite: Overwrite = False,
) -> None:
    """Run on bundled real data: 20 US stocks on the market and five factor ETFs, 2014 to 2022."""
    from statefolio.jobs.inputs import demo_inputs
    from statefolio.jobs.loadings import Plan

    _run(demo_inputs, Plan(out=out, overwrite=overwrite, title="Loadings of 20 US stocks"))


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
            screen.risk(run_risk(inputs, portfolio, plan, screen))

    _guarded(job)


@app.command()
def update(
    model: Annotated[Path, typer.Option(help="The model that `statefolio loadings` saved. It is replaced.")],
    returns: Returns,
    factors: Factors,
    prices: Prices = False,
    risk_free: RiskFree = None,
) -> None:
    """Append new dates to a saved model, and say which loadings moved beyond their bands."""
    from statefolio.jobs.inputs import Source

    def job() -> None:
        from statefolio.console import Screen
        from statefolio.jobs.update import run_update

        with Screen() as screen:
            screen.updated(run_update(model, Source(returns, factors, prices, risk_free), screen))

    _guarded(job)


def main() -> None:
    """Run the command line."""
    app()


def _run(read: Callable[[], "Inputs"], plan: "Plan") -> None:
    """Run the main job and show what came of it."""

    def job() -> None:
        from statefolio.console import Screen
        from statefolio.jobs.loadings import FILES, run_loadings
        from statefolio.jobs.output_folder import check_folder

        check_folder(plan.out, FILES, overwrite=plan.overwrite)
        with Screen() as screen:
            inputs = read()
            screen.read(inputs)
            screen.outcome(run_loadings(inputs, plan, screen))

    _guarded(job)


def _guarded(job: Callable[[], None]) -> None:
    """Run a job; an error of the library becomes one message and exit code 2, an interrupt exit code 130."""
    try:
        job()
    except StatefolioError as error:
        from statefolio.console import show_error

        show_error(error)
        raise typer.Exit(2) from error
    except KeyboardInterrupt as stop:
        print("Interrupted; nothing was written.", file=sys.stderr)
        raise typer.Exit(130) from stop


if __name__ == "__main__":
    main()
