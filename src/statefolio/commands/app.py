"""The command itself: its name, its version, and what becomes of errors and interrupts."""

import signal
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from statefolio import __version__
from statefolio.exceptions import StatefolioError

app = typer.Typer(
    name="statefolio",
    help="Time-varying factor loadings for whole panels of assets, with error bands.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)


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


def main() -> None:
    """Run the command line; being told to end is an interrupt too."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    app()


def guarded(job: Callable[[], None]) -> None:
    """Run a job; an error of the library becomes one message and exit code 2, an interrupt exit code 130."""
    try:
        job()
    except StatefolioError as error:
        from statefolio.commands.terminal import show_error

        show_error(error)
        raise typer.Exit(2) from error
    except KeyboardInterrupt as stop:
        print(f"Interrupted; {str(stop) or 'nothing was written.'}", file=sys.stderr)
        raise typer.Exit(130) from stop
