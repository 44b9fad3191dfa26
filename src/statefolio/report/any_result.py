"""Writes a report on any result: one function for everything the package returns."""

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import xarray as xr

from statefolio._arrays.text import shown
from statefolio._display.headings import capitalised
from statefolio._display.summary import MEASURES, SummaryList
from statefolio.backtest.result import BacktestResult
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError
from statefolio.loadings.base import LoadingsModel
from statefolio.report.attribution_figures import return_attribution_figure
from statefolio.report.backtest.backtest_tables import measures_table, right
from statefolio.report.chapters import Chapter, Exhibit, figure_exhibit, full_rows
from statefolio.report.returns.measuring import tear_sheet
from statefolio.report.returns.sheet import TearSheet
from statefolio.report.returns.sheet_chapters import sheet_chapters, sheet_lead, sheet_tiles
from statefolio.report.risk_figures import asset_risk_figure, factor_risk_figure, portfolio_exposure_figure
from statefolio.report.study_of_backtests import default_model, judged, page_parts, study_of_backtests
from statefolio.report.writing import write_report


def write(
    result: Any,
    path: Any,
    *,
    title: str | None = None,
    benchmark: str | Sequence[str] | None = None,
    model: LoadingsModel | None = None,
    groups: "pd.Series[str] | None" = None,
    trials: int = 0,
) -> Path:
    """Write a self-contained HTML report on any result of the package.

    Parameters
    ----------
    result
        A fitted model of loadings, a `TearSheet`, a Series of returns (as a tear sheet), an attribution, a plotly
        Figure, any result with `summary()`, or a mapping of results by name, which become chapters. The back-tests of
        `run_backtests` give the report of `statefolio run`.
    path : path-like
        The HTML file; an existing one is replaced.
    title : str, optional
        The page's heading.
    benchmark : str or sequence of str, optional
        For back-tests: the portfolio that the others are compared with, or several, the main one first. Significance,
        overfitting and selection are judged with a benchmark only.
    model : LoadingsModel, optional
        For back-tests: fitted loadings, for the attribution of returns. Default: `KalmanLoadings`, tuned before the
        first decision, where the market has factors.
    groups : Series of str by asset, optional
        For back-tests: groups of the assets, e.g. sectors, for charts of many assets.
    trials : int
        For back-tests: configurations that were tried beside these; the number makes results less significant.

    Returns
    -------
    pathlib.Path
        The path of the file.

    Raises
    ------
    DataTypeError
        If the result cannot be shown.
    OutputError
        If the file cannot be written; a former file then stays unchanged.

    Examples
    --------
    >>> import tempfile
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> diagnosis = sf.diagnostics.diagnose_collinearity(None, demo.returns, demo.factors)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = sf.report.write(diagnosis, f"{folder}/diagnosis.html")
    ...     text = page.read_text(encoding="utf-8")
    >>> "<h1>Diagnosis</h1>" in text, "Loadings are robust to small changes of the data" in text
    (True, True)
    """
    if isinstance(result, LoadingsModel):
        chapter = Chapter("Summary", "", (summary_exhibit(result.summary()),))
        return write_report(path, result, chapters=[chapter], title=title or "Time-varying loadings")
    if isinstance(result, pd.Series | pd.DataFrame):
        result = tear_sheet(result)
    if isinstance(result, TearSheet):
        chapters, lead, tiles = sheet_chapters(result), sheet_lead(result), sheet_tiles(result)
        return write_report(path, None, chapters=chapters, lead=lead, tiles=tiles, title=title or result.name)
    if isinstance(result, Mapping) and result and all(isinstance(each, BacktestResult) for each in result.values()):
        benchmarks = [] if benchmark is None else [benchmark] if isinstance(benchmark, str) else list(benchmark)
        judgement, measures = judged(result, benchmarks, trials)
        model = default_model(result) if model is None else model
        study = study_of_backtests(
            result, benchmarks=benchmarks, model=model, measures=measures, judgement=judgement, groups=groups
        )
        return write_report(path, model, **page_parts(study), title=title or "Back-tests")
    if isinstance(result, Mapping) and result and not isinstance(result, xr.Dataset):
        chapters = [result_chapter(each, str(name)) for name, each in result.items()]
        return write_report(path, None, chapters=chapters, lead="", title=title or "Results")
    name = type(result).__name__ if not isinstance(result, xr.Dataset | go.Figure) else "Result"
    chapter = result_chapter(result, "Summary")
    return write_report(path, None, chapters=[chapter], lead=chapter.lead, title=title or name)


