"""The command `loadings`."""

from statefolio.commands.loadings.options import LoadingsOptions
from statefolio.commands.typer_command import command


@command(LoadingsOptions)
def loadings(options: LoadingsOptions) -> None:
    """Fit a panel, compare it with least squares out of sample, and write tables and a report."""
    from statefolio.commands.inputs import read_panel
    from statefolio.commands.loadings.job import FILES, run_loadings
    from statefolio.commands.loadings.terminal_output import show_loadings
    from statefolio.commands.output_folder import check_folder
    from statefolio.commands.terminal import Terminal

    check_folder(options.output.out, FILES, overwrite=options.output.overwrite)
    with Terminal() as terminal:
        inputs = read_panel(options.files)
        terminal.show_inputs(inputs)
        show_loadings(terminal, run_loadings(inputs, options, terminal))
