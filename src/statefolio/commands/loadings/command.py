"""The command `loadings`."""

from statefolio.commands.loadings.options import LoadingsOptions
from statefolio.commands.typer_command import command


@command(LoadingsOptions)
def loadings(options: LoadingsOptions) -> None:
    """Fit a panel, compare it with least squares out of sample, and write tables and a report; or fit into a store."""
    options.check_output()
    if options.blocks.store is not None:
        _into_store(options)
        return
    from statefolio.commands.inputs import read_panel
    from statefolio.commands.loadings.job import FILES, out_of, run_loadings
    from statefolio.commands.loadings.terminal_output import show_loadings
    from statefolio.commands.output_folder import check_folder
    from statefolio.commands.terminal import Terminal

    check_folder(out_of(options), FILES, overwrite=options.output.overwrite)
    with Terminal() as terminal:
        inputs = read_panel(options.files)
        terminal.show_inputs(inputs)
        show_loadings(terminal, run_loadings(inputs, options, terminal))


def _into_store(options: LoadingsOptions) -> None:
    from statefolio.commands.loadings.store_job import fit_store
    from statefolio.commands.loadings.terminal_output import show_store
    from statefolio.commands.terminal import Terminal

    with Terminal() as terminal:
        show_store(terminal, fit_store(options, terminal))
