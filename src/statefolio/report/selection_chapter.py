"""The chapter on choosing: what each measure would have chosen in each window, and what that earned after it."""

import pandas as pd

from statefolio.report.backtest.backtest_tables import column_formats
from statefolio.report.chapters import Chapter, Exhibit
from statefolio.report.study_results import Selection

SPREAD = {"lowest": 0.0, "lower quarter": 0.25, "middle": 0.5, "upper quarter": 0.75, "highest": 1.0}


def selection_chapter(selection: Selection) -> Chapter:
    """What was chosen on the training dates of each window, and what it earned on the test dates that followed."""
    measure = selection.measure
    windows = _windows(selection.windows, measure)
    exhibits = [
        Exhibit(
            "Window by window",
            f"Chosen by the highest {measure} of the training dates. Rank among all strategies on the test dates: "
            "1 is the best.",
            table=windows,
            formats=column_formats(windows),
            wide=True,
        )
    ]
    if selection.choices is not None:
        choices = selection.choices.rename(columns="by {}".format).rename_axis("window").reset_index()
        exhibits.append(Exhibit("Which measure chooses what", "Of the same training dates.", table=choices, wide=True))
    if selection.chosen_by is not None:
        earned = selection.chosen_by.rename_axis("chosen by").reset_index()
        note = "What was chosen by each measure, over the test dates of all windows together, in excess of cash."
        exhibits.append(Exhibit("What that earned", note, table=earned, formats=column_formats(earned), wide=True))
    if selection.paths is not None:
        exhibits.append(_paths(selection.paths, measure))
    lead = (
        f"The strategies as candidates, net of costs and in excess of cash: on each window's training dates the one "
        f"with the highest {measure} is chosen, and it earns what it did on the test dates after them."
    )
    return Chapter("Choosing", lead, tuple(exhibits))


def _windows(windows: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Windows as a reader wants them: dates first, then what was chosen and how it did."""
    named = {"in_sample": f"{measure} in sample", "out_of_sample": f"{measure} out of sample"}
    table = windows.rename(columns=named).rename_axis("window").reset_index()
    return table.astype({"rank": int}) if "rank" in table and table["rank"].notna().all() else table


def _paths(paths: pd.DataFrame, measure: str) -> Exhibit:
    """The spread of an outcome over the paths of combinatorial cross-validation."""
    spread = pd.DataFrame({name: paths.quantile(level) for name, level in SPREAD.items()}).T
    table = spread.rename_axis(f"of {len(paths)} paths").reset_index()
    note = (
        f"Every combination of folds tested once, the choice by {measure} made on the others, purged: each path is a "
        "history of all dates. Choices knew later folds, so this is the spread of an outcome, not what could be traded."
    )
    return Exhibit("Had history come in another order", note, table=table, formats=column_formats(table), wide=True)
