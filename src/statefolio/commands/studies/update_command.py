"""The command that goes on with what was run before: update."""

from pathlib import Path
from typing import Annotated

import typer

from statefolio.commands.app import app, guarded
from statefolio.commands.options import Prices, RiskFree


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

    guarded(job)


def _update_study(study: Path, holdings: Path | None, cash: float, orders: Path | None) -> None:
    from statefolio.commands.studies.reading import open_study
    from statefolio.commands.studies.shown import show_orders
    from statefolio.commands.studies.update import bring_study, write_orders
    from statefolio.commands.terminal import Screen

    with Screen() as screen:
        brought = bring_study(open_study(study), screen, holdings=holdings, cash=cash)
        if orders is not None:
            write_orders(orders, brought)
        show_orders(screen, brought)


def _update_model(model: Path, returns: Path, factors: Path, prices: bool, risk_free: str | None) -> None:
    from statefolio.commands.inputs import Source
    from statefolio.commands.loadings.shown import show_updated
    from statefolio.commands.loadings.update import run_update
    from statefolio.commands.terminal import Screen

    with Screen() as screen:
        show_updated(screen, run_update(model, Source(returns, factors, prices, risk_free), screen))
