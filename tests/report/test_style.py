"""Colours: two series differ for the colour-blind too, in light and in dark, and every figure has one look."""

import json
from itertools import combinations

import numpy as np
import plotly.graph_objects as go
import pytest

from statefolio.exceptions import InputError
from statefolio.report import style
from statefolio.report.fitting import fit_texts, short
from statefolio.report.themes import DARK, themed

# Machado, Oliveira and Fernandes (2009), severity 1.
SEEN = {
    "by all": np.eye(3),
    "with deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "with protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = np.array([0.95047, 1.0, 1.08883])


def linear(colour):
    share = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lab(colour, seen):
    xyz = TO_XYZ @ np.clip(np.asarray(seen) @ linear(colour), 0, 1) / WHITE
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one, other):
    bright, dark = sorted((float(TO_XYZ[1] @ linear(each)) for each in (one, other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("seen", SEEN.values(), ids=SEEN)
@pytest.mark.parametrize("palette", [style.COLOURS, [DARK[each] for each in style.COLOURS]], ids=["light", "dark"])
def test_any_two_colours_of_series_differ(palette, seen):
    for one, other in combinations(palette, 2):
        assert np.linalg.norm(lab(one, seen) - lab(other, seen)) > 20.0, (one, other)


def test_the_distance_is_that_of_known_colours():
    assert lab("#ffffff", np.eye(3)) == pytest.approx([100.0, 0.0, 0.0], abs=0.01)
    assert lab("#ff0000", np.eye(3)) == pytest.approx([53.24, 80.09, 67.20], abs=0.02)
    red, green = (lab(each, SEEN["with deuteranopia"]) for each in ("#a05a2c", "#6b6b2c"))
    assert np.linalg.norm(red - green) < 20.0 < np.linalg.norm(lab("#a05a2c", np.eye(3)) - lab("#6b6b2c", np.eye(3)))


def test_colours_are_visible_on_their_ground():
    for colour in style.COLOURS:
        assert contrast(colour, style.PAPER) >= 3.0
        assert contrast(DARK[colour], DARK[style.PAPER]) >= 3.0
    for text in (style.INK, style.MUTED):
        assert contrast(text, style.PAPER) >= 4.5
        assert contrast(DARK[text], DARK[style.PAPER]) >= 4.5


def test_a_dark_figure_has_no_light_colour_left():
    figure = go.Figure(go.Heatmap(z=[[1, 2]], colorscale=style.DIVERGING)).update_layout(
        style.layout(title="A title", xaxis=style.axis(), shapes=[{"fillcolor": style.IN_SAMPLE}])
    )
    figure.add_scatter(y=[1, 2], line=style.line(9))
    text = themed(figure, "dark").to_json()
    assert [colour for colour in DARK if f'"{colour}"' in text and colour not in DARK.values()] == []
    assert themed(figure, "light").to_json() == go.Figure(json.loads(figure.to_json())).to_json()
    with pytest.raises(InputError, match="theme must be 'light' or 'dark', got 'night'"):
        themed(figure, "night")


def test_series_beyond_the_colours_differ_by_their_dash():
    lines = [tuple(style.line(place).items()) for place in range(3 * len(style.COLOURS))]
    assert len(set(lines)) == len(lines)


def test_names_are_shortened_in_the_middle_and_stay_distinct():
    names = [f"A strategy with a very long name, window {number}" for number in (60, 120)]
    assert short(names[0]) != short(names[1])
    assert len(short(names[0])) <= 22
    figure = go.Figure(go.Bar(x=[1, 2], y=names, orientation="h")).update_layout(
        style.layout(yaxis=style.axis(type="category"))
    )
    labels = fit_texts(figure).layout.yaxis
    assert list(labels.tickvals) == names
    assert len(set(labels.ticktext)) == 2
    assert figure.data[0].y == tuple(names)


def test_a_legend_of_many_lines_makes_a_figure_taller():
    def figure(count):
        made = go.Figure([go.Scatter(y=[1, 2], name=f"a rather long name of a series {i}") for i in range(count)])
        return fit_texts(made.update_layout(style.layout(showlegend=True)))

    assert figure(9).layout.height == figure(1).layout.height + 8 * 19
    assert len(figure(2).data[0].name) <= 34


@pytest.mark.parametrize("values", [[1.0, 1.3], [1e-6, 1.0], [np.nan], [5.0]])
def test_ticks_of_log_axes_are_few_and_cover_the_values(values):
    ticks = style.log_ticks(values)["tickvals"]
    assert 3 <= len(ticks) <= 16
    known = [value for value in values if np.isfinite(value)] or [1.0]
    assert min(ticks) <= min(known)
    assert max(ticks) >= max(known)
