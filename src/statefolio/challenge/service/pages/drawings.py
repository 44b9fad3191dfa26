"""Draws pictures as SVG without scripts or inline styles; the style sheet colours them for light and dark."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from markupsafe import Markup

WIDTH, NARROW = 720.0, 380.0
LABELS = 150.0
ROW = 32.0
"""Height of one row of bands, in units of the drawing."""
_NAMES = 18.0
"""Width of the longest name, in small letters."""


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % band; None where there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None


def bands(rows: Mapping[str, Estimate], *, percent: bool = True, title: str) -> Markup:
    """Return one row per name: a point, its band, and the line at zero.

    Parameters
    ----------
    rows : mapping of str to Estimate
        Values by name, in the order of the rows.
    percent : bool
        Values are shares, written in percent.
    title : str
        What the picture shows, for readers that do not see it.
    """
    known = [each for row in rows.values() for each in (row.value, row.low, row.high, 0.0) if each is not None]
    low, high = min(known, default=0.0), max(known, default=1.0)
    pad = 0.06 * ((high - low) or 1.0)
    scale = _Scale(low - pad, high + pad, 96.0, NARROW - 58.0)
    height = ROW * len(rows) + 8.0
    parts = [f'<line class="zero" x1="{scale(0.0):.1f}" x2="{scale(0.0):.1f}" y1="0" y2="{height:.0f}"/>']
    for number, (name, row) in enumerate(rows.items()):
        middle = ROW * (number + 0.5) + 4.0
        parts.append(_text(0.0, middle, isolated(name), "label"))
        if row.value is None:
            parts.append(_text(scale(0.0) + 6.0, middle, "\u2013", "value"))
            continue
        sign = "up" if row.value >= 0.0 else "down"
        if row.low is not None and row.high is not None:
            left, wide = scale(row.low), scale(row.high) - scale(row.low)
            parts.append(
                f'<rect class="band {sign}" x="{left:.1f}" y="{middle - 7:.1f}" width="{wide:.1f}" height="14" rx="7"/>'
            )
        parts.append(f'<circle class="point {sign}" cx="{scale(row.value):.1f}" cy="{middle:.1f}" r="5"/>')
        parts.append(_text(NARROW, middle, written(row.value, percent), "value end"))
    return _svg(height, parts, title, NARROW)


Values = Sequence[float | None]


def lines(
    series: Mapping[str, Values], labels: tuple[str, str], title: str, band: tuple[Values, Values] | None = None
) -> Markup:
    """Return lines over the same dates, each with its name at the end.

    Parameters
    ----------
    series : mapping of str to sequence of float or None
        Values by name, all of one length; None leaves a gap.
    labels : tuple of str
        First and last date.
    title : str
        What the picture shows.
    band : pair of sequences of float or None, optional
        Lower and upper values of a band behind the lines; it does not widen the picture by more than half.
    """
    known = [value for values in series.values() for value in values if value is not None]
    length = max((len(values) for values in series.values()), default=0)
    if not known or length < 2:
        return Markup("")
    height, right = 300.0, WIDTH - LABELS
    across = _Scale(0.0, length - 1.0, 44.0, right)
    low, high = _widened(min(known), max(known), band)
    up = _Scale(low, high, height - 30.0, 12.0)
    parts = [] if band is None else [_area(band, across, up, low, high)]
    for step in range(5):
        value = low + (high - low) * step / 4.0
        parts.append(f'<line class="grid" x1="44" x2="{right:.0f}" y1="{up(value):.1f}" y2="{up(value):.1f}"/>')
        parts.append(_text(38.0, up(value), f"{value:.2f}", "tick end"))
    parts.append(_text(44.0, height - 10.0, labels[0], "tick"))
    parts.append(_text(right, height - 10.0, labels[1], "tick end"))
    ends = _apart([up(next(v for v in reversed(values) if v is not None)) for values in series.values()])
    for number, (name, values) in enumerate(series.items()):
        colour = f"line-{number % 8}"
        parts.append(f'<path class="curve {colour}" d="{_path(values, across, up)}"/>')
        parts.append(_text(right + 8.0, ends[number], isolated(name), f"label {colour}"))
    return _svg(height, parts, title)


def slopes(rows: Mapping[str, tuple[int, int]], sides: tuple[str, str], title: str) -> Markup:
    """Return one line per name from its rank on the left to its rank on the right."""
    most = max((rank for pair in rows.values() for rank in pair), default=1)
    height = 26.0 * most + 40.0
    down = _Scale(1.0, float(max(most, 2)), 40.0, height - 14.0)
    left, right = 190.0, WIDTH - 190.0
    parts = [_text(left, 14.0, sides[0], "tick end"), _text(right, 14.0, sides[1], "tick")]
    starts = _apart([down(pair[0]) for pair in rows.values()], 16.0)
    ends = _apart([down(pair[1]) for pair in rows.values()], 16.0)
    for number, (name, (before, after)) in enumerate(rows.items()):
        moved = "up" if after < before else "down" if after > before else "same"
        heights = f'y1="{starts[number]:.1f}" y2="{ends[number]:.1f}"'
        parts.append(f'<line class="slope {moved}" x1="{left:.0f}" x2="{right:.0f}" {heights}/>')
        parts.append(_text(left - 8.0, starts[number], f"{isolated(name)}  {before}", "label end"))
        parts.append(_text(right + 8.0, ends[number], f"{after}  {isolated(name)}", "label"))
    return _svg(height, parts, title)


def written(value: float, percent: bool) -> str:
    """Return a number with its sign, in percent or with three decimals."""
    return (f"{value:+.1%}" if percent else f"{value:+.3f}").replace("-", "\u2212")


def isolated(name: str) -> str:
    """Return a shortened name between marks that keep its direction of writing from its neighbours."""
    return f"\u2068{shortened(name, _NAMES)}\u2069"


def shortened(name: str, most: float) -> str:
    """Return the beginning of a name that is about as wide as so many small letters; a cut is marked.

    >>> shortened("momentum", 18.0), shortened("a name that is too long for it", 12.0), shortened("WWWWWWWWWWWW", 9.0)
    ('momentum', 'a name that…', 'WWWWW…')
    """
    width = 0.0
    for place, letter in enumerate(name):
        width += _width(letter)
        if width > most:
            return name[:place].rstrip() + "…"
    return name


def _width(letter: str) -> float:
    if letter in "WM@%" or unicodedata.east_asian_width(letter) in "WF":
        return 1.8
    return 1.25 if letter.isupper() else 1.0


class _Scale:
    """Places values between two ends of the drawing."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.span = low, (high - low) or 1.0
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / self.span * (self.end - self.start)


