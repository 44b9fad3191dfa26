"""The command `risk`."""

from statefolio.commands.risk.options import RiskOptions
from statefolio.commands.typer_command import command


@command(RiskOptions)
def risk(options: RiskOptions) -> None:
    """Measure a portfolio's risk by factor, test the model for four failures, and validate it out of sample."""
    from statefolio.commands.output_folder import check_folder
    from statefolio.commands.risk.job import FILES, read_risk_inputs, run_risk
    from statefolio.commands.risk.terminal_output import show_risk
    from statefolio.commands.terminal import Terminal

    check_folder(options.output.out, FILES, overwrite=options.output.overwrite)
    with Terminal() as terminal:
        inputs = read_risk_inputs(options)
        terminal.show_inputs(inputs.panel)
        show_risk(terminal, run_risk(inputs, options, terminal))
