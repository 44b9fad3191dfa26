"""The command line: reads options, runs a job, shows what came of it.

Heavy libraries are imported inside the commands, so that help answers at once.
"""

import signal
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
    from statefolio.study.reading import StudyFile

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
Resume = Annotated[bool, typer.Option("--resume", help="Go on with a run that was interrupted.")]


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
    resume: Resume = False,
) -> None:
    """Run the example study on bundled real data: 20 US stocks, market and five factor ETFs, 2014 to 2022."""

    def job() -> None:
        from statefolio.study.reading import example_study

        _run_study(example_study(), out, overwrite, resume)

    _guarded(job)


@app.command()
def init(
    path: Annotated[Path, typer.Argument(help="The file to write, or the folder to write study.toml in.")] = Path(
        "study.toml"
    ),
) -> None:
    """Write a commented example of a study file; it runs on bundled data."""

    def job() -> None:
        from statefolio.study.example import write_example

        file = write_example(path)
        print(f"{file} is written. Run it with: statefolio run {file}")

    _guarded(job)


@app.command()
def run(
    study: Annotated[Path, typer.Argument(help="The study file; `statefolio init` writes an example.")],
    out: Annotated[
        Path | None, typer.Option(help="The folder to make; by default beside the study file, NAME-results.")
    ] = None,
    overwrite: Overwrite = False,
    resume: Resume = False,
    open_holdout: Annotated[
        bool, typer.Option("--open-holdout", help="Score the sealed dates too. It is written down, and meant for once.")
    ] = False,
) -> None:
    """Run a study: walk its portfolios forward, judge them, write tables and a report."""

    def job() -> None:
        from statefolio.study.reading import open_study

        _run_study(open_study(study), out, overwrite, resume, open_holdout)

    _guarded(job)


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
    study: Annotated[
        Path | None, typer.Argument(help="A study file: walk it to the last date of its data and print the orders.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="Or a model that `statefolio loadings` saved, to be continued and replaced.")
    ] = None,
    returns: Annotated[Path | None, typer.Option(help="With --model: returns by asset, as for `loadings`.")] = None,
    factors: Annotated[Path | None, typer.Option(help="With --model: returns by factor.")] = None,
    prices: Prices = False,
    risk_free: RiskFree = None,
    holdings: Annotated[
        Path | None,
        typer.Option(help="With a study: shares you hold, CSV or Parquet with the columns asset and shares."),
    ] = None,
    cash: Annotated[float, typer.Option(help="With --holdings: cash held beside them.")] = 0.0,
    orders: Annotated[Path | None, typer.Option(help="With a study: also write the orders to this CSV file.")] = None,
) -> None:
    """Bring a study to a new day and print its orders, or append new dates to a saved model."""

    def job() -> None:
        from statefolio.exceptions import InputError

        if study is not None and model is None and returns is None and factors is None:
            _update_study(study, holdings, cash, orders)
        elif study is None and model is not None and returns is not None and factors is not None:
            _update_model(model, returns, factors, prices, risk_free)
        else:
            raise InputError(
                "either a study file, or --model with --returns and --factors, was expected. Name one of both."
            )

    _guarded(job)


def main() -> None:
    """Run the command line; being told to end is an interrupt too."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
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


def _run_study(
    file: "StudyFile", out: Path | None, overwrite: bool, resume: bool = False, open_holdout: bool = False
) -> None:
    """Run a study and show what came of it."""
    from statefolio.console import Screen
    from statefolio.study.run import StudyPlan, after_interrupt, results_folder, run_study

    plan = StudyPlan(out or results_folder(file), overwrite, resume, open_holdout)
    try:
        with Screen() as screen:
            screen.study(run_study(file, plan, screen))
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(after_interrupt(plan)) from stop


def _update_study(study: Path, holdings: Path | None, cash: float, orders: Path | None) -> None:
    from statefolio.console import Screen
    from statefolio.study.reading import open_study
    from statefolio.study.update import bring_study, write_orders

    with Screen() as screen:
        brought = bring_study(open_study(study), screen, holdings=holdings, cash=cash)
        if orders is not None:
            write_orders(orders, brought)
        screen.orders(brought)


def _update_model(model: Path, returns: Path, factors: Path, prices: bool, risk_free: str | None) -> None:
    from statefolio.console import Screen
    from statefolio.jobs.inputs import Source
    from statefolio.jobs.update import run_update

    with Screen() as screen:
        screen.updated(run_update(model, Source(returns, factors, prices, risk_free), screen))


def _guarded(job: Callable[[], None]) -> None:
    """Run a job; an error of the library becomes one message and exit code 2, an interrupt exit code 130."""
    try:
        job()
    except StatefolioError as error:
        from statefolio.console import show_error

        show_error(error)
        raise typer.Exit(2) from error
    except KeyboardInterrupt as stop:
        print(f"Interrupted; {str(stop) or 'nothing was written.'}", file=sys.stderr)
        raise typer.Exit(130) from stop


if __name__ == "__main__":
    main()