def _path(values: Sequence[float | None], across: _Scale, up: _Scale) -> str:
    words, pen_up = [], True
    for place, value in enumerate(values):
        if value is None:
            pen_up = True
            continue
        words.append(f"{'M' if pen_up else 'L'}{across(place):.1f} {up(value):.1f}")
        pen_up = False
    return " ".join(words)


def _widened(low: float, high: float, band: tuple[Values, Values] | None) -> tuple[float, float]:
    """Return ends that show a band too, up to half the height of the lines on each side."""
    if band is None:
        return low, high
    room = 0.5 * ((high - low) or 1.0)
    least = min((value for value in band[0] if value is not None), default=low)
    most = max((value for value in band[1] if value is not None), default=high)
    return max(min(low, least), low - room), min(max(high, most), high + room)


def _area(band: tuple[Values, Values], across: "_Scale", up: "_Scale", low: float, high: float) -> str:
    """Return the area between two lines, where both are known."""
    known = [
        (across(place), up(min(max(lower, low), high)), up(min(max(upper, low), high)))
        for place, (lower, upper) in enumerate(zip(*band, strict=True))
        if lower is not None and upper is not None
    ]
    there = " L".join(f"{x:.1f} {y:.1f}" for x, y, _ in known)
    back = " L".join(f"{x:.1f} {y:.1f}" for x, _, y in reversed(known))
    return f'<path class="band" d="M{there} L{back} Z"/>' if len(known) > 1 else ""


def _apart(places: Sequence[float], least: float = 14.0) -> list[float]:
    """Return places for labels that keep a least distance, in the order of the places."""
    order = sorted(range(len(places)), key=lambda each: places[each])
    moved = list(places)
    for before, after in pairwise(order):
        moved[after] = max(moved[after], moved[before] + least)
    return moved


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" dy=".35em">{escape(text)}</text>'


def _svg(height: float, parts: Sequence[str], title: str, width: float = WIDTH) -> Markup:
    inside, kind = "".join(parts), "drawing narrow" if width < WIDTH else "drawing"
    return Markup(
        f'<svg class="{kind}" viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(title)}">'
        f"{inside}</svg>"
    )
