"""A study from its file to a folder of results."""

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from statefolio.backtest.market import Market
from statefolio.commands.listener import Listener
from statefolio.commands.output_folder import check_folder, whole_folder
from statefolio.commands.studies import holdout as sealing
from statefolio.commands.studies.checkpoint import checkpoint_path
from statefolio.commands.studies.data import StudyData, read_data
from statefolio.commands.studies.holdout import measures_of, open_holdout, seal
from statefolio.commands.studies.judging import check_folds, judge, make_windows
from statefolio.commands.studies.models import make_loadings, naming
from statefolio.commands.studies.outcome import StudyOutcome
from statefolio.commands.studies.portfolios import make_policies
from statefolio.commands.studies.reading import StudyFile
from statefolio.commands.studies.study_report import write_study_report
from statefolio.commands.studies.tables import FILES, write_tables
from statefolio.commands.studies.trial_record import read_trials, record_path, trials_of, with_results, write_trials
from statefolio.commands.studies.walking import walk_forward
from statefolio.exceptions import InputError
from statefolio.portfolio.policy import Policy


@dataclass(frozen=True)
class StudyPlan:
    """Where to write, and what to do about former runs."""

    out: Path
    overwrite: bool = False
    resume: bool = False
    open_holdout: bool = False


def results_folder(file: StudyFile) -> Path:
    """Return where a study's results go if nobody says: beside its file, under its name."""
    return file.folder / f"{Path(file.name).stem}-results"


def run_study(file: StudyFile, plan: StudyPlan, listener: Listener) -> StudyOutcome:
    """Walk forward, judge, and write the folder whole or not at all.

    Parameters
    ----------
    file
        The study, read and checked.
    plan
        Where to write, whether to go on from an interrupt, whether to open the holdout.
    listener
        Hears what was read and how far it is.

    Returns
    -------
    StudyOutcome

    Raises
    ------
    StatefolioError
        If the file, the data or a policy cannot be used; nothing is written then but the seal of the holdout.
    """
    check_folder(plan.out, FILES, overwrite=plan.overwrite)
    study = file.study
    data = read_data(study.data, file.folder)
    policies = make_policies(study, data.market, file.folder)
    dates = _dates(file, data.market)
    if plan.open_holdout and study.validation.holdout is None:
        raise InputError("--open-holdout came, and validation.holdout is not in the file; one was expected. Add it.")
    with whole_folder(plan.out, FILES, overwrite=plan.overwrite) as folder:
        holdout = seal(file, data.market, sealing.record_path(plan.out))
        market = data.market if holdout is None else holdout.development
        tested = dates[dates <= market.dates[-1]][1:]
        make_windows(study, tested)
        check_folds(study, tested)
        checkpoint = checkpoint_path(plan.out)
        if checkpoint.exists() and not plan.resume:
            listener.say("A former run was interrupted; --resume would go on with it. This one begins anew.")
        results = walk_forward(file, policies, market, checkpoint, plan.resume, listener)
        record = with_results(read_trials(record_path(plan.out)), study, results, market.cash_rate)
        write_trials(record_path(plan.out), record)
        trials = trials_of(record, study)
        listener.progress("judging", 0, 1)
        judgement = judge(study, results, trials, market.cash_rate)
        listener.progress("judging", 1, 1)
        measures = measures_of(results, results[study.backtest.benchmark].returns, market.cash_rate)
        opened = None
        if holdout is not None and plan.open_holdout:
            opened = open_holdout(holdout, file, policies, listener)
        outcome = StudyOutcome(plan.out, results, measures, judgement, trials, holdout, opened)
        _write(folder, file, replace(data, market=market), policies, outcome, listener)
    checkpoint.unlink(missing_ok=True)
    return outcome


def after_interrupt(plan: StudyPlan) -> str:
    """Say what an interrupted run leaves, and how to go on."""
    if checkpoint_path(plan.out).exists():
        return "no results were written, and how far it came is kept: the same command with --resume goes on."
    return "no results were written, and it had not come far enough to be resumed: run it again."


def _dates(file: StudyFile, market: Market) -> pd.DatetimeIndex:
    """Dates from the first decision on.

    Raises
    ------
    InputError
        If there are none.
    """
    start = file.study.backtest.start
    dates = market.dates if start is None else market.dates[market.dates >= pd.Timestamp(start)]
    if len(dates) < 2:
        raise InputError(
            f"backtest.start = {start} leaves {len(dates)} dates of {market.dates[0]:%Y-%m-%d} to "
            f"{market.dates[-1]:%Y-%m-%d}; two or more were expected. Choose an earlier start."
        )
    return dates


def _write(
    folder: Path,
    file: StudyFile,
    data: StudyData,
    policies: dict[str, Policy],
    outcome: StudyOutcome,
    listener: Listener,
) -> None:
    listener.progress("writing", 0, 3)
    (folder / "study.toml").write_text(file.source, encoding="utf-8")
    write_tables(folder, outcome.results, outcome.measures, outcome.judgement, outcome.trials)
    if outcome.opened is not None and outcome.opened.measures is not None:
        outcome.opened.measures.to_csv(folder / "holdout.csv", index_label="measure")
    listener.progress("writing", 1, 3)
    first = next(iter(outcome.results.values())).value.index[0]
    model = make_loadings(file.study.loadings)
    with naming("loadings"):
        model.fit(data.market.excess_returns, data.market.factors, tune_until=first)
    listener.progress("writing", 2, 3)
    write_study_report(folder / "report.html", file.study, data, model, policies, outcome)
    listener.progress("writing", 3, 3)
