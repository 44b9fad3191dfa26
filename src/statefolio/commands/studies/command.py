"""Commands that run studies: demo, init, run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from statefolio.commands.app import app, guarded
from statefolio.commands.options import Out, Overwrite, Resume

if TYPE_CHECKING:
    from statefolio.commands.studies.reading import StudyFile

DEMO = Path("statefolio-demo")


@app.command()
def demo(
    out: Out = DEMO,
    overwrite: Overwrite = False,
    resume: Resume = False,
) -> None:
    """Run the example study on bundled real data: 20 US stocks, market and five factor ETFs, 2014 to 2022."""

    def job() -> None:
        from statefolio.commands.studies.reading import example_study

        _run_study(example_study(), out, overwrite, resume)

    guarded(job)


@app.command()
def init(
    path: Annotated[Path, typer.Argument(help="The file to write, or the folder to write study.toml in.")] = Path(
        "study.toml"
    ),
) -> None:
    """Write a commented example of a study file; it runs on bundled data."""

    def job() -> None:
        from statefolio.commands.studies.example import write_example

        file = write_example(path)
        print(f"{file} is written. Run it with: statefolio run {file}")

    guarded(job)


@app.command()
def run(
    study: Annotated[Path, typer.Argument(help="The study file; `statefolio init` writes an example.")],
    out: Annotated[
        Path | None, typer.Option(help="The folder to make; by default beside the study file, NAME-results.")
    ] = None,
    overwrite: Overwrite = False,
    resume: Resume = False,
    open_holdout: Annotated[
        bool, typer.Option("--open-holdout", help="Score the sealed dates too. It is written down, and meant for once.")
    ] = False,
) -> None:
    """Run a study: walk its portfolios forward, judge them, write tables and a report."""

    def job() -> None:
        from statefolio.commands.studies.reading import open_study

        _run_study(open_study(study), out, overwrite, resume, open_holdout)

    guarded(job)


def _run_study(
    file: "StudyFile", out: Path | None, overwrite: bool, resume: bool = False, open_holdout: bool = False
) -> None:
    """Run a study and show what came of it."""
    from statefolio.commands.studies.run import StudyPlan, after_interrupt, results_folder, run_study
    from statefolio.commands.studies.shown import show_study
    from statefolio.commands.terminal import Screen

    plan = StudyPlan(out or results_folder(file), overwrite, resume, open_holdout)
    try:
        with Screen() as screen:
            show_study(screen, run_study(file, plan, screen))
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(after_interrupt(plan)) from stop
