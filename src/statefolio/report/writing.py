"""The report, written whole or not at all."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from statefolio._writing import write_whole
from statefolio.report.chapters import Chapter
from statefolio.report.fitted import FittedLoadings
from statefolio.report.page import page


def write_report(
    path: str | Path,
    model: FittedLoadings | None,
    *,
    other: FittedLoadings | None = None,
    other_name: str = "rolling least squares",
    comparison: pd.DataFrame | None = None,
    reading: Mapping[str, object] | None = None,
    options: Mapping[str, object] | None = None,
    suspicious: pd.DataFrame | None = None,
    chapters: Sequence[Chapter] = (),
    lead: str | None = None,
    tiles: Mapping[str, str] | None = None,
    title: str = "Time-varying loadings",
) -> Path:
    """Write one self-contained HTML file about a fitted loadings model, or of chapters alone.

    The file needs no network: choose an asset and see its loadings with their 95 % bands beside another
    estimate; the panel's loadings today and how far each has moved; the comparison; calibration; what was
    read.

    Parameters
    ----------
    path
        The file to write; one that is there is replaced.
    model
        A fitted loadings model. What comes before `loadings_.attrs["tuned_until"]` is labelled "in sample".
        None: the page has the chapters alone.
    other
        Another fitted model, drawn beside the first, e.g. rolling least squares.
    other_name
        What the page calls it.
    comparison
        A row a model, as `summarise_scores` returns it.
    reading
        What was read, by name: files, dates, assets, missing values.
    options
        The options of the run, by name.
    suspicious
        Cells that look wrong, a row each.
    chapters
        What else there is to tell, before the loadings.
    lead
        The sentence under the heading; by default about the loadings.
    tiles
        The few words that open the page, by name; by default about the loadings.
    title
        The page's heading.

    Returns
    -------
    pathlib.Path
        The file that was written.
    """
    text = page(
        model,
        other=other,
        other_name=other_name,
        comparison=comparison,
        reading=reading or {},
        options=options or {},
        suspicious=suspicious,
        chapters=chapters,
        lead=lead,
        tiles=tiles,
        title=title,
    )
    write_whole(Path(path), text)
    return Path(path)
