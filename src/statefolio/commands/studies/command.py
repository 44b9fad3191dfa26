"""The commands `demo`, `init` and `run`."""

from typing import TYPE_CHECKING

from statefolio.commands.studies.options import DemoOptions, InitOptions, RunOptions, StudyOutput
from statefolio.commands.typer_command import command

if TYPE_CHECKING:
    from statefolio.commands.studies.reading import StudyFile


@command(DemoOptions)
def demo(options: DemoOptions) -> None:
    """Run the example study on bundled real data: 20 US stocks, the market and five factor ETFs, 2014 to 2022."""
    from statefolio.commands.studies.reading import example_study

    _run_and_show(example_study(), options.output)


@command(InitOptions)
def init(options: InitOptions) -> None:
    """Write a commented example of a study file, which runs on bundled data."""
    from statefolio.commands.studies.example import write_example

    file = write_example(options.path)
    print(f"Wrote {file}. Run it with: statefolio run {file}")


@command(RunOptions)
def run(options: RunOptions) -> None:
    """Run a study: walk its portfolios forward, judge them, and write tables and a report."""
    from statefolio.commands.studies.reading import open_study

    _run_and_show(open_study(options.study), options.output, options.open_holdout)


def _run_and_show(file: "StudyFile", output: StudyOutput, open_holdout: bool = False) -> None:
    from statefolio.commands.studies.run import after_interrupt, results_folder, run_study
    from statefolio.commands.studies.terminal_output import show_study
    from statefolio.commands.terminal import Terminal

    try:
        with Terminal() as terminal:
            show_study(terminal, run_study(file, output, terminal, open_holdout=open_holdout))
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(after_interrupt(results_folder(file, output))) from stop
