"""Assembles the HTML page of a report from its sections."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from string import Template

import pandas as pd
from plotly.offline import get_plotlyjs

from statefolio import __version__
from statefolio._arrays.text import span
from statefolio.report import tables
from statefolio.report.calibration import Calibration, calibrate
from statefolio.report.chapters import Chapter, contents, figures, places, sections
from statefolio.report.encoding import compress_text, dates_to_draw, encode_panel
from statefolio.report.fitted_loadings import FittedLoadings, dates, names, ordered_factors, tuned_until
from statefolio.report.lights import Light, lights_list
from statefolio.report.loadings_overview import loadings_answer, loadings_lights, loadings_tiles
from statefolio.report.page_data import page_data, plain_figures, script_safe
from statefolio.report.themes import DARK

_UNBROKEN = re.compile(r"\d{4}-\d\d-\d\d|\d+ %")
"""Dates and percentages, which lines of the answer do not break."""
TODAY_NOTE = (
    "Filtered loadings on the last date, without the constant. Assets are sorted by their loading on the first factor. "
    "Click a cell to show its asset above."
)
MOVED_NOTE = (
    "The 95th less the 5th percentile of each filtered loading through time. Dates on which the band is more than "
    "twice as wide as its median are left out."
)


def page(
    model: FittedLoadings | None,
    *,
    other: FittedLoadings | None,
    other_name: str,
    comparison: pd.DataFrame | None,
    reading: Mapping[str, object],
    options: Mapping[str, object],
    suspicious: pd.DataFrame | None,
    chapters: Sequence[Chapter],
    lead: str | None,
    tiles: Mapping[str, str] | None,
    lights: Sequence[Light],
    title: str,
) -> str:
    """Return the whole page as text; without a model it has only the chapters."""
    shown = dict(tiles or {})
    if model is None:
        data, encoded, loadings, about_loadings = {"figures": plain_figures(figures(chapters))}, "", "", ""
    else:
        calibration = calibrate(model)
        compared_with = None if other is None else other_name
        keep, every = dates_to_draw(len(dates(model)), _series(model, other))
        data = page_data(model, calibration, compared_with, keep, figures(chapters))
        encoded = "\n".join(encode_panel(model, other, keep))
        height = data["figures"]["asset_wide"]["layout"]["height"]
        loadings = _loadings(model, calibration, height, _one_note(model, every, compared_with), comparison)
        about_loadings = loadings_answer(model, comparison)
        if tiles is None:
            shown = loadings_tiles(model, calibration)
            lights = lights or loadings_lights(model, calibration, comparison, suspicious)
        reading = reading or {"dates": span(dates(model)), "assets": len(names(model, "asset"))}
    return Template(_text("page.html")).substitute(
        title=escape(title),
        css=_text("page.css"),
        script=_text("page.js") + _text("sorting.js"),
        lead=_UNBROKEN.sub(r'<span class="unbroken">\g<0></span>', escape(about_loadings if lead is None else lead)),
        tiles=tables.tiles(shown) if shown else "",
        lights=lights_list(lights, places(chapters)) if lights else "",
        contents=contents(chapters, loadings=model is not None),
        chapters=sections(chapters),
        loadings=loadings,
        read=_read(reading, options, suspicious),
        glossary=_text("glossary.html") if model is not None else "",
        version=__version__,
        data=script_safe({"dark": DARK, **data}),
        encoded=encoded,
        plotly=compress_text(get_plotlyjs()),
    )


def _series(model: FittedLoadings, other: FittedLoadings | None) -> int:
    """Return the number of series to encode: mean and standard error per loading, and the other model's mean."""
    return len(names(model, "asset")) * len(ordered_factors(model)) * (2 if other is None else 3)


def _loadings(
    model: FittedLoadings, calibration: Calibration, height: int, one_note: str, comparison: pd.DataFrame | None
) -> str:
    """Return the sections on one asset, all assets, the comparison with other models, and calibration."""
    assets = enumerate(names(model, "asset"))
    return Template(_text("loadings.html")).substitute(
        asset_options="".join(f'<option value="{i}">{escape(name)}</option>' for i, name in assets),
        asset_height=height,
        one_note=escape(one_note),
        last_date=dates(model)[-1].date().isoformat(),
        today_note=TODAY_NOTE,
        moved_note=MOVED_NOTE,
        comparison=_comparison(comparison),
        calibration_note=escape(_calibration_note(calibration)),
    )


def _read(reading: Mapping[str, object], options: Mapping[str, object], suspicious: pd.DataFrame | None) -> str:
    """Return the section on input data and options; an empty text if nothing is known about them."""
    if not reading and not options and suspicious is None:
        return ""
    nothing = '<p class="note">Not given.</p>'
    return Template(_text("inputs.html")).substitute(
        reading=tables.facts(reading) if reading else nothing,
        options=tables.facts(options) if options else nothing,
        suspicious=_suspicious(suspicious),
    )


def _one_note(model: FittedLoadings, every: int, compared_with: str | None) -> str:
    cut = tuned_until(model)
    parts = ["Filtered loadings with 95 % bands" + (f", compared with {compared_with}." if compared_with else ".")]
    if cut is not None:
        parts.append(
            f"Shaded: in sample, the dates up to {cut:%Y-%m-%d}, from which the hyper-parameters were learned."
        )
    if every > 1:
        parts.append(f"The figure shows one date in {every} to keep this file small; all results use every date.")
    return " ".join(parts)


def _comparison(table: pd.DataFrame | None) -> str:
    if table is None or table.empty:
        return ""
    note = (
        "Out of sample, one step ahead: each return is predicted from data up to the previous date, with "
        "hyper-parameters learned before the test. The log score with a common noise model compares the loadings "
        "alone. The best value of each column is marked."
    )
    return (
        '<section id="comparison"><h2>Comparison with other estimates</h2>'
        f'<p class="note">{note}</p>{tables.comparison_table(table)}</section>'
    )


def _calibration_note(calibration: Calibration) -> str:
    distribution = "a normal distribution"
    if calibration.degrees_of_freedom is not None:
        distribution = f"a Student-t distribution with {calibration.degrees_of_freedom:.1f} degrees of freedom"
    return (
        f"Each return is compared with its prediction from the previous date, {distribution}. Under a correct model "
        "the bands have their nominal coverage, the probability integral transforms are uniform, and the innovations "
        "are not autocorrelated (dotted: 95 % limits for one asset)."
    )


def _suspicious(table: pd.DataFrame | None) -> str:
    if table is None:
        return ""
    if table.empty:
        return '<h3 class="after">Suspicious cells</h3><p class="note">None found.</p>'
    found = f"{len(table):,} found; none was changed."
    return f'<h3 class="after">Suspicious cells</h3><p class="note">{found}</p>{tables.plain_table(_in_words(table))}'


def _in_words(table: pd.DataFrame) -> pd.DataFrame:
    """Return suspicious cells with their kinds as words."""
    return table.assign(kind=table["kind"].str.replace("_", " ")) if "kind" in table else table


def _text(name: str) -> str:
    return resources.files("statefolio.report").joinpath("template", name).read_text(encoding="utf-8")
