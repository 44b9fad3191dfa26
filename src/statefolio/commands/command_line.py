"""The command line: registers every command, in the order in which help lists them.

The commands import heavy libraries when they run, so that help answers at once.
"""

# isort: off
from statefolio.commands.studies import command as studies
from statefolio.commands.loadings import command as loadings
from statefolio.commands.loadings import store_commands
from statefolio.commands.risk import command as risk
from statefolio.commands.pairs import command as pairs
from statefolio.commands.returns import command as returns
from statefolio.commands.studies import update_command
from statefolio.commands.studies.fills import command as reconciling
from statefolio.commands.show import command as show
from statefolio.commands.watching import command as watching
from statefolio.commands.warming import command as warming

# isort: on
from statefolio.commands.app import app, main

__all__ = [
    "app",
    "loadings",
    "main",
    "pairs",
    "reconciling",
    "returns",
    "risk",
    "show",
    "store_commands",
    "studies",
    "update_command",
    "warming",
    "watching",
]
