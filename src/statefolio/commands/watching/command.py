"""The command `watch`."""

from statefolio.commands.typer_command import command
from statefolio.commands.watching.options import WatchOptions


@command(WatchOptions)
def watch(options: WatchOptions) -> None:
    """Take files with new rows that are dropped into a folder, and write the loadings they predict beside them."""
    from statefolio.commands.terminal import Terminal
    from statefolio.commands.watching.job import watch_folder

    with Terminal() as terminal:
        watch_folder(options, terminal.say)
