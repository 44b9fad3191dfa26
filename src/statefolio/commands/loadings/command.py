"""The command `loadings`."""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from statefolio.commands.inputs import Inputs
    from statefolio.commands.loadings.job import Plan


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
    from statefolio.commands.inputs import Source, read_inputs
    from statefolio.commands.loadings.job import Plan

    source = Source(returns, factors, prices, risk_free, first, last)
    given = {"noise": noise, "tails": tails, "common_volatility": common_volatility}
    options: dict[str, object] = {"tuning": tuning.value}
    options |= {k: v.value if isinstance(v, StrEnum) else v for k, v in given.items() if v is not None}
    _run(lambda: read_inputs(source), Plan(out, overwrite, tune_until, test_from, options))


def _run(read: Callable[[], "Inputs"], plan: "Plan") -> None:
    """Run the main job and show what came of it."""

    def job() -> None:
        from statefolio.commands.loadings.job import FILES, run_loadings
        from statefolio.commands.loadings.shown import show_loadings
        from statefolio.commands.output_folder import check_folder
        from statefolio.commands.terminal import Screen

        check_folder(plan.out, FILES, overwrite=plan.overwrite)
        with Screen() as screen:
            inputs = read()
            screen.read(inputs)
            show_loadings(screen, run_loadings(inputs, plan, screen))

    guarded(job)
