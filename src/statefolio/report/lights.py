"""Defines lights: the state of what a report checked, in a word, a sign and a sentence, and writes them as HTML."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

import numpy as np

State = Literal["good", "watch", "bad", "unknown"]
WORDS: dict[State, tuple[str, str]] = {
    "good": ("\u2713", "Good"),
    "watch": ("!", "Watch"),
    "bad": ("\u2715", "Bad"),
    "unknown": ("\u2013", "Not checked"),
}
"""Sign and word by state."""
_ORDER: tuple[State, ...] = ("bad", "watch", "unknown", "good")
SLIGHT, LARGE = 0.1, 0.25
"""Relative errors of a forecast volatility: below the first it is good, above the second it is bad."""


@dataclass(frozen=True)
class Light:
    """The state of one check.

    Parameters
    ----------
    name : str
        What was checked.
    state : {"good", "watch", "bad", "unknown"}
        "unknown" where there were too few data.
    sentence : str
        The reason, in one sentence.
    chapter : str
        Title of the chapter with the details.

    Examples
    --------
    >>> import statefolio as sf
    >>> sf.report.Light("Input data", "watch", "2 suspicious cells.").state
    'watch'
    """

    name: str
    state: State
    sentence: str
    chapter: str = ""


def lights_list(lights: Sequence[Light], places: dict[str, str]) -> str:
    """Return lights as an HTML list, the worst first; `places` has the anchor of each chapter by its title."""
    ordered = sorted(lights, key=lambda light: _ORDER.index(light.state))
    return f'<ul class="lights" aria-label="Checks">{"".join(_item(light, places) for light in ordered)}</ul>'


def _item(light: Light, places: dict[str, str]) -> str:
    sign, word = WORDS[light.state]
    place = places.get(light.chapter)
    name = escape(light.name)
    name = name if place is None else f'<a href="#{place}">{name}</a>'
    return (
        f'<li class="light {light.state}"><span class="state"><span aria-hidden="true">{sign}</span> {word}</span>'
        f'<span class="text"><b>{name}</b> {escape(light.sentence)}</span></li>'
    )


def summary_of(lights: Iterable[Light]) -> str:
    """Return the number of lights by state in words.

    >>> summary_of([Light("a", "good", ""), Light("b", "bad", ""), Light("c", "good", "")])
    '1 bad, 2 good'
    """
    states = [light.state for light in lights]
    return ", ".join(f"{states.count(state)} {WORDS[state][1].lower()}" for state in _ORDER if state in states)


def bias_state(bias: float, standard_error: float) -> State:
    """Return the state of a forecast volatility from the ratio of realised to forecast volatility.

    Good within 10 % of 1; bad where it differs by more than 25 %, significantly at 5 %.

    >>> bias_state(1.05, 0.01), bias_state(1.3, 0.05), bias_state(1.15, 0.02), bias_state(1.4, 0.3)
    ('good', 'bad', 'watch', 'watch')
    """
    if not np.isfinite(bias):
        return "unknown"
    distance = abs(bias - 1.0)
    significant = not np.isfinite(standard_error) or distance > 1.96 * standard_error
    if distance <= SLIGHT:
        return "good"
    return "bad" if distance > LARGE and significant else "watch"


def coverage_state(share: float, nominal: float) -> State:
    """Return the state of bands that cover a share of what they should: good within 2 points, bad beyond 5.

    >>> coverage_state(0.945, 0.95), coverage_state(0.92, 0.95), coverage_state(0.8, 0.95)
    ('good', 'watch', 'bad')
    """
    if not np.isfinite(share):
        return "unknown"
    distance = abs(share - nominal)
    return "good" if distance <= 0.02 else "watch" if distance <= 0.05 else "bad"
