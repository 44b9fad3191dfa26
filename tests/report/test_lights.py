"""Lights: words and signs, the worst first, escaped, linked to their chapters."""

import pytest

from statefolio.report.lights import Light, bias_state, lights_list, summary_of


def test_the_worst_comes_first_with_its_word_and_link():
    lights = [Light("Input <data>", "good", "None & found."), Light("Forecast", "bad", "Too low.", "Validation")]
    text = lights_list(lights, {"Validation": "chapter-2"})
    assert text.index("Forecast") < text.index("Input &lt;data&gt;")
    assert '<a href="#chapter-2">Forecast</a>' in text
    for part in ("Bad", "Good", "\u2715", "None &amp; found."):
        assert part in text
    assert summary_of(lights) == "1 bad, 1 good"


@pytest.mark.parametrize(
    ("bias", "error", "state"),
    [
        (1.0, 0.0, "good"),
        (1.11, 0.01, "watch"),
        (0.7, 0.01, "bad"),
        (1.5, 0.4, "watch"),
        (1.5, float("nan"), "bad"),
        (float("nan"), 0.1, "unknown"),
    ],
)
def test_the_state_of_a_bias_needs_size_and_significance(bias, error, state):
    assert bias_state(bias, error) == state
