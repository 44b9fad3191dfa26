"""The group `statefolio challenge`; the modules of its commands register themselves in it."""

import typer

group = typer.Typer(
    name="challenge",
    help="Run or enter a challenge: a scoring engine whose test period nobody sees.",
    no_args_is_help=True,
)
