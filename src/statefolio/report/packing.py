"""Thousands of series in a few megabytes.

The format, which `template/page.js` reads. An asset is one base64 text of a zlib stream of:

* for each factor two 32-bit floats (little endian): the bottom and the top of its axis;
* for each factor its series in turn (mean, standard error and, where there is one, the other estimate),
  each a 16-bit code a date: first all low bytes, then all high bytes.

A stored code is the difference from the code before it (modulo 65,536; the first from zero), because
neighbours are alike and differences compress. With `span` for top less bottom, a code c of 0 to 4,094 says
`bottom - span + c * 3 span / 4094` for a loading and `c * 2 span / 4094` for a standard error: a hair on the
screen; what lies further out than one span beyond the axis is kept at that edge.
65,535 says there is no value.
"""

import base64
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from statefolio.report.fitted import FittedLoadings, Floats, beside, dates, drawn_factors, names, view_range
from statefolio.report.loadings_figures import factor_scales

MOST_VALUES = 6_000_000
MOST_POINTS = 1_400
STEPS = 4094
MISSING = 0xFFFF


def thinned(n_dates: int, n_series: int) -> tuple[NDArray[np.intp], int]:
    """Return which dates are kept (the last one always), and that they are one in how many."""
    points = max(2, min(MOST_POINTS, MOST_VALUES // max(1, n_series)))
    every = next((step for step in (1, 2, 3, 5, 10, 21, 63) if n_dates <= step * points), -(-n_dates // points))
    return np.arange(n_dates - 1, -1, -every)[::-1].astype(np.intp), every


def pack_panel(model: FittedLoadings, other: FittedLoadings | None, keep: NDArray[np.intp]) -> Iterator[str]:
    """Yield every asset packed, on the dates that are kept."""
    assets, factors = names(model, "asset"), drawn_factors(model)
    kept = model.loadings_[["filtered", "filtered_variance"]].isel(date=keep).sel(factor=factors)
    kept = kept.transpose("asset", "factor", "date")
    scales = factor_scales(factors)[:, None]
    mean = np.asarray(kept["filtered"], dtype=float)
    standard_error = np.sqrt(np.asarray(kept["filtered_variance"], dtype=float))
    theirs = None
    if other is not None:
        theirs = np.moveaxis(beside(other, dates(model)[keep], assets, factors), 0, 2)
    for i in range(len(mean)):
        beside_it = None if theirs is None else theirs[i] * scales
        yield pack_asset(mean[i] * scales, standard_error[i] * scales, beside_it)


def pack_asset(mean: Floats, standard_error: Floats, other: Floats | None) -> str:
    """Pack one asset's arrays (factor, date)."""
    others = [None] * len(mean) if other is None else list(other)
    ranges = np.array([view_range(*parts) for parts in zip(mean, standard_error, others, strict=True)], "<f4")
    bottom, span = ranges[:, :1].astype(float), np.diff(ranges.astype(float), axis=1)
    series = [
        _codes(mean, bottom - span, 3 * span),
        _codes(standard_error, np.zeros_like(span), 2 * span),
    ]
    if other is not None:
        series.append(_codes(other, bottom - span, 3 * span))
    codes = np.stack(series, axis=1)
    steps = np.diff(codes, axis=-1, prepend=np.uint16(0)).astype("<u2").ravel()
    planes = steps.view(np.uint8).reshape(-1, 2).T
    stream = zlib.compress(ranges.tobytes() + planes.tobytes(), 6)
    return base64.b64encode(stream).decode("ascii")


def pack_text(text: str) -> str:
    """Pack a long text, such as a script, the same way."""
    return base64.b64encode(zlib.compress(text.encode("utf-8"), 9)).decode("ascii")


def _codes(values: Floats, bottom: Floats, width: Floats) -> NDArray[np.uint16]:
    known = np.isfinite(values)
    steps = np.clip((np.where(known, values, 0.0) - bottom) / width * STEPS, 0, STEPS)
    return np.where(known, np.rint(steps), MISSING).astype(np.uint16)
