"""The command `warm`."""

from statefolio.commands.typer_command import command
from statefolio.commands.warming.options import WarmOptions


@command(WarmOptions)
def warm(options: WarmOptions) -> None:  # noqa: ARG001
    """Compile everything now, so that no later run compiles: for container images, clusters and installations."""
    from statefolio.commands.terminal import Terminal
    from statefolio.commands.warming.job import run_warm

    with Terminal() as terminal:
        warmed = run_warm(terminal)
        terminal.end_progress()
        terminal.out.print(
            f"{warmed.functions} functions are compiled, {warmed.compiled} of them now.\n"
            + "\n".join(f"  {folder}" for folder in warmed.folders),
            soft_wrap=True,
        )
