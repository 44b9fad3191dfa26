"""Draws risk contributions and their budget: forecast, mean and realised."""

import pandas as pd
import plotly.graph_objects as go
import xarray as xr

from statefolio.exceptions import InputError
from statefolio.report import style
from statefolio.report.backtest.downsampling import date_strings, evenly_spaced
from statefolio.report.backtest.layouts import band, detail, plain, stacked_panels, time_layout
from statefolio.report.backtest.protocols import Backtest
from statefolio.report.fitting import fitted

MOST_LINES = 6
MOST_BARS = 20
BAR = 16


@fitted
def contribution_figure(result: Backtest, most: int = MOST_LINES) -> go.Figure:
    """Draw shares of forecast risk at each decision (solid) with their budget (dashed).

    Parameters
    ----------
    result : BacktestResult
        Its `details["risk_contribution"]` and, if there is one, `details["risk_budget"]`.
    most : int
        The most assets or factors drawn: those with the largest mean absolute contributions.

    Raises
    ------
    InputError
        If the decisions record no contributions.
    """
    got, budget = _budgeted(result)
    chosen = got.abs().mean().sort_values(ascending=False, kind="stable").index[:most]
    kept = evenly_spaced(len(got))
    x = date_strings(got.index[kept])
    figure = go.Figure()
    for place, name in enumerate(chosen):
        colour = style.colour(place)
        shared = {"x": x, "legendgroup": str(name), "mode": "lines" if len(x) > 1 else "markers"}
        if budget is not None and name in budget:
            figure.add_scatter(
                y=plain(100.0 * budget[name].iloc[kept]),
                name=f"{name}, budget",
                line={"width": 1.1, "dash": "dash", "color": colour},
                marker={"symbol": "line-ew-open", "size": 14},
                showlegend=False,
                hoverinfo="skip",
                **shared,
            )
        figure.add_scatter(
            y=plain(100.0 * got[name].iloc[kept]),
            name=str(name),
            line={"width": 1.5, "color": colour},
            hovertemplate="%{y:.1f} %",
            **shared,
        )
    if budget is not None:
        dashed = {"width": 1.1, "dash": "dash", "color": style.MUTED}
        figure.add_scatter(x=[None], y=[None], mode="lines", name="Budget", line=dashed)
    axis = style.axis(title=style.axis_title("Share of forecast risk, %"), zeroline=True, zerolinecolor=style.MUTED)
    return style.lay_out(figure, time_layout("", yaxis=axis, height=400))


@fitted
def budget_figure(result: Backtest, most: int = MOST_BARS) -> go.Figure:
    """Draw mean shares of forecast risk over decisions as bars, with 5th and 95th percentiles and the budget.

    Parameters
    ----------
    result : BacktestResult
        As for `contribution_figure`.
    most : int
        The most bars: those with the largest budgets, or contributions if there is no budget.
    """
    got, budget = _budgeted(result)
    mean = 100.0 * got.mean()
    target = None if budget is None else 100.0 * budget.mean().reindex(got.columns)
    order = (mean if target is None else target.fillna(0.0)).abs().sort_values(ascending=False, kind="stable")
    names = list(order.index[:most])
    low, high = (100.0 * got[names].quantile(level) for level in (0.05, 0.95))
    labels = [str(name) for name in names]
    spread = {"array": plain(high - mean[names]), "arrayminus": plain(mean[names] - low), "thickness": 1.2, "width": 3}
    figure = go.Figure(
        go.Bar(
            x=plain(mean[names]),
            y=labels,
            orientation="h",
            name="Mean, 5th to 95th percentile",
            marker={"color": style.ESTIMATE},
            error_x={**spread, "color": style.MUTED},
            hovertemplate="%{y}: %{x:.2f} %<extra></extra>",
        )
    )
    if target is not None:
        figure.add_scatter(
            x=plain(target[names]),
            y=labels,
            mode="markers",
            name="Budget",
            marker={"symbol": "line-ns", "size": 15, "line": {"width": 2.5, "color": style.OTHER}},
            hovertemplate="%{y}: budget %{x:.2f} %<extra></extra>",
        )
    layout = time_layout(
        "",
        height=max(220, 110 + BAR * len(names)),
        hovermode="closest",
        bargap=0.3,
        xaxis=style.axis(title=style.axis_title("Share of forecast risk, %"), zeroline=True, zerolinecolor=style.MUTED),
        yaxis=style.axis(autorange="reversed", type="category", showgrid=False),
    )
    return style.lay_out(figure, layout)


