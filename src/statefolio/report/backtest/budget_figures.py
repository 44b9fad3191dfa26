"""Risk contributions against the budget they were meant to keep to."""

import pandas as pd
import plotly.graph_objects as go
import xarray as xr

from statefolio.exceptions import InputError
from statefolio.report import style
from statefolio.report.backtest.panels import OTHERS, band, detail, plain, quiet_title, stacked_panels, time_layout
from statefolio.report.backtest.tested import Tested
from statefolio.report.backtest.thinning import days, every_few

MOST_LINES = 6
MOST_BARS = 20
BAR = 16


def contribution_figure(result: Tested, most: int = MOST_LINES) -> go.Figure:
    """Draw shares of the forecast risk through time (solid) and their budget (dashed), as each decision left them.

    Parameters
    ----------
    result : BacktestResult
        Its `details["risk_contribution"]` and, where there is one, `details["risk_budget"]`.
    most : int
        How many assets or factors are drawn: the largest in mean absolute contribution.

    Raises
    ------
    InputError
        Where the decisions left no contributions.
    """
    got, budget = _budgeted(result)
    chosen = got.abs().mean().sort_values(ascending=False, kind="stable").index[:most]
    kept = every_few(len(got))
    x = days(got.index[kept])
    figure = go.Figure()
    for place, name in enumerate(chosen):
        colour = style.LINES[place % len(style.LINES)]
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
        figure.add_scatter(x=[None], y=[None], mode="lines", name="budget", line=dashed)
    axis = style.axis(title=quiet_title("share of forecast risk, %"), zeroline=True, zerolinecolor=style.MUTED)
    return figure.update_layout(time_layout("", yaxis=axis, height=400))


def budget_figure(result: Tested, most: int = MOST_BARS) -> go.Figure:
    """Draw mean shares of the forecast risk over decisions as bars, from 5th to 95th percentile, with the budget.

    Parameters
    ----------
    result : BacktestResult
        As for `contribution_figure`.
    most : int
        How many bars: the largest budgets, or contributions where there is no budget.
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
            name="contribution, mean and 5 to 95 % of decisions",
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
            name="budget",
            marker={"symbol": "line-ns", "size": 15, "line": {"width": 2.5, "color": style.OTHER}},
            hovertemplate="%{y}: budget %{x:.2f} %<extra></extra>",
        )
    layout = time_layout(
        "",
        height=max(220, 110 + BAR * len(names)),
        hovermode="closest",
        bargap=0.3,
        xaxis=style.axis(title=quiet_title("share of forecast risk, %"), zeroline=True, zerolinecolor=style.MUTED),
        yaxis=style.axis(autorange="reversed", type="category", showgrid=False),
    )
    return figure.update_layout(layout)


def tracked_contribution_figure(tracked: xr.Dataset, most: int = MOST_LINES) -> go.Figure:
    """Draw realised shares of risk as they were tracked, each in its 95 % band, with its budget dashed.

    Parameters
    ----------
    tracked : Dataset (date, line)
        `RiskContributionTracker.tracking_`: filtered, lower, upper and target.
    most : int
        How many panels: the lines largest in mean absolute share.

    Raises
    ------
    InputError
        Where nothing was tracked.
    """
    shares = tracked["filtered"].transpose("date", "line")
    filtered = pd.DataFrame(shares.to_numpy(), shares.indexes["date"], shares.indexes["line"]).dropna(how="all")
    if filtered.empty:
        raise InputError("no tracked share came; a date at least was expected. Track over more dates.")
    chosen = list(filtered.abs().mean().sort_values(ascending=False, kind="stable").index[:most])
    kept = filtered.index[every_few(len(filtered))]
    x = days(kept)
    figure = stacked_panels(len(chosen), [f"{name}, % of risk" for name in chosen])
    for row, name in enumerate(chosen, start=1):
        line = 100.0 * tracked[["filtered", "lower", "upper", "target"]].sel(line=name, date=kept)
        for trace in band(x, line["lower"], line["upper"]):
            figure.add_trace(trace, row=row, col=1)
        for part, drawn in (
            ("target", {"width": 1.4, "dash": "dash", "color": style.OTHER}),
            ("filtered", {"width": 1.5, "color": style.ESTIMATE}),
        ):
            figure.add_scatter(
                x=x,
                y=plain(line[part]),
                mode="lines",
                showlegend=False,
                line=drawn,
                hovertemplate="%{x|%Y-%m-%d}: %{y:.1f} %<extra>" + f"{name}, {part}</extra>",
                row=row,
                col=1,
            )
    return figure


def tracking_error_figure(tracked: xr.Dataset) -> go.Figure:
    """Draw how far tracked shares of risk are off their budget, beside what sampling error alone would show.

    Parameters
    ----------
    tracked : Dataset (date)
        `RiskContributionTracker.tracking_`: tracking_error, observed_tracking_error and noise.
    """
    kept = every_few(tracked.sizes["date"])
    x = days(tracked.indexes["date"][kept])
    figure = go.Figure()
    for part, label, line in (
        ("observed_tracking_error", "as observed", {"width": 1.0, "color": OTHERS}),
        ("noise", "sampling error alone", {"width": 1.3, "dash": "dot", "color": style.MUTED}),
        ("tracking_error", "as tracked", {"width": 1.8, "color": style.ESTIMATE}),
    ):
        values = plain(100.0 * tracked[part].to_numpy()[kept])
        figure.add_scatter(x=x, y=values, mode="lines", name=label, line=line, hovertemplate="%{y:.1f} %")
    axis = style.axis(title=quiet_title("off the budget, % of risk"), rangemode="tozero")
    return figure.update_layout(time_layout("", yaxis=axis, height=400))


def _budgeted(result: Tested) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    got = detail(result.details, "risk_contribution", result.name)
    budget = result.details.get("risk_budget")
    if budget is None or budget.empty:
        return got, None
    return got, budget.reindex(got.index)
