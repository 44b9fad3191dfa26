"""The command `reconcile`."""

from statefolio.commands.studies.fills.options import ReconcileOptions
from statefolio.commands.typer_command import command


@command(ReconcileOptions)
def reconcile(options: ReconcileOptions) -> None:
    """Book a broker's fills: slippage and commissions beside those expected, and the holdings to go on from."""
    from statefolio.commands.studies.fills.reconcile import reconcile as run
    from statefolio.commands.studies.fills.terminal_output import show_reconciled
    from statefolio.commands.terminal import Terminal

    with Terminal() as terminal:
        show_reconciled(terminal, run(options))
