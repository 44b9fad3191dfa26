"""The command `tearsheet`."""

from statefolio.commands.returns.options import TearSheetOptions
from statefolio.commands.typer_command import command


@command(TearSheetOptions)
def tearsheet(options: TearSheetOptions) -> None:
    """Measure a file of returns, alone or against a benchmark, and write a report."""
    from rich.markup import escape

    from statefolio.commands.returns.job import run_tear_sheet
    from statefolio.commands.terminal import Terminal

    with Terminal() as terminal:
        sheet = run_tear_sheet(options)
        terminal.out.print(escape(str(sheet.summary())), soft_wrap=True)
        terminal.out.print(f"\nWritten to [bold]{escape(str(options.out))}[/bold]", soft_wrap=True)
