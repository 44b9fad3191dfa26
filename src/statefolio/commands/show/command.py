"""The command `show`."""

from statefolio.commands.show.options import ShowOptions
from statefolio.commands.typer_command import command


@command(ShowOptions)
def show(options: ShowOptions) -> None:
    """Show the latest loadings in a model file, as a table with bars in the terminal or as a page."""
    from statefolio.commands.show.job import read_shown, write_shown
    from statefolio.commands.show.terminal_output import show_assets
    from statefolio.commands.terminal import Terminal

    with Terminal() as terminal:
        shown = read_shown(options)
        if options.out is not None:
            write_shown(options.out, shown)
        show_assets(terminal, shown, options.out)
