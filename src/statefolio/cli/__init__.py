"""The command line: reads options, runs a job, shows what came of it.

A module holds a family of commands. Heavy libraries are imported inside the commands, so that help answers at once.
"""

# The order of these lines is that of the commands in the help.
from statefolio.cli import studies  # isort: skip
from statefolio.cli import loadings  # isort: skip
from statefolio.cli import baskets  # isort: skip
from statefolio.cli import updates  # isort: skip
from statefolio.cli.root import app, main

__all__ = ["app", "baskets", "loadings", "main", "studies", "updates"]
