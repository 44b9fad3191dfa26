"""Writes reports: one HTML file each, written completely or not at all."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from statefolio._writing import write_whole
from statefolio.report.chapters import Chapter
from statefolio.report.fitted_loadings import FittedLoadings
from statefolio.report.lights import Light
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
    lights: Sequence[Light] = (),
    title: str = "Time-varying loadings",
) -> Path:
    """Write a self-contained HTML report on a fitted loadings model, on chapters of results, or on both.

    The page needs no network. It shows the loadings of an asset of the reader's choice with 95 % bands, heat maps of
    the latest loadings of all assets and of how far each has moved, a comparison with other models, the calibration of
    the predicted returns, and the input data.

    Parameters
    ----------
    path
        The file to write; an existing file is replaced.
    model
        A fitted loadings model. Dates up to `loadings_.attrs["tuned_until"]` are labelled "in sample". With None the
        page has only the chapters.
    other
        Another fitted model to draw next to the first, e.g. rolling least squares.
    other_name
        Its name in legends.
    comparison
        One row per model, as `summarise_scores` returns it.
    reading
        Facts about the input data by name: files, dates, assets, missing values.
    options
        The options of the run by name.
    suspicious
        Suspicious cells, one row each, as `find_suspicious_cells` returns them.
    chapters
        Chapters to show before the loadings.
    lead
        The answer, in one sentence below the page's heading; by default it describes the loadings.
    tiles
        A few numbers at the top of the page by name; by default they describe the loadings.
    lights
        What was checked, below those numbers.
    title
        The page's heading.

    Returns
    -------
    pathlib.Path
        The path of the file.

    Raises
    ------
    OutputError
        If the file cannot be written; a former file then stays unchanged.

    Examples
    --------
    >>> import tempfile
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.loc["2020":, ["AAPL", "XOM"]], demo.factors.loc["2020":, ["market", "value"]]
    >>> model = sf.RollingLoadings(window=120).fit(returns, factors)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = sf.report.write_report(f"{folder}/loadings.html", model, title="Two stocks")
    ...     text = page.read_text(encoding="utf-8")
    >>> "<h1>Two stocks</h1>" in text, text.count("https://cdn")
    (True, 0)
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
        lights=lights,
        title=title,
    )
    write_whole(path, text)
    return Path(path)
