"""Encodes thousands of series of loadings compactly, so that a report of 500 assets stays under 12 MB.

`template/page.js` decodes this format. Each asset is the base64 text of a zlib stream of:

* two 32-bit floats (little endian) per factor: the bottom and the top of its axis;
* the series of each factor in turn (mean, standard error and, if there is one, the other estimate), one 16-bit code
  per date: first all low bytes, then all high bytes.

A stored code is the difference from the previous code (modulo 65,536; the first one from zero), because neighbouring
values are similar and differences compress well. With `span` for top less bottom, a code c of 0 to 4,094 means
`bottom - span + c * 3 span / 4094` for a loading and `c * 2 span / 4094` for a standard error, which is finer than a
pixel. Values more than one span beyond the axis are clipped there. The code 65,535 means a missing value.
"""

import base64
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from statefolio.report.fitted_loadings import (
    FittedLoadings,
    Floats,
    dates,
    loadings_at,
    names,
    ordered_factors,
    view_ranges,
)
from statefolio.report.loadings_panels import factor_scales

MOST_VALUES = 6_000_000
MOST_POINTS = 1_400
STEPS = 4094
MISSING = 0xFFFF
LEVEL = 4
"""Of compression: files are 3 % larger than at level 6, in half the time."""


def dates_to_draw(n_dates: int, n_series: int) -> tuple[NDArray[np.intp], int]:
    """Return the positions of the dates to draw (always with the last one), and the step between them."""
    points = max(2, min(MOST_POINTS, MOST_VALUES // max(1, n_series)))
    every = next((step for step in (1, 2, 3, 5, 10, 21, 63) if n_dates <= step * points), -(-n_dates // points))
    return np.arange(n_dates - 1, -1, -every)[::-1].astype(np.intp), every


def encode_panel(model: FittedLoadings, other: FittedLoadings | None, keep: NDArray[np.intp]) -> Iterator[str]:
    """Yield the encoded series of each asset on the dates `keep`."""
    assets, factors = names(model, "asset"), ordered_factors(model)
    kept = model.loadings_[["filtered", "filtered_variance"]].isel(date=keep).sel(factor=factors)
    kept = kept.transpose("asset", "factor", "date")
    scales = factor_scales(factors)[:, None]
    mean = np.asarray(kept["filtered"], dtype=float)
    standard_error = np.sqrt(np.asarray(kept["filtered_variance"], dtype=float))
    other_mean = None
    if other is not None:
        other_mean = np.moveaxis(loadings_at(other, dates(model)[keep], assets, factors), 0, 2)
    for i in range(len(mean)):
        other_of_asset = None if other_mean is None else other_mean[i] * scales
        yield encode_asset(mean[i] * scales, standard_error[i] * scales, other_of_asset)


def encode_asset(mean: Floats, standard_error: Floats, other: Floats | None) -> str:
    """Encode one asset's arrays (factor, date)."""
    ranges = np.array(view_ranges(mean, standard_error, other), "<f4")
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
    stream = zlib.compress(ranges.tobytes() + planes.tobytes(), LEVEL)
    return base64.b64encode(stream).decode("ascii")


def compress_text(text: str) -> str:
    """Return a text, such as a script, as the base64 text of a zlib stream."""
    return base64.b64encode(zlib.compress(text.encode("utf-8"), 6)).decode("ascii")


def _codes(values: Floats, bottom: Floats, width: Floats) -> NDArray[np.uint16]:
    known = np.isfinite(values)
    steps = np.clip((np.where(known, values, 0.0) - bottom) / width * STEPS, 0, STEPS)
    return np.where(known, np.rint(steps), MISSING).astype(np.uint16)
