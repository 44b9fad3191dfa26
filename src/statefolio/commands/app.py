"""The application: the name of the command line, `--version`, and its start."""

import gc
import signal
from typing import Annotated

import typer

from statefolio import __version__

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
    """Run the command line; a request to terminate is handled like an interrupt."""
    gc.set_threshold(50_000, 20, 100)  # the default collects thousands of times while libraries are imported
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    app()
