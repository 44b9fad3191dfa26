"""Computes and draws returns by month and year."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from statefolio.exceptions import InputError
from statefolio.report import style
from statefolio.report.fitting import fitted

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ROW = 26


def monthly_returns(returns: "pd.Series[float]") -> pd.DataFrame:
    """Compound returns by month and by year.

    Parameters
    ----------
    returns : Series
        By date, in decimals; missing returns count as 0.

    Returns
    -------
    DataFrame (year x month)
        Columns "Jan" to "Dec" and "year", in decimals; NaN for months without returns.

    Raises
    ------
    InputError
        If all returns are missing.
    """
    known = returns.dropna()
    if known.empty:
        raise InputError("returns must have at least one value, got none. Run the back-test over more dates.")
    dates, grown = pd.DatetimeIndex(known.index), 1.0 + known.to_numpy(dtype=float)
    frame = pd.DataFrame({"year": dates.year, "month": dates.month, "grown": grown})
    by_month = frame.groupby(["year", "month"])["grown"].prod().unstack("month").reindex(columns=range(1, 13)) - 1.0
    by_year = frame.groupby("year")["grown"].prod() - 1.0
    return by_month.set_axis(list(MONTHS), axis=1).assign(year=by_year)


@fitted
def monthly_figure(returns: "pd.Series[float]") -> go.Figure:
    """Draw a table of monthly and yearly returns, with one colour scale for months and one for years.

    Parameters
    ----------
    returns : Series
        Net of costs, in decimals; drawn in percent.
    """
    table = 100.0 * monthly_returns(returns)
    years = [str(year) for year in table.index]
    figure = go.Figure()
    for columns, anchor in ((list(MONTHS), "x"), (["year"], "x2")):
        values = table[columns].to_numpy(dtype=float)
        limit = _limit(values)
        figure.add_heatmap(
            z=values.astype(np.float32),
            x=[name.capitalize() for name in columns],
            y=years,
            xaxis=anchor,
            zmin=-limit,
            zmax=limit,
            colorscale=style.DIVERGING,
            showscale=False,
            xgap=2,
            ygap=2,
            text=[[_text(value) for value in row] for row in values],
            texttemplate="%{text}",
            textfont={"size": 9},
            hoverongaps=False,
            hovertemplate="%{y}, %{x}: %{z:.2f} %<extra></extra>",
        )
    across = {"side": "top", "type": "category", "showgrid": False, "fixedrange": True, "tickangle": 0}
    return style.lay_out(
        figure,
        style.layout(
            height=50 + ROW * max(2, len(years)),
            xaxis=style.axis(domain=[0.0, 0.905], **across),
            xaxis2=style.axis(domain=[0.925, 1.0], **across),
            yaxis=style.axis(type="category", showgrid=False, autorange="reversed", fixedrange=True),
        ),
    )


def _text(value: float) -> str:
    if not np.isfinite(value):
        return ""
    places = 1 if abs(value) < 9.95 else 0  # a cell on a phone has room for four characters
    return f"{value:z.{places}f}".replace("-", "\u2212")


def _limit(values: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]") -> float:
    known = np.abs(values[np.isfinite(values)])
    return float(np.percentile(known, 95.0)) or 1.0 if known.size else 1.0
