"""Step 5: writes a study's results: tables, the measures of an opened holdout, and the report."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from statefolio.backtest.result import BacktestResult
from statefolio.backtest.validation.holdout import Holdout
from statefolio.backtest.validation.trials import Trials
from statefolio.commands.progress import Progress
from statefolio.commands.studies.judging import Judgement
from statefolio.commands.studies.parts.models import make_loadings, naming
from statefolio.commands.studies.report_page import write_study_report
from statefolio.commands.studies.result_tables import write_tables
from statefolio.commands.studies.walking import OpenedHoldout, WalkedStudy


@dataclass(frozen=True, eq=False)
class StudyResult:
    """The results of a study, with the folder they are written to."""

    folder: Path
    walked: WalkedStudy
    trials: Trials
    judgement: Judgement
    holdout: Holdout | None
    opened: OpenedHoldout | None

    @property
    def results(self) -> Mapping[str, BacktestResult]:
        """The back-test of each portfolio."""
        return self.walked.results


def write_results(folder: Path, result: StudyResult, progress: Progress) -> None:
    """Write every table and the report into a folder."""
    walked, opened = result.walked, result.opened
    study, market = walked.built.study, walked.built.market
    progress("writing", 0, 3)
    (folder / "study.toml").write_text(walked.built.file.source, encoding="utf-8")
    write_tables(folder, walked, result.judgement, result.trials)
    if opened is not None:
        opened.measures.to_csv(folder / "holdout.csv", index_label="measure")
    progress("writing", 1, 3)
    first = next(iter(walked.results.values())).value.index[0]
    model = make_loadings(study.loadings)
    with naming("loadings"):
        model.fit(market.excess_returns, market.factors, tune_until=first)
    progress("writing", 2, 3)
    write_study_report(folder / "report.html", model, walked, result.judgement, result.trials, result.holdout, opened)
    progress("writing", 3, 3)
