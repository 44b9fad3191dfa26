"""Draws validation results: losses of models through time, and calibration of predictions and covariances."""

from typing import Any

import numpy as np
import plotly.graph_objects as go

from statefolio._arrays.text import listed, shown
from statefolio.exceptions import UnknownNameError
from statefolio.loadings.results import HALF_BAND
from statefolio.report import style
from statefolio.report.fitting import fitted, short
from statefolio.validation.covariance_scores import CovarianceScores
from statefolio.validation.losses import LOSSES, date_series
from statefolio.validation.probability import LEVELS, coverage_by_column
from statefolio.validation.validation import Validation

HEIGHT = 300
BINS = 20
LOSS_NAMES = {
    "squared_error": "squared error",
    "negative_log_score": "negative log score",
    "negative_log_score_common": "negative log score with a common noise model",
    "qlike": "QLIKE of the predicted variance",
}


@fitted
def mean_loss_figure(validation: Validation, loss: str = "negative_log_score") -> go.Figure:
    """Draw each model's mean loss with 95 % bars; filled markers are in the model confidence set."""
    table = validation.mean_losses.loc[_known(loss)]
    names = [str(name) for name in table.index]
    figure = go.Figure()
    for inside, label, colour in (
        (True, "In the model confidence set", style.ESTIMATE),
        (False, "Not in the set", style.MUTED),
    ):
        part = table[table["included"] == inside]
        figure.add_scatter(
            x=part["mean"],
            y=[str(name) for name in part.index],
            error_x={"type": "data", "array": HALF_BAND * part["standard_error"], "thickness": 1.4, "width": 4},
            mode="markers",
            name=label,
            marker={"size": 9, "color": colour, "symbol": "circle" if inside else "circle-open"},
            customdata=part["p_value"],
            hovertemplate="%{y}: %{x:.4g}<br>p-value %{customdata:.3f}<extra></extra>",
        )
    return _finish(
        figure,
        f"Mean {LOSS_NAMES[loss]} with 95 % bars",
        height=110 + 34 * len(names),
        xaxis=style.axis(title=style.axis_title("Mean over dates (lower is better)"), exponentformat="power"),
        yaxis=style.axis(type="category", categoryorder="array", categoryarray=names[::-1], showgrid=False),
    )


@fitted
def loss_difference_figure(validation: Validation, loss: str = "negative_log_score") -> go.Figure:
    """Draw each model's loss less the benchmark's, summed through time; it falls while the model is better."""
    series = date_series(validation.losses, _known(loss))
    summed = series.sub(series[validation.benchmark], axis=0).cumsum()
    figure = go.Figure()
    for place, name in enumerate(series.columns):
        if name != validation.benchmark:
            figure.add_scatter(
                x=summed.index,
                y=summed[name],
                name=str(name),
                mode="lines",
                line=style.line(place),
            )
    figure.add_hline(y=0.0, line={"color": style.MUTED, "width": 1, "dash": "dot"})
    return _finish(
        figure,
        f"Sum of {LOSS_NAMES[loss]} less that of {short(validation.benchmark)}",
        xaxis=style.axis(showgrid=False),
        yaxis=style.axis(title=style.axis_title("Sum of differences (falling is better)")),
    )


@fitted
def period_loss_figure(validation: Validation, loss: str = "negative_log_score") -> go.Figure:
    """Draw the mean difference from the benchmark by year, in calm and in stress, as a heat map."""
    table = validation.by_period[validation.by_period["loss"] == _known(loss)]
    shown = table.pivot(index="model", columns="period", values="difference")
    order = list(dict.fromkeys(table["period"]))
    names = [name for name in validation.losses.indexes["model"] if name != validation.benchmark]
    values = shown.loc[names, order]
    relative = loss == "squared_error"
    if relative:
        base = table[table["model"] == validation.benchmark].set_index("period")["mean"]
        values = 100.0 * values / base[order]
    p_value = table.pivot(index="model", columns="period", values="p_value").loc[names, order]
    limit = float(np.nanmax(np.abs(values.to_numpy()), initial=0.0)) or 1.0
    unit = " %" if relative else ""
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=order,
            y=[str(name) for name in names],
            customdata=p_value,
            text=[[_cell(z, p) for z, p in zip(*row, strict=True)] for row in _rows(values, p_value)],
            texttemplate="%{text}",
            colorscale=style.DIVERGING,
            reversescale=True,
            zmin=-limit,
            zmax=limit,
            xgap=2,
            ygap=2,
            hovertemplate="%{y}, %{x}: %{z:.4g}" + unit + "<br>p = %{customdata:.3f}<extra></extra>",
            colorbar={"thickness": 10, "outlinewidth": 0, "ticksuffix": unit},
        )
    )
    return _finish(
        figure,
        f"Mean difference from {short(validation.benchmark)}, by period (* p < .05)",
        height=130 + 34 * len(names),
        xaxis=style.axis(type="category", showgrid=False, fixedrange=True),
        yaxis=style.axis(type="category", showgrid=False, autorange="reversed"),
    )


