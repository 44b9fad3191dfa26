"""The application: the name of the command line, `--version`, and its start."""

import gc
import signal
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from statefolio import __version__


class TwoWords(TyperGroup):
    """A group in which a command may have a name of two words, such as `pairs update` next to `pairs`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Join the first two words where they name a command."""
        joined = " ".join(args[:2])
        return super().parse_args(ctx, [joined, *args[2:]] if joined in self.commands else args)


app = typer.Typer(
    name="statefolio",
    cls=TwoWords,
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
