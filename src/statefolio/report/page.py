"""The report's page, put together from its parts."""

from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from string import Template

import numpy as np
import pandas as pd
from plotly.offline import get_plotlyjs

from statefolio import __version__
from statefolio.report import tables
from statefolio.report.calibration import Calibration, calibrate, coverage
from statefolio.report.chapters import Chapter, contents, figures, sections
from statefolio.report.fitted import ALPHA, FittedLoadings, dates, drawn_factors, names, tuned_until
from statefolio.report.loadings_figures import period
from statefolio.report.packing import pack_panel, pack_text, thinned
from statefolio.report.page_data import page_data, plain_figures, script_safe

TODAY_NOTE = (
    "Filtered, given all the data read; the constant is left out. Assets stand in the order of the first "
    "factor. Choose a cell to see its asset above."
)
MOVED_NOTE = (
    "The 95th less the 5th percentile of each filtered loading, without the first dates, on which its band "
    "was still more than twice as wide as usual."
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
    title: str,
) -> str:
    """Return the whole page as text; without a model there are chapters alone."""
    shown = dict(tiles or {})
    if model is None:
        data, packed, loadings, told = {"figures": plain_figures(figures(chapters))}, "", "", ""
    else:
        calibration = calibrate(model)
        beside = None if other is None else other_name
        keep, every = thinned(len(dates(model)), _series(model, other))
        data = page_data(model, calibration, beside, keep, figures(chapters))
        packed = "\n".join(pack_panel(model, other, keep))
        height = data["figures"]["asset_wide"]["layout"]["height"]
        loadings = _loadings(model, calibration, height, _one_note(model, every, beside), comparison)
        told = _lead(model)
        shown = _tiles(model, calibration) if tiles is None else shown
        reading = reading or {"dates": _span(model), "assets": len(names(model, "asset"))}
    return Template(_text("page.html")).substitute(
        title=escape(title),
        css=_text("page.css"),
        script=_text("page.js"),
        lead=escape(told if lead is None else lead),
        tiles=tables.tiles(shown) if shown else "",
        contents=contents(chapters, loadings=model is not None),
        chapters=sections(chapters),
        loadings=loadings,
        read=_read(reading, options, suspicious),
        words=_text("words.html") if model is not None else "",
        version=__version__,
        data=script_safe(data),
        packed=packed,
        plotly=pack_text(get_plotlyjs()),
    )


def _series(model: FittedLoadings, other: FittedLoadings | None) -> int:
    """Return how many series the loadings are: a mean and an error each, and another model's mean."""
    return len(names(model, "asset")) * len(drawn_factors(model)) * (2 if other is None else 3)


def _loadings(
    model: FittedLoadings, calibration: Calibration, height: int, one_note: str, comparison: pd.DataFrame | None
) -> str:
    """Return the sections on the loadings: one asset, the panel, other estimates, calibration."""
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
    """Return the section on what was read; none where nothing was said of it."""
    if not reading and not options and suspicious is None:
        return ""
    nothing = '<p class="note">Not given.</p>'
    return Template(_text("read.html")).substitute(
        reading=tables.facts(reading) if reading else nothing,
        options=tables.facts(options) if options else nothing,
        suspicious=_suspicious(suspicious),
    )


def _lead(model: FittedLoadings) -> str:
    shown = [factor for factor in drawn_factors(model) if factor != ALPHA]
    return (
        f"How {len(names(model, 'asset')):,} assets load on {', '.join(shown)}, {period(dates(model))} by "
        f"{period(dates(model))}, each loading with the band that says how well it is known."
    )


def _tiles(model: FittedLoadings, calibration: Calibration) -> dict[str, str]:
    on, cut = dates(model), tuned_until(model)
    shown = {
        "assets": f"{len(names(model, 'asset')):,}",
        "dates": f"{len(on):,}",
        "last date": f"{on[-1]:%Y-%m-%d}",
    }
    if cut is not None:
        shown["tuned until"] = f"{cut:%Y-%m-%d}"
    quality = getattr(model, "fit_quality_", None)
    if isinstance(quality, pd.DataFrame) and quality["r_squared_one_step"].notna().any():
        shown["R², one step ahead (median)"] = f"{quality['r_squared_one_step'].median():.0%}"
    table = coverage(calibration)
    if len(table.columns) and np.isfinite(table.iloc[:, -1].to_numpy()).all():
        shown[f"95 % bands cover, {table.columns[-1]}"] = f"{table.loc[0.95].iloc[-1]:.1%}"
    return shown


def _one_note(model: FittedLoadings, every: int, beside: str | None) -> str:
    cut = tuned_until(model)
    parts = ["Filtered loadings with their 95 % bands" + (f", beside {beside}." if beside else ".")]
    if cut is not None:
        parts.append(f"Shaded: in sample, the dates up to {cut:%Y-%m-%d} that the hyper-parameters were learned from.")
    if every > 1:
        parts.append(f"To keep this file small one date in {every} is drawn; everything was computed on all of them.")
    return " ".join(parts)


def _comparison(table: pd.DataFrame | None) -> str:
    if table is None or table.empty:
        return ""
    note = (
        "One step ahead and out of sample: each return is predicted from data up to the date before, with "
        "hyper-parameters learned only before the test. The common log score gives all models one noise "
        "model, so that it compares loadings alone; the best of each column is marked."
    )
    return (
        '<section id="comparison"><h2>Against other estimates</h2>'
        f'<p class="note">{note}</p>{tables.comparison_table(table)}</section>'
    )


def _calibration_note(calibration: Calibration) -> str:
    law = "a normal law"
    if calibration.degrees_of_freedom is not None:
        law = f"a Student-t law with {calibration.degrees_of_freedom:.1f} degrees of freedom"
    return (
        f"Each return against its prediction from the date before, under {law}. If the model is right, bands "
        "cover what they promise, the probabilities are flat, and the innovations have no memory (dotted: "
        "what chance allows for one asset)."
    )


def _suspicious(table: pd.DataFrame | None) -> str:
    if table is None:
        return ""
    if table.empty:
        return '<h3 class="after">Cells that look wrong</h3><p class="note">None found.</p>'
    found = f"{len(table):,} found; none was changed."
    return f'<h3 class="after">Cells that look wrong</h3><p class="note">{found}</p>{tables.plain_table(table)}'


def _span(model: FittedLoadings) -> str:
    on = dates(model)
    return f"{on[0]:%Y-%m-%d} to {on[-1]:%Y-%m-%d}"


def _text(name: str) -> str:
    return resources.files("statefolio.report").joinpath("template", name).read_text(encoding="utf-8")
