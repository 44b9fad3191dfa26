"""Surprises on trading dates: each on the first that could trade on it."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio._arrays.frames import read_labels
from statefolio._arrays.text import listed, show, span
from statefolio._arrays.types import Array
from statefolio._options import is_number, is_whole
from statefolio.exceptions import DataTypeError, InputError
from statefolio.factors.factor_returns import FactorReturns

NEEDED = ("series", "published", "surprise", "scale")


def surprise_factors(
    news: pd.DataFrame, dates: Any, *, volatility: float | None = None, quiet: float = 0.0, stale: int = 100
) -> FactorReturns:
    """Put surprises on trading dates, on the first on or after publication.

    Parameters
    ----------
    news : DataFrame
        From `find_surprises`.
    dates : DatetimeIndex
        Trading dates, increasing. A release's time of day is ignored: date one made after the close a day later.
    volatility : float, optional
        Divide each surprise by the standard deviation that its past gave it, and multiply by this. 0.01 makes a
        usual surprise one percent, so that loadings are of the size of those on returns. Default: the units of the
        series.
    quiet : float
        On dates without news: 0, the regressor's true value, or NaN.
    stale : int
        A quiet date more than this many days after the last release is NaN: the series has ended.

    Returns
    -------
    FactorReturns
        Kind "observed". Surprises that arrive on the same trading date add up. NaN until the first surprise;
        releases before the first trading date are left out.

    Raises
    ------
    InputError
        No surprise of a series falls on `dates`; options out of range.
    """
    _check(news, volatility, quiet, stale)
    trading = _trading_dates(dates)
    columns, notes = {}, []
    for name in dict.fromkeys(news["series"]):
        of = news[(news["series"] == name) & news["surprise"].notna()].sort_values("published", kind="stable")
        published = pd.DatetimeIndex(of["published"]).normalize()
        sizes = of["surprise"].to_numpy(dtype=np.float64)
        if volatility is not None:
            sizes = _standardised(name, sizes, of["scale"].to_numpy(dtype=np.float64), volatility)
        where = trading.searchsorted(published, side="left")
        inside = np.asarray((published >= trading[0]) & (where < len(trading)))
        if not inside.any():
            raise InputError(
                f"series {name!r} has no surprise on the trading dates {span(trading)}; one at least was expected. "
                "Pass earlier history of the series, or drop it."
            )
        column = _quiet(trading, published, quiet, stale)
        came = np.bincount(where[inside], weights=sizes[inside], minlength=len(trading))
        column[np.unique(where[inside])] = came[np.unique(where[inside])]
        columns[name] = column
        notes.append(_note(name, int(inside.sum()), trading[where[inside][0]], volatility))
        old = int(np.isnan(column[where[inside][0] :]).sum())
        if old and not np.isnan(quiet):
            notes.append(f"{name!r}: {old} later dates are not known, more than {stale} days after a release.")
    frame = pd.DataFrame(columns, trading)
    return FactorReturns(frame, pd.Series("observed", index=frame.columns), None, tuple(notes))


def _quiet(trading: pd.DatetimeIndex, published: pd.DatetimeIndex, quiet: float, stale: int) -> npt.NDArray[np.float64]:
    """What a date without news holds: NaN before the first surprise and long after the last."""
    last = published.searchsorted(trading, side="right") - 1
    days = np.asarray((trading - published[np.maximum(last, 0)]).days)
    return np.where((last >= 0) & (days <= stale), float(quiet), np.nan)


def _standardised(name: Any, sizes: Array, scale: Array, volatility: float) -> Array:
    if (scale <= 0.0).any():
        raise InputError(
            f"series {name!r} has {int((scale <= 0.0).sum())} surprises whose past never surprised (scale 0); a series "
            "that varies was expected. Raise minimum in find_surprises, or leave volatility out."
        )
    return volatility * sizes / scale


def _note(name: Any, count: int, first: Any, volatility: float | None) -> str:
    units = "its own units" if volatility is None else f"standard deviations of its past times {volatility:g}"
    return f"{name!r}: {count} surprises from {show(first)} on, in {units}."


def _trading_dates(dates: Any) -> pd.DatetimeIndex:
    if not isinstance(dates, pd.DatetimeIndex):
        raise DataTypeError(f"dates is a {type(dates).__name__}; a DatetimeIndex was expected. Pass returns.index.")
    if not len(dates):
        raise InputError("dates is empty; trading dates were expected. Check the selection that made it.")
    return read_labels(pd.DataFrame({"any": 0.0}, index=dates), "dates")[0]


def _check(news: Any, volatility: Any, quiet: Any, stale: Any) -> None:
    absent = [name for name in NEEDED if name not in news] if isinstance(news, pd.DataFrame) else list(NEEDED)
    if absent:
        raise InputError(f"news lacks {listed(absent)}; a table from find_surprises was expected. Call that first.")
    if not is_number(quiet) or not (quiet == 0.0 or np.isnan(quiet)):
        raise InputError(f"quiet={quiet!r}; 0 or NaN was expected.")
    if volatility is not None and not (is_number(volatility) and np.isfinite(volatility) and volatility > 0.0):
        raise InputError(f"volatility={volatility!r}; a positive number was expected. Pass e.g. 0.01, or None.")
    kinds = {name: news[name].dtype for name in NEEDED[1:]}
    if not pd.api.types.is_datetime64_dtype(kinds["published"]) or any(kinds[name].kind != "f" for name in NEEDED[2:]):
        raise DataTypeError(
            f"news has {', '.join(f'{name!r} of {kind}' for name, kind in kinds.items())}; dates and two columns of "
            "floats were expected, as find_surprises makes them."
        )
    if not len(news):
        raise InputError("news is empty; a table from find_surprises was expected. Check the selection that made it.")
    if not is_whole(stale) or stale < 0:
        raise InputError(f"stale={stale!r}; a number of days, 0 or more, was expected. Pass e.g. 100.")
