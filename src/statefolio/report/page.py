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
from statefolio.report.loadings_figure import period
from statefolio.report.packing import pack_panel, pack_text, thinned
from statefolio.report.page_data import page_data, script_safe

TODAY_NOTE = (
    "Filtered, given all the data read; the constant is left out. Assets stand in the order of the first "
    "factor. Choose a cell to see its asset above."
)
MOVED_NOTE = (
    "The 95th less the 5th percentile of each filtered loading, without the first dates, on which its band "
    "was still more than twice as wide as usual."
)


def page(
    model: FittedLoadings,
    *,
    other: FittedLoadings | None,
    other_name: str,
    comparison: pd.DataFrame | None,
    reading: Mapping[str, object],
    options: Mapping[str, object],
    suspicious: pd.DataFrame | None,
    chapters: Sequence[Chapter],
    lead: str | None,
    title: str,
) -> str:
    """Return the whole page as text."""
    calibration = calibrate(model)
    assets, factors = names(model, "asset"), drawn_factors(model)
    beside = None if other is None else other_name
    keep, every = thinned(len(dates(model)), len(assets) * len(factors) * (2 if other is None else 3))
    data = page_data(model, calibration, beside, keep, figures(chapters))
    return Template(_text("page.html")).substitute(
        title=escape(title),
        css=_text("page.css"),
        script=_text("page.js"),
        lead=escape(_lead(model) if lead is None else lead),
        tiles=tables.tiles(_tiles(model, calibration)),
        contents=contents(chapters),
        chapters=sections(chapters),
        asset_options="".join(f'<option value="{i}">{escape(name)}</option>' for i, name in enumerate(assets)),
        asset_height=data["figures"]["asset_wide"]["layout"]["height"],
        one_note=escape(_one_note(model, every, beside)),
        last_date=dates(model)[-1].date().isoformat(),
        today_note=TODAY_NOTE,
        moved_note=MOVED_NOTE,
        comparison=_comparison(comparison),
        calibration_note=escape(_calibration_note(calibration)),
        reading=tables.facts(reading or {"dates": _span(model), "assets": len(assets)}),
        options=tables.facts(options) if options else '<p class="note">Not given.</p>',
        suspicious=_suspicious(suspicious),
        version=__version__,
        data=script_safe(data),
        packed="\n".join(pack_panel(model, other, keep)),
        plotly=pack_text(get_plotlyjs()),
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