def result_chapter(result: Any, title: str) -> Chapter:
    """Return a chapter on any result: its summary, and all its figures that need no argument."""
    if isinstance(result, go.Figure):
        return Chapter(title, "", (Exhibit("", figure=result, wide=True),))
    if isinstance(result, xr.Dataset):
        return Chapter(title, "", _of_attribution(result))
    summary = getattr(result, "summary", None)
    if not callable(summary):
        raise DataTypeError(
            "result must be a result with summary(), a Series of returns, an attribution or a Figure, got "
            f"{shown(result)}. Pass e.g. a fitted model."
        )
    lead = result._headline() if hasattr(result, "_headline") else ""
    exhibits = [summary_exhibit(summary()), *_figures(result)]
    return Chapter(title, capitalised(lead), full_rows(exhibits))


def summary_exhibit(table: Any) -> Exhibit:
    """Return a summary as a table with its notes."""
    notes = " ".join([*(f"{name}: {value}." for name, value in table.facts.items()), *table.notes])
    if isinstance(table, SummaryList):
        shown_table = measures_table(pd.DataFrame({"value": pd.Series(table, dtype=object)}))
        return Exhibit("", notes, table=shown_table, formats=right(shown_table), wide=True)
    if MEASURES in table.formats.values():
        shown_table = measures_table(table)
        return Exhibit("", notes, table=shown_table, formats=right(shown_table), wide=True)
    plain = pd.DataFrame(table)
    plain = plain if isinstance(plain.index, pd.RangeIndex) else plain.reset_index()
    formats = {str(name): form for name, form in table.formats.items() if name in plain}
    return Exhibit("", notes, table=plain, formats=formats, wide=True)


def _figures(result: Any) -> list[Exhibit]:
    """Return the figures of the methods `plot_*` without required arguments; those that do not apply are left out."""
    found = []
    for name in sorted(each for each in dir(type(result)) if each.startswith("plot_")):
        method = getattr(result, name)
        required = [
            each for each in inspect.signature(method).parameters.values() if each.default is inspect.Parameter.empty
        ]
        if required:
            continue
        try:
            exhibit = figure_exhibit(
                capitalised(name.removeprefix("plot_").replace("_", " ")), _first_sentence(method), method
            )
        except (InputError, UnknownNameError):  # e.g. a figure of another failure than this diagnosis is about
            continue
        if exhibit.figure is not None:
            found.append(exhibit)
    return found


def _first_sentence(method: Any) -> str:
    first = (inspect.getdoc(method) or "").split("\n\n", 1)[0].replace("\n", " ")
    return capitalised(first.removeprefix("Draw ").split("; of ")[0].rstrip(".")) + "."


def _of_attribution(attribution: xr.Dataset) -> tuple[Exhibit, ...]:
    if "portfolio_return" in attribution:
        note = "Contributions to the portfolio's return, summed through time."
        return (Exhibit("Return by factor", note, figure=return_attribution_figure(attribution), wide=True),)
    if "asset_contribution" in attribution and "exposure" in attribution:
        note = "With 95 % bands from the uncertainty of the loadings."
        return (
            Exhibit("Exposures", note, figure=portfolio_exposure_figure(attribution), wide=True),
            Exhibit("Risk by factor", note, figure=factor_risk_figure(attribution)),
            Exhibit("Risk by asset", note, figure=asset_risk_figure(attribution)),
        )
    raise DataTypeError(
        "result must be a Dataset of attribute_risk or attribute_return, got another one. Pass one of these."
    )