@fitted
def tracked_contribution_figure(tracked: xr.Dataset, most: int = MOST_LINES) -> go.Figure:
    """Draw filtered realised shares of risk with 95 % bands and their budgets (dashed).

    Parameters
    ----------
    tracked : Dataset (date, line)
        `RiskContributionTracker.tracking_`: filtered, lower, upper and target.
    most : int
        The most panels: the assets with the largest mean absolute shares.

    Raises
    ------
    InputError
        If there is no realised share.
    """
    shares = tracked["filtered"].transpose("date", "line")
    filtered = pd.DataFrame(shares.to_numpy(), shares.indexes["date"], shares.indexes["line"]).dropna(how="all")
    if filtered.empty:
        raise InputError("tracked must have at least one filtered share, got none. Track over more dates.")
    chosen = list(filtered.abs().mean().sort_values(ascending=False, kind="stable").index[:most])
    kept = filtered.index[evenly_spaced(len(filtered))]
    x = date_strings(kept)
    figure = stacked_panels(len(chosen), [f"{name}, % of risk" for name in chosen])
    for row, name in enumerate(chosen, start=1):
        shares_of_name = 100.0 * tracked[["filtered", "lower", "upper", "target"]].sel(line=name, date=kept)
        for trace in band(x, shares_of_name["lower"], shares_of_name["upper"]):
            figure.add_trace(trace, row=row, col=1)
        for part, line in (
            ("target", {"width": 1.4, "dash": "dash", "color": style.OTHER}),
            ("filtered", {"width": 1.5, "color": style.ESTIMATE}),
        ):
            figure.add_scatter(
                x=x,
                y=plain(shares_of_name[part]),
                mode="lines",
                showlegend=False,
                line=line,
                hovertemplate="%{x|%Y-%m-%d}: %{y:.1f} %<extra>" + f"{name}, {part}</extra>",
                row=row,
                col=1,
            )
    return figure


def tracking_error_figure(tracked: xr.Dataset) -> go.Figure:
    """Draw the distance of realised shares of risk from the budget, with that expected from sampling error alone.

    Parameters
    ----------
    tracked : Dataset (date)
        `RiskContributionTracker.tracking_`: tracking_error, observed_tracking_error and noise.
    """
    kept = evenly_spaced(tracked.sizes["date"])
    x = date_strings(tracked.indexes["date"][kept])
    figure = go.Figure()
    for part, label, line in (
        ("observed_tracking_error", "Observed", {"width": 1.0, "color": style.OTHERS}),
        ("noise", "Sampling error alone", {"width": 1.3, "dash": "dot", "color": style.MUTED}),
        ("tracking_error", "Filtered", {"width": 1.8, "color": style.ESTIMATE}),
    ):
        values = plain(100.0 * tracked[part].to_numpy()[kept])
        figure.add_scatter(x=x, y=values, mode="lines", name=label, line=line, hovertemplate="%{y:.1f} %")
    axis = style.axis(title=style.axis_title("Distance from the budget, % of risk"), rangemode="tozero")
    return style.lay_out(figure, time_layout("", yaxis=axis, height=400))


def _budgeted(result: Backtest) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    got = detail(result.details, "risk_contribution", result.name)
    budget = result.details.get("risk_budget")
    if budget is None or budget.empty:
        return got, None
    return got, budget.reindex(got.index)
