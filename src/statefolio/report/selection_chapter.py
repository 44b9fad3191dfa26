"""Builds the chapter on selecting a strategy by its past results, window by window."""

from collections.abc import Mapping

import pandas as pd

from statefolio._display.headings import capitalised, heading, in_sentence
from statefolio.backtest.validation.criteria import CRITERIA, score
from statefolio.report.backtest.backtest_tables import column_formats
from statefolio.report.backtest.selection_figures import stitched_figure
from statefolio.report.chapters import Chapter, Exhibit, figure_exhibit
from statefolio.report.study_results import Selection

SPREAD = {"lowest": 0.0, "lower quartile": 0.25, "median": 0.5, "upper quartile": 0.75, "highest": 1.0}


def selection_chapter(
    selection: Selection, benchmarks: "Mapping[str, pd.Series[float]] | None" = None, periods_per_year: float = 252.0
) -> Chapter:
    """Return the chapter on the strategies selected in each window and their results out of sample.

    Parameters
    ----------
    selection
        Results of the selection.
    benchmarks
        Returns of the benchmarks in excess of cash, to compare with on the same dates.
    periods_per_year
        Number of dates per year.
    """
    benchmarks = benchmarks or {}
    measure = in_sentence(selection.measure)
    windows = _windows(selection.windows, measure)
    exhibits = [
        Exhibit(
            "Selection by window",
            f"Selected: the strategy with the highest {measure} on the training dates. Rank: among all strategies on "
            "the test dates, 1 is best.",
            table=windows,
            formats=column_formats(windows),
            wide=True,
        )
    ]
    if selection.choices is not None:
        choices = (
            selection.choices.rename(columns=lambda name: f"By {in_sentence(name)}").rename_axis("window").reset_index()
        )
        exhibits.append(Exhibit("Selection by other measures", "On the same training dates.", table=choices, wide=True))
    if selection.chosen_by is not None:
        rows = selection.chosen_by.rename(index=heading)
        held = _on_test_dates(selection, benchmarks, periods_per_year)
        results = pd.concat([rows, held.reindex(columns=rows.columns)] if len(held) else [rows])
        results = results.rename_axis("Selected by").reset_index()
        note = (
            "Results of the strategies selected by each measure, over the test dates of all windows, in excess of cash"
            + ("; and of the benchmarks on the same dates." if len(held) else ".")
        )
        formats = column_formats(results)
        exhibits.append(Exhibit("Results out of sample", note, table=results, formats=formats, wide=True))
    strung = selection.returns
    if strung is not None and len(strung):
        exhibits.append(
            figure_exhibit(
                "Value out of sample",
                f"The strategy selected by {measure} in each window, strung together over the test dates: one unit in "
                "excess of cash. Grey: the benchmarks on the same dates. Lines: the first date of a window.",
                lambda: stitched_figure(strung, benchmarks, selection.windows["test_from"]),
                True,
            )
        )
    if selection.paths is not None:
        exhibits.append(_paths(selection.paths, measure))
    lead = (
        f"In each window the strategy with the highest {measure} on the training dates is selected and evaluated on "
        "the following test dates, net of costs and in excess of cash."
    )
    return Chapter("Selection", lead, tuple(exhibits))


def _on_test_dates(selection: Selection, benchmarks: "Mapping[str, pd.Series[float]]", year: float) -> pd.DataFrame:
    """Return the results of the benchmarks on the test dates, one row each."""
    if selection.returns is None or not benchmarks:
        return pd.DataFrame()
    dates = selection.returns.index
    held = pd.DataFrame({f"Benchmark: {name}": returns.reindex(dates) for name, returns in benchmarks.items()})
    scores = pd.DataFrame({name: score(held, name, year) for name in CRITERIA})
    return scores.assign(volatility=-scores["volatility"])


def _windows(windows: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return the table of windows with the measure in the headings of its results."""
    named = {
        "chosen": "Selected",
        "in_sample": capitalised(f"{measure} in sample"),
        "out_of_sample": capitalised(f"{measure} out of sample"),
    }
    table = windows.rename(columns=named).rename_axis("window").reset_index()
    return table.astype({"rank": int}) if "rank" in table and table["rank"].notna().all() else table


def _paths(paths: pd.DataFrame, measure: str) -> Exhibit:
    """Return the quantiles of the results over the paths of combinatorial cross-validation."""
    spread = pd.DataFrame({name: paths.quantile(level) for name, level in SPREAD.items()}).T
    table = spread.rename_axis(f"Quantile of {len(paths)} paths").reset_index()
    note = (
        f"Each combination of folds is tested once, with the selection by {measure} made on the other folds, purged. "
        "Each path covers all dates. Selections use later folds, so the paths show the spread of results, not a "
        "tradable history."
    )
    return Exhibit(
        "Paths of combinatorial cross-validation", note, table=table, formats=column_formats(table), wide=True
    )
