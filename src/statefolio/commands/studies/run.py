"""Runs a study from its file to a folder of results, one step after the other."""

from pathlib import Path

from statefolio._temporary import sweep
from statefolio.commands.noted_warnings import noted_warnings
from statefolio.commands.output_folder import check_folder, whole_folder
from statefolio.commands.progress import Progress
from statefolio.commands.studies.building import before_holdout, build_study
from statefolio.commands.studies.judging import judge
from statefolio.commands.studies.options import StudyOutput
from statefolio.commands.studies.parts.market import StudyData
from statefolio.commands.studies.reading import StudyFile
from statefolio.commands.studies.records.checkpoint import checkpoint_path
from statefolio.commands.studies.records.holdout import holdout_path, seal_holdout
from statefolio.commands.studies.records.trials import record_trials, trials_path
from statefolio.commands.studies.reporting import write_results
from statefolio.commands.studies.result import StudyResult
from statefolio.commands.studies.result_tables import FILES
from statefolio.commands.studies.schema.study import Study, own_code_of
from statefolio.commands.studies.walking import walk_forward, walk_holdout
from statefolio.commands.warming.ahead import compiling_ahead
from statefolio.exceptions import InputError


def run_study(file: StudyFile, output: StudyOutput, progress: Progress, *, open_holdout: bool = False) -> StudyResult:
    """Walk forward, judge, and write the folder whole or not at all.

    Raises
    ------
    StatefolioError
        If the file, the data or a policy cannot be used; then nothing is written but the seal of the holdout.
    """
    out = results_folder(file, output)
    check_folder(out, FILES, overwrite=output.overwrite)
    if open_holdout and file.study.validation.holdout is None:
        raise InputError("--open-holdout needs validation.holdout, which is not in the file. Add it.")
    checkpoint = checkpoint_path(out)
    with noted_warnings() as warned, compiling_ahead(progress, "backtests", "filter", "risk"):
        say_own_code(file.study, progress)
        whole = build_study(file)
        say_notes(whole.data, progress)
        with whole_folder(out, FILES, overwrite=output.overwrite) as folder:
            for left in (checkpoint, trials_path(out), holdout_path(out)):
                sweep(left)
            holdout = seal_holdout(file.study.validation.holdout, whole.market, holdout_path(out))
            built = before_holdout(whole, holdout)
            if checkpoint.exists() and not output.resume:
                progress.say("An earlier run was interrupted. This run starts again; --resume continues it instead.")
            walked = walk_forward(built, checkpoint, output.resume, progress)
            trials = record_trials(trials_path(out), built, walked.results)
            judgement = judge(walked, trials, progress)
            opened = walk_holdout(whole, holdout, progress) if holdout is not None and open_holdout else None
            result = StudyResult(out, walked, trials, judgement, holdout, opened, warned)
            write_results(folder, result, progress)
    checkpoint.unlink(missing_ok=True)
    return result


def say_own_code(study: Study, progress: Progress) -> None:
    """Say which code of others a study runs when it is built."""
    for field, name in own_code_of(study):
        progress.say(f"{field} runs code: {name}.")


def say_notes(data: StudyData, progress: Progress) -> None:
    """Say how the files were read, except what a warning has said already."""
    warned = set(data.missing.loc[data.missing["kind"] == "factors missing", "detail"])
    for note in data.inputs.notes:
        if note not in warned:
            progress.say(note)


def results_folder(file: StudyFile, output: StudyOutput) -> Path:
    """Return the folder of a study's results; by default it is next to the file and has its name."""
    return output.out or file.folder / f"{Path(file.name).stem}-results"


def after_interrupt(folder: Path) -> str:
    """Describe what an interrupted run into a folder leaves, and how to continue."""
    if checkpoint_path(folder).exists():
        return "no results were written. The same command with --resume continues from the checkpoint."
    return "no results were written, and there is no checkpoint yet: run it again."