@fitted
def probability_figure(result: Validation | CovarianceScores) -> go.Figure:
    """Draw the density of the probability integral transforms by model or kind of portfolio; flat if calibrated."""
    edges = np.linspace(0.0, 1.0, BINS + 1)
    figure = go.Figure()
    for place, (name, values) in enumerate(_transforms(result).items()):
        counts, _ = np.histogram(values[np.isfinite(values)], edges)
        figure.add_scatter(
            x=edges,
            y=np.append(counts, counts[-1]) * BINS / max(1, counts.sum()),
            name=name,
            mode="lines",
            line={**style.line(place), "shape": "hv"},
            hovertemplate="%{x:.2f}: %{y:.2f}<extra>" + name + "</extra>",
        )
    figure.add_hline(y=1.0, **style.named_line("Calibrated"))
    return _finish(
        figure,
        "Density of probability integral transforms",
        xaxis=style.axis(title=style.axis_title("Probability integral transform"), showgrid=False),
        yaxis=style.axis(title=style.axis_title("Density (1 if calibrated)"), rangemode="tozero"),
    )


@fitted
def interval_coverage_figure(result: Validation | CovarianceScores) -> go.Figure:
    """Draw the coverage of the predicted intervals less their nominal coverage."""
    figure = go.Figure()
    levels = np.array(LEVELS)
    for place, (name, values) in enumerate(_transforms(result).items()):
        realised = coverage_by_column(values.reshape(-1, 1))[:, 0]
        figure.add_bar(
            x=[f"{level:.0%}" for level in levels],
            y=100.0 * (realised - levels),
            name=name,
            customdata=[f"{share:.1%}" for share in realised],
            marker={"color": style.colour(place)},
            hovertemplate="Nominal %{x}, realised %{customdata}<extra>" + name + "</extra>",
        )
    return _finish(
        figure,
        "Coverage of predicted intervals less nominal",
        xaxis=style.axis(title=style.axis_title("Nominal coverage"), type="category", showgrid=False),
        yaxis=style.axis(title=style.axis_title("Percentage points"), zeroline=True, zerolinecolor=style.MUTED),
    )


@fitted
def bias_figure(scores: CovarianceScores) -> go.Figure:
    """Draw the bias statistics of all portfolios in order, with the 95 % interval under a correct Gaussian forecast."""
    table = scores.portfolios.dropna(subset="bias").sort_values("bias")
    figure = go.Figure()
    place = np.arange(1, len(table) + 1)
    for number, kind in enumerate(scores.portfolios["kind"].unique()):
        own = (table["kind"] == kind).to_numpy()
        figure.add_scatter(
            x=place[own],
            y=table["bias"][own],
            name=str(kind),
            mode="markers",
            marker={"size": 6 if own.sum() > 5 else 11, "color": style.colour(number)},
            customdata=[str(name) for name in table.index[own]],
            hovertemplate="%{customdata}: %{y:.3f}<extra></extra>",
        )
    if len(table):
        low, high = float(table["lower"].median()), float(table["upper"].median())
        figure.add_hrect(
            y0=low,
            y1=high,
            fillcolor=style.BAND,
            line_width=0,
            layer="below",
            name="95 % under a correct Gaussian forecast",
            showlegend=True,
        )
    return _finish(
        figure,
        "Realised / forecast volatility by portfolio",
        xaxis=style.axis(title=style.axis_title("Portfolios in order of their ratio"), showgrid=False),
        yaxis=style.axis(title=style.axis_title("Ratio")),
    )


def _transforms(result: Validation | CovarianceScores) -> dict[str, Any]:
    """Return probability integral transforms by model or by kind of portfolio."""
    if isinstance(result, Validation):
        return {
            str(name): result.losses["probability"].sel(model=name).to_numpy()
            for name in result.losses.indexes["model"]
        }
    kinds = result.portfolios["kind"]
    return {str(kind): result.probability.loc[:, kinds == kind].to_numpy() for kind in kinds.unique()}


def _known(loss: str) -> str:
    if loss not in LOSSES:
        raise UnknownNameError(
            f"loss must be one of {listed(LOSSES, len(LOSSES))}, got {shown(loss)}. Pass e.g. loss={LOSSES[0]!r}."
        )
    return loss


def _rows(values: Any, p_value: Any) -> Any:
    return zip(values.to_numpy(), p_value.to_numpy(), strict=True)


def _cell(value: float, p_value: float) -> str:
    return f"{value:.2g}{'*' if p_value < 0.05 else ''}" if np.isfinite(value) else ""


def _finish(figure: go.Figure, title: str, height: int = HEIGHT, **changes: object) -> go.Figure:
    return style.lay_out(figure, style.layout(height=height, title=title, showlegend=True, **changes))
