"""Step 5: writes a study's results: tables, the measures of an opened holdout, and the report."""

from pathlib import Path

from statefolio.commands.progress import Progress
from statefolio.commands.studies.parts.models import errors_about, make_loadings
from statefolio.commands.studies.report_page import write_study_report
from statefolio.commands.studies.result import StudyResult
from statefolio.commands.studies.result_tables import write_tables


def write_results(folder: Path, result: StudyResult, progress: Progress) -> None:
    """Write every table and the report into a folder."""
    built = result.walked.built
    progress("writing", 0, 3)
    (folder / "study.toml").write_text(built.file.source, encoding="utf-8")
    write_tables(folder, result)
    progress("writing", 1, 3)
    first = next(iter(result.results.values())).value.index[0]
    model = make_loadings(built.study.loadings)
    with errors_about("loadings"):
        model.fit(*built.market.model_data(), tune_until=first)
    progress("writing", 2, 3)
    write_study_report(folder / "report.html", model, result)
    progress("writing", 3, 3)
