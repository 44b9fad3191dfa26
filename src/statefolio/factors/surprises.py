"""Surprises of macro series: what a release said beyond what an autoregression of its own past had forecast."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed, show
from statefolio._arrays.types import Array
from statefolio._options import is_whole
from statefolio.exceptions import InputError, UnknownNameError
from statefolio.factors.autoregression import Estimate, PastAutoregression
from statefolio.factors.known_values import TRANSFORMS, KnownValues
from statefolio.factors.releases import read_releases

COLUMNS = ("series", "reference_date", "published", "value", "forecast", "surprise", "scale", "order")


def find_surprises(
    series: Any,
    lag: Any = 0,
    *,
    transform: str | Mapping[Any, str] = "difference",
    model: str = "ar",
    max_order: int = 5,
    order: int | None = None,
    window: int | None = None,
    minimum: int = 60,
    every: int = 1,
) -> pd.DataFrame:
    """Innovations of an AR or VAR of released series, each estimated on what was published before.

    A release of reference date d, published on date p, is news of u = z_d - E[z_d]. z_d is the transformed value as
    first published, differences against the value before it as known on p; the forecast uses coefficients, an order
    and lagged values known strictly before p (values first published on p itself serve only as lags of later ones of
    that day). A revision without a new reference date is no surprise; it enters later estimates.

    Parameters
    ----------
    series, lag
        As for `read_releases`: a frame by reference date and a publication lag, or a table of vintages.
    transform : {"difference", "level", "log difference"}, or a mapping from series to one of these
        z; a difference runs from the last reference date with a value.
    model : {"ar", "var"}
        One autoregression for each series, or one for all of them; a row of a VAR has every series and counts as
        published with the last of them.
    max_order : int
        Orders 0 to this are compared by BIC, on the same rows.
    order : int, optional
        This order, without comparison.
    window : int, optional
        Rows that an estimate uses (rolling); default all of the past (expanding).
    minimum : int
        Rows before the first estimate, at least twice the coefficients of an equation.
    every : int
        Publication dates from one estimate to the next.

    Returns
    -------
    DataFrame
        A row a series and reference date: "series", "reference_date", "published", "value" (z), "forecast",
        "surprise", "scale" (standard deviation of the estimate's residuals) and "order"; NaN before the first
        estimate. By series, in the order they came.

    Raises
    ------
    InputError
        Options out of range, a logarithm of a value that is not positive, a series too short for one surprise.

    Notes
    -----
    Chen, Roll and Ross (1986), Economic forces and the stock market, Journal of Business 59, use such innovations as
    factors. `surprise_factors` puts the table on trading dates.
    """
    releases = read_releases(series, lag)
    names = _names_in_order(series, releases)
    transforms = _checked_transforms(transform, releases, names)
    if model not in ("ar", "var"):
        raise InputError(f"model={model!r}; 'ar' or 'var' was expected.")
    blocks = [names] if model == "var" else [[name] for name in names]
    limit = max_order if order is None else order
    _check_options(limit, window, minimum, every, max(len(block) for block in blocks))
    found = []
    for block in blocks:
        regression = PastAutoregression(limit, window, fixed=order is not None)
        known = KnownValues(releases[releases["series"].isin(block)], block, [transforms[name] for name in block])
        found.append(_surprises(known, block, regression, minimum, every))
    return pd.concat(found, ignore_index=True)


def _surprises(
    known: KnownValues, names: list[Any], regression: PastAutoregression, minimum: int, every: int
) -> pd.DataFrame:
    estimate: Estimate | None = None
    used, waited = np.empty((0, len(names))), 0
    found: list[tuple[Any, ...]] = []
    for news in known.walk():
        rows = len(news.before) - regression.max_order
        if rows >= minimum and (estimate is None or waited >= every):
            estimate = regression.estimate(news.before, _same_rows(used, news.before))
            used, waited = news.before, 0
        waited += 1
        for reference, row in zip(news.references, news.new, strict=True):
            z = news.now[row]
            if estimate is None or row < estimate.order:
                forecast, scale, order = np.full(len(z), np.nan), np.full(len(z), np.nan), np.nan
            else:
                forecast, scale, order = estimate.forecast(news.mixed[:row]), estimate.scale, estimate.order
            found += [
                (name, reference, news.published, z[k], forecast[k], z[k] - forecast[k], scale[k], order)
                for k, name in enumerate(names)
            ]
    if estimate is None:
        raise InputError(
            f"series {listed(names)} has {len(found) // len(names)} reference dates with every value; "
            f"more than {minimum + regression.max_order} were expected for a first estimate. Pass more history, or "
            "lower minimum or max_order; in a VAR, all series need the same reference dates."
        )
    table = pd.DataFrame(dict(zip(COLUMNS, map(np.array, zip(*found, strict=True)), strict=True)))
    return table.sort_values("series", key=lambda column: column.map(names.index), kind="stable", ignore_index=True)


def _same_rows(a: Array, b: Array) -> int:
    """Count the leading rows that are equal; of two views of one growing array, all are."""
    if a.base is not None and a.base is b.base:
        return min(len(a), len(b))
    rows = min(len(a), len(b))
    differ = (a[:rows] != b[:rows]).any(axis=1)
    return int(np.argmax(differ)) if differ.any() else rows


def _names_in_order(series: Any, releases: pd.DataFrame) -> list[Any]:
    found = list(dict.fromkeys(releases["series"]))
    given = list(series["series"]) if isinstance(series, pd.DataFrame) and "series" in series else list(series.columns)
    return [name for name in dict.fromkeys(given) if name in found]


def _checked_transforms(transform: Any, releases: pd.DataFrame, names: list[Any]) -> dict[Any, str]:
    by_name = dict(transform) if isinstance(transform, Mapping) else dict.fromkeys(names, transform)
    if set(by_name) != set(names):
        raise UnknownNameError(
            f"transform names {listed(list(by_name))}; the series {listed(names, most=8)} were expected, each of them."
        )
    unknown = [value for value in by_name.values() if value not in TRANSFORMS]
    if unknown:
        raise InputError(f"transform has {listed(unknown)}; one of {listed(list(TRANSFORMS))} was expected.")
    for name in names:
        low = releases[(releases["series"] == name) & (releases["value"] <= 0.0)]
        if by_name[name] == "log difference" and len(low):
            raise InputError(
                f"series {name!r} has {len(low)} values that are not positive (first: {low['value'].iloc[0]} for "
                f"{show(low['reference_date'].iloc[0])}); a log difference expects positive ones. Use 'difference'."
            )
    return by_name


def _check_options(max_order: Any, window: Any, minimum: Any, every: Any, series: int) -> None:
    for name, value, least in (("order", max_order, 0), ("minimum", minimum, 1), ("every", every, 1)):
        if not is_whole(value) or value < least:
            raise InputError(f"{name}={value!r}; a whole number, {least} or more, was expected.")
    count = 1 + series * max_order
    if minimum < 2 * count:
        raise InputError(
            f"minimum={minimum} for {count} coefficients an equation ({series} series, order {max_order}); at least "
            f"{2 * count} was expected. Raise minimum, or lower max_order."
        )
    if window is not None and (not is_whole(window) or window < minimum):
        raise InputError(f"window={window!r} with minimum={minimum}; a window at least as long was expected.")
