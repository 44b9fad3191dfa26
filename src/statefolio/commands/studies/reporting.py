"""Step 5: writes a study's results: tables, the measures of an opened holdout, and the report."""

from pathlib import Path

import pandas as pd

from statefolio.commands.progress import Progress
from statefolio.commands.studies.building import BuiltStudy
from statefolio.commands.studies.parts.models import errors_about, make_model
from statefolio.commands.studies.report_page import write_study_report
from statefolio.commands.studies.result import StudyResult
from statefolio.commands.studies.result_tables import write_tables
from statefolio.loadings.base import LoadingsModel


def write_results(folder: Path, result: StudyResult, progress: Progress) -> None:
    """Write every table and the report into a folder."""
    built = result.walked.built
    progress("writing", 0, 3)
    (folder / "study.toml").write_text(built.file.source, encoding="utf-8")
    write_tables(folder, result)
    progress("writing", 1, 3)
    first = next(iter(result.results.values())).value.index[0]
    model = fitted_loadings(built, first)
    progress("writing", 2, 3)
    write_study_report(folder / "report.html", model, result)
    progress("writing", 3, 3)


def fitted_loadings(built: BuiltStudy, tune_until: pd.Timestamp) -> LoadingsModel | None:
    """Return the study's model of loadings, fitted to the dates that were walked; None without factors."""
    returns, factors = built.market.model_data()
    if factors is None:
        return None
    model = make_model(built.study.loadings)
    with errors_about("loadings"):
        return model.fit(returns, factors, tune_until=tune_until)
