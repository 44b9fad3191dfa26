"""Puts surprises of macro series on trading dates: each on the first date that could trade on it."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio._arrays.frames import read_labels
from statefolio._arrays.text import listed, show, shown, span
from statefolio._arrays.types import Array
from statefolio._options import Number, Whole, check_options, is_number
from statefolio.exceptions import DataTypeError, InputError
from statefolio.factors.factor_returns import FactorReturns

NEEDED = ("series", "published", "surprise", "scale")

RULES = {
    "volatility": Number(above=0.0, example=0.01) | None,
    "stale": Whole(at_least=0, example=100),
}


def surprise_factors(
    news: pd.DataFrame, dates: Any, *, volatility: float | None = None, quiet: float = 0.0, stale: int = 100
) -> FactorReturns:
    """Put each surprise on the first trading date on or after its publication.

    Parameters
    ----------
    news : DataFrame
        From `find_surprises`.
    dates : DatetimeIndex
        Trading dates, increasing. A release's time of day is ignored: date a release after the close one day later.
    volatility : float, optional
        Divide each surprise by its standard deviation as estimated from the past, and multiply by this. With 0.01 a
        typical surprise is one percent, so that loadings have the size of those on returns. Default: the units of
        the series.
    quiet : float
        Value on dates without news: 0, the true value of the regressor, or NaN.
    stale : int
        Dates without news are NaN more than this many days after the last release: the series has ended.

    Returns
    -------
    FactorReturns
        Kind "observed". Surprises that arrive on the same trading date add up. NaN until the first surprise;
        releases before the first trading date are left out.

    Raises
    ------
    InputError
        No surprise of a series falls on `dates`; options out of range.

    Examples
    --------
    >>> import pandas as pd
    >>> from statefolio.factors import surprise_factors
    >>> published = pd.to_datetime(["2021-01-13", "2021-02-13"])  # the second is a Saturday
    >>> news = pd.DataFrame({"series": "cpi", "published": published, "surprise": [0.2, -0.1], "scale": 0.2})
    >>> factors = surprise_factors(news, pd.bdate_range("2021-01-12", "2021-02-16"), volatility=0.01)
    >>> cpi = factors.returns["cpi"]
    >>> cpi[cpi.ne(0)]
    date
    2021-01-12      NaN
    2021-01-13    0.010
    2021-02-15   -0.005
    Name: cpi, dtype: float64
    """
    _check_news(news)
    check_options({"volatility": volatility, "stale": stale}, RULES)
    if not is_number(quiet) or not (quiet == 0.0 or np.isnan(quiet)):
        raise InputError(f"quiet must be 0 or NaN, got {shown(quiet)}. Pass e.g. quiet=float('nan').")
    trading = _trading_dates(dates)
    columns, notes = {}, []
    for name in dict.fromkeys(news["series"]):
        rows = news[(news["series"] == name) & news["surprise"].notna()].sort_values("published", kind="stable")
        published = pd.DatetimeIndex(rows["published"]).normalize()
        sizes = rows["surprise"].to_numpy(dtype=np.float64)
        if volatility is not None:
            sizes = _standardised(name, sizes, rows["scale"].to_numpy(dtype=np.float64), volatility)
        where = trading.searchsorted(published, side="left")
        inside = np.asarray((published >= trading[0]) & (where < len(trading)))
        if not inside.any():
            raise InputError(
                f"series {name!r} must have a surprise on the trading dates {span(trading)}, got none. "
                "Pass earlier history of the series, or drop it."
            )
        column = _without_news(trading, published, quiet, stale)
        total = np.bincount(where[inside], weights=sizes[inside], minlength=len(trading))
        column[np.unique(where[inside])] = total[np.unique(where[inside])]
        columns[name] = column
        notes.append(_note(name, int(inside.sum()), trading[where[inside][0]], volatility))
        old = int(np.isnan(column[where[inside][0] :]).sum())
        if old and not np.isnan(quiet):
            notes.append(f"{name!r}: {old} later dates are not known, more than {stale} days after a release.")
    frame = pd.DataFrame(columns, trading)
    return FactorReturns(frame, pd.Series("observed", index=frame.columns), None, tuple(notes))


def _without_news(
    trading: pd.DatetimeIndex, published: pd.DatetimeIndex, quiet: float, stale: int
) -> npt.NDArray[np.float64]:
    """Return the values without news: NaN before the first surprise and long after the last."""
    last = published.searchsorted(trading, side="right") - 1
    days = np.asarray((trading - published[np.maximum(last, 0)]).days)
    return np.where((last >= 0) & (days <= stale), float(quiet), np.nan)


def _standardised(name: Any, sizes: Array, scale: Array, volatility: float) -> Array:
    if (scale <= 0.0).any():
        raise InputError(
            f"series {name!r} must vary before its surprises, got {int((scale <= 0.0).sum())} surprises with scale 0. "
            "Use a larger minimum in find_surprises, or leave volatility out."
        )
    return volatility * sizes / scale


def _note(name: Any, count: int, first: Any, volatility: float | None) -> str:
    units = "its own units" if volatility is None else f"standard deviations of its past times {volatility:g}"
    return f"{name!r}: {count} surprises from {show(first)} on, in {units}."


def _trading_dates(dates: Any) -> pd.DatetimeIndex:
    if not isinstance(dates, pd.DatetimeIndex):
        raise DataTypeError(f"dates must be a DatetimeIndex, got {shown(dates)}. Pass e.g. dates=returns.index.")
    if not len(dates):
        raise InputError(
            "dates must have at least one trading date, got an empty index. Pass e.g. dates=returns.index."
        )
    return read_labels(pd.DataFrame({"any": 0.0}, index=dates), "dates")[0]


def _check_news(news: Any) -> None:
    absent = [name for name in NEEDED if name not in news] if isinstance(news, pd.DataFrame) else list(NEEDED)
    if absent:
        raise InputError(
            f"news must be a table from find_surprises, got one without {listed(absent)}. Call find_surprises first."
        )
    kinds = {name: news[name].dtype for name in NEEDED[1:]}
    if not pd.api.types.is_datetime64_dtype(kinds["published"]) or any(kinds[name].kind != "f" for name in NEEDED[2:]):
        raise DataTypeError(
            "news must have dates in 'published' and floats in 'surprise' and 'scale', got "
            f"{', '.join(f'{name!r} of {kind}' for name, kind in kinds.items())}. Pass a table from find_surprises."
        )
    if not len(news):
        raise InputError("news must have at least one row, got an empty table. Check how it was selected.")
