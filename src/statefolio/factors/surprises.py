"""Finds surprises of macro series: releases less their forecasts by an autoregression of the past."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed, show
from statefolio._arrays.types import Array
from statefolio._options import OneOf, Whole, check
from statefolio.exceptions import InputError, UnknownNameError
from statefolio.factors.autoregression import Estimate, PastAutoregression
from statefolio.factors.real_time import TRANSFORMS, RealTimeSeries
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
    """Compute the innovations of an AR or VAR of released series, each estimated on earlier publications.

    A release of reference date d, published on date p, brings the surprise u = z_d - E[z_d]. z_d is the transformed
    value as first published, with differences from the previous value as known on p. The forecast uses coefficients,
    an order and lagged values known strictly before p (values first published on p itself serve only as lags of later
    ones of that day). A revision without a new reference date is not a surprise; later estimates use it.

    Parameters
    ----------
    series, lag
        As for `read_releases`: a table by reference date and a publication lag, or a table of vintages.
    transform : {"difference", "level", "log difference"}, or a mapping from series to one of these
        Transformation to z; a difference is taken from the last reference date with a value.
    model : {"ar", "var"}
        One autoregression per series, or one for all of them. A row of a VAR has every series and counts as
        published with the last one.
    max_order : int
        Orders from 0 to this are compared by BIC, on the same rows.
    order : int, optional
        Use this order, without comparison.
    window : int, optional
        Number of last rows that an estimate uses (rolling). Default: all of the past (expanding).
    minimum : int
        Rows before the first estimate, at least twice the coefficients of an equation.
    every : int
        Publication dates from one estimate to the next.

    Returns
    -------
    DataFrame
        One row per series and reference date: "series", "reference_date", "published", "value" (z), "forecast",
        "surprise", "scale" (standard deviation of the estimate's residuals) and "order"; NaN before the first
        estimate. Sorted by series, in the given order.

    Raises
    ------
    InputError
        Options out of range, a logarithm of a value that is not positive, a series too short for one surprise.

    Notes
    -----
    Chen, Roll and Ross (1986), Economic forces and the stock market, Journal of Business 59, use such innovations as
    factors. `surprise_factors` puts the table on trading dates.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from statefolio.factors import find_surprises
    >>> months = pd.date_range("2010-01-31", periods=120, freq="ME")
    >>> rate = pd.DataFrame({"rate": np.cumsum(np.cos(np.arange(120.0) ** 2))}, index=months)
    >>> news = find_surprises(rate, lag=10, max_order=1, minimum=60)
    >>> news.set_index("published")[["value", "forecast", "surprise"]].round(2).tail(2)
                value  forecast  surprise
    published
    2019-12-10   0.90      0.04      0.85
    2020-01-10   0.27      0.05      0.22
    """
    releases = read_releases(series, lag)
    names = _names_in_order(series, releases)
    transforms = _checked_transforms(transform, releases, names)
    check("model", model, OneOf("ar", "var"))
    blocks = [names] if model == "var" else [[name] for name in names]
    limit = max_order if order is None else order
    check("max_order" if order is None else "order", limit, Whole(at_least=0))
    _check_options(limit, window, minimum, every, max(len(block) for block in blocks))
    found = []
    for block in blocks:
        regression = PastAutoregression(limit, window, fixed=order is not None)
        values = RealTimeSeries(releases[releases["series"].isin(block)], block, [transforms[name] for name in block])
        found.append(_surprises(values, block, regression, minimum, every))
    return pd.concat(found, ignore_index=True)


def _surprises(
    values: RealTimeSeries, names: list[Any], regression: PastAutoregression, minimum: int, every: int
) -> pd.DataFrame:
    estimate: Estimate | None = None
    used, dates_since = np.empty((0, len(names))), 0
    found: list[tuple[Any, ...]] = []
    for news in values.publications():
        rows = len(news.before) - regression.max_order
        if rows >= minimum and (estimate is None or dates_since >= every):
            estimate = regression.estimate(news.before, _same_rows(used, news.before))
            used, dates_since = news.before, 0
        dates_since += 1
        for reference, row in zip(news.references, news.new, strict=True):
            z = news.current[row]
            if estimate is None or row < estimate.order:
                forecast, scale, order = np.full(len(z), np.nan), np.full(len(z), np.nan), np.nan
            else:
                forecast, scale, order = estimate.forecast(news.lagged[:row]), estimate.scale, estimate.order
            found += [
                (name, reference, news.published, z[k], forecast[k], z[k] - forecast[k], scale[k], order)
                for k, name in enumerate(names)
            ]
    if estimate is None:
        raise InputError(
            f"series {listed(names)} must have more than {minimum + regression.max_order} reference dates with every "
            f"value for a first estimate, got {len(found) // len(names)}. Pass more history, or a smaller minimum or "
            "max_order; in a VAR, all series need the same reference dates."
        )
    table = pd.DataFrame(dict(zip(COLUMNS, map(np.array, zip(*found, strict=True)), strict=True)))
    return table.sort_values("series", key=lambda column: column.map(names.index), kind="stable", ignore_index=True)


def _same_rows(a: Array, b: Array) -> int:
    """Count the leading rows that are equal; in two views of one growing array, all are."""
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
            f"transform must name each of the series {listed(names, most=8)}, got {listed(list(by_name))}. "
            "Pass one transformation for all, or one for each."
        )
    for value in by_name.values():
        check("transform", value, OneOf(*TRANSFORMS))
    for name in names:
        low = releases[(releases["series"] == name) & (releases["value"] <= 0.0)]
        if by_name[name] == "log difference" and len(low):
            raise InputError(
                f"series {name!r} must be positive for a log difference, got {len(low)} values that are not positive "
                f"(first: {low['value'].iloc[0]} for {show(low['reference_date'].iloc[0])}). Use "
                "transform='difference'."
            )
    return by_name


def _check_options(max_order: Any, window: Any, minimum: Any, every: Any, series: int) -> None:
    check("minimum", minimum, Whole(at_least=1, example=60))
    check("every", every, Whole(at_least=1))
    count = 1 + series * max_order
    if minimum < 2 * count:
        raise InputError(
            f"minimum must be at least {2 * count} for {count} coefficients per equation ({series} series, order "
            f"{max_order}), got {minimum}. Use a larger minimum, or a smaller max_order."
        )
    check("window", window, Whole(at_least=minimum) | None)
