"""Puts several figures of one result below each other, as panels of one figure."""

from collections.abc import Sequence

import plotly.graph_objects as go

from statefolio.report import style

TITLE_ROOM = 30.0
AXIS_ROOM = 52.0
PANEL = 190.0
NOT_AN_AXIS = ("domain", "anchor", "matches")


def below_each_other(parts: Sequence[go.Figure], titles: Sequence[str]) -> go.Figure:
    """Return one figure with a panel per part; equal names share an entry of the legend.

    Parameters
    ----------
    parts : sequence of Figure
        With one pair of axes each.
    titles : sequence of str
    """
    count = len(parts)
    inner = count * (PANEL + TITLE_ROOM + AXIS_ROOM)
    figure = go.Figure()
    style.lay_out(
        figure,
        style.layout(height=int(inner + 50), showlegend=True, bargap=0.15, margin={"l": 48, "r": 12, "t": 6, "b": 6}),
    )
    named: set[str] = set()
    for place, (part, title) in enumerate(zip(parts, titles, strict=True)):
        number = "" if place == 0 else str(place + 1)
        top = 1.0 - (place * (PANEL + TITLE_ROOM + AXIS_ROOM) + TITLE_ROOM) / inner
        for letter in "xy":
            axis = part.layout[f"{letter}axis"].to_plotly_json()
            kept = {name: value for name, value in axis.items() if name not in NOT_AN_AXIS}
            other = "y" if letter == "x" else "x"
            domain = [0.0, 1.0] if letter == "x" else [max(0.0, top - PANEL / inner), top]
            figure.layout[f"{letter}axis{number}"] = {**kept, "domain": domain, "anchor": f"{other}{number}"}
        for trace in part.data:
            figure.add_trace(trace)
            known = trace.name is None or trace.name in named
            figure.data[-1].update(xaxis=f"x{number}", yaxis=f"y{number}", legendgroup=trace.name)
            if known:
                figure.data[-1].showlegend = False
            named |= {trace.name} if trace.name else set()
        for shape in part.layout.shapes:
            moved = shape.to_plotly_json()
            for letter in "xy":
                moved[f"{letter}ref"] = (moved.get(f"{letter}ref") or letter).replace(letter, f"{letter}{number}", 1)
            figure.add_shape(moved)
        figure.add_annotation(
            text=f"<b>{title}</b>",
            xref=f"x{number} domain",
            yref=f"y{number} domain",
            x=0,
            y=1,
            xanchor="left",
            yanchor="bottom",
            showarrow=False,
            font={"size": 12.5},
        )
    return figure
