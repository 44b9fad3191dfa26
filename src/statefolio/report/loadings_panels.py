"""Lays out the panels of one asset's loadings: axes, titles and traces without data."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from statefolio.report import style
from statefolio.report.fitted_loadings import ALPHA, Floats
from statefolio.report.fitting import LONGEST_NAME, short

PANEL_HEIGHT = 215
TOP, BOTTOM = 30, 66
LONGEST_TITLE = 20
"""Characters of a panel's title with two panels in a row."""
ALPHA_UNIT = 1e4
"""Alpha is drawn in basis points, because its values in decimals are too small for an axis."""
PERIODS = (
    (0.9, "period"),
    (4.0, "day"),
    (10.0, "week"),
    (45.0, "month"),
    (120.0, "quarter"),
    (400.0, "year"),
)
"""The most days between dates for each name of a period."""


def factor_scales(factors: Sequence[str]) -> Floats:
    """Return the factor by which each loading is multiplied for the figure."""
    return np.array([ALPHA_UNIT if factor == ALPHA else 1.0 for factor in factors])


def empty_figure(
    factors: Sequence[str],
    dates: pd.DatetimeIndex,
    tuned_until: pd.Timestamp | None,
    *,
    other_name: str | None,
    columns: int,
    band: float = 0.95,
) -> dict[str, Any]:
    """Return the figure of one asset without data."""
    rows = -(-len(factors) // columns)
    height = TOP + BOTTOM + rows * PANEL_HEIGHT
    page = style.layout(
        height=height,
        margin={"l": 44, "r": 10, "t": TOP, "b": 10},
        showlegend=True,
        hovermode="x",
        annotations=[],
        shapes=[],
    )
    data: list[dict[str, Any]] = []
    longest = LONGEST_TITLE if columns > 1 else 2 * LONGEST_TITLE
    for position, factor in enumerate(factors):
        row, column = divmod(position, columns)
        x_domain, y_domain = _domains(row, column, rows, columns)
        number = axis_number(position)
        page[f"xaxis{number}"] = style.axis(
            domain=x_domain,
            anchor=f"y{number}",
            type="date",
            showgrid=False,
            nticks=4,
            tickangle=0,
        )
        if position:
            page[f"xaxis{number}"]["matches"] = "x"
        page[f"yaxis{number}"] = style.axis(domain=y_domain, anchor=f"x{number}", nticks=6)
        page["annotations"].append(_label(short(label(factor, dates), longest), number))
        _mark_in_sample(page, number, dates, tuned_until)
        data.extend(_traces(number, other_name, band, named=position == 0))
    return {"data": data, "layout": page}


def axis_number(position: int) -> str:
    """Return plotly's number of a panel's axes: "", "2", "3", ..."""
    return "" if position == 0 else str(position + 1)


def label(factor: str, dates: pd.DatetimeIndex) -> str:
    """Return the title of a panel."""
    return f"alpha, bp per {period(dates)}" if factor == ALPHA else factor


def period(dates: pd.DatetimeIndex) -> str:
    """Return the word for the median distance between dates."""
    if len(dates) < 2:
        return "period"
    days = float(np.median(np.diff(dates.to_numpy()) / np.timedelta64(1, "D")))
    return next((word for most, word in PERIODS if days <= most), "period")


def _domains(row: int, column: int, rows: int, columns: int) -> tuple[list[float], list[float]]:
    gap_x, gap_y = 0.07, 52 / (rows * PANEL_HEIGHT)
    width = (1 - gap_x * (columns - 1)) / columns
    height = (1 - gap_y * (rows - 1)) / rows
    left, top = column * (width + gap_x), 1 - row * (height + gap_y)
    return [left, min(1.0, left + width)], [max(0.0, top - height), top]


def _label(text: str, number: str) -> dict[str, Any]:
    return {
        "text": f"<b>{text}</b>",
        "xref": f"x{number} domain",
        "yref": f"y{number} domain",
        "x": 0,
        "y": 1,
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 12},
    }


def _mark_in_sample(
    page: dict[str, Any], number: str, dates: pd.DatetimeIndex, tuned_until: pd.Timestamp | None
) -> None:
    """Shade the dates that the hyper-parameters were learned from."""
    if tuned_until is None or not len(dates) or tuned_until < dates[0]:
        return
    end = min(tuned_until, dates[-1])
    where = {"xref": f"x{number}", "yref": f"y{number} domain", "x0": dates[0].isoformat(), "y0": 0, "y1": 1}
    page["shapes"].append(
        {
            **where,
            "type": "rect",
            "x1": end.isoformat(),
            "fillcolor": style.IN_SAMPLE,
            "line": {"width": 0},
            "layer": "below",
            "name": "In sample",
            "legendgroup": "in sample",
            "showlegend": number == "",
        }
    )


def _traces(number: str, other_name: str | None, probability: float, *, named: bool) -> list[dict[str, Any]]:
    """Return one panel's traces: lower edge, upper edge, the other estimate if there is one, the estimate."""
    shared = {
        "type": "scatter",
        "mode": "lines",
        "xaxis": f"x{number}",
        "yaxis": f"y{number}",
        "x": [],
        "y": [],
    }
    edge = {**shared, "line": {"width": 0}, "hoverinfo": "skip", "legendgroup": "band"}
    band = {"fill": "tonexty", "fillcolor": style.BAND, "name": f"{100 * probability:g} % band", "showlegend": named}
    traces = [{**edge, "showlegend": False}, {**edge, **band}]
    hover = "%{y:.3g}"
    if other_name is not None:
        line = {"width": 1.2, "color": style.OTHER}
        name = short(other_name, LONGEST_NAME)
        about = {"name": name, "legendgroup": "other", "showlegend": named, "hovertemplate": hover}
        traces.append({**shared, **about, "line": line})
    line = {"width": 1.8, "color": style.ESTIMATE}
    about = {
        "name": "Filtered loading",
        "legendgroup": "estimate",
        "showlegend": named,
        "hovertemplate": hover,
    }
    return [*traces, {**shared, **about, "line": line}]
