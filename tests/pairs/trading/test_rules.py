"""Trading rules date by date."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statefolio.exceptions import InputError
from statefolio.pairs.trading.rules import Bands, Linear


@pytest.mark.parametrize(
    ("rule", "z", "units"),
    [
        (Bands(1, 0), [0, -1.5, -0.5, 0.1, 0.5, 1.2, 0.9, -0.1], [0, 1, 1, 0, 0, -1, -1, 0]),
        (Bands(1, 1), [-1.5, -0.9, -1.1, 1.1, 0.9], [1, 0, 1, -1, 0]),
        (Bands(1, 0, stop=3), [-2, -3.5, -2.5, -0.5, -1.5], [1, 0, 0, 0, 1]),
        (Bands(1, 0, longest=2), [-2, -2, -2, -2, 0.5, -2], [1, 1, 0, 0, 0, 1]),
        (Bands(1, 0), [-2, 0, -1, -1.5, 1, 0], [1, 0, 0, 1, 0, 0]),  # closes at the level of exit, opens beyond entry
        (Bands(1, 0.5), [-2, -0.5, 2, 0.5], [1, 0, -1, 0]),
        (Bands(1, 0, stop=3), [-2, -3, -3.1], [1, 1, 0]),  # stops beyond the level of stop
        (Bands(1, -0.5), [-2, 0.4, 0.6], [1, 1, 0]),
        (Bands(1, 0), [np.nan, -2, np.nan, 1.5], [0, 1, 1, -1]),
        (Linear(), [np.nan, -0.1, np.nan, 2.0, 0.0], [0, 1, 1, -1, 0]),
        (Linear(full_at=2), [-1, 4, -0.5], [0.5, -1, 0.25]),
    ],
)
def test_units(rule: Bands | Linear, z: list[float], units: list[float]) -> None:
    np.testing.assert_array_equal(rule.units(np.array(z, dtype=float)), units)


@settings(deadline=None)
@given(st.lists(st.floats(-5, 5) | st.just(float("nan")), min_size=2, max_size=40), st.integers(1, 39))
def test_units_use_no_later_score_and_are_symmetric(z: list[float], cut: int) -> None:
    scores = np.array(z)
    for rule in (Bands(1, 0, stop=3, longest=5), Linear(2.0)):
        np.testing.assert_array_equal(rule.units(scores)[:cut], rule.units(scores[:cut]))
        np.testing.assert_array_equal(rule.units(-scores), -rule.units(scores))


def test_no_level_is_negative_zero() -> None:
    levels = Bands(1.0, 0.0).levels()
    assert list(levels) == ["long entry", "long exit", "short exit", "short entry"]
    assert not np.signbit([levels["long exit"], levels["short exit"]]).any()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Bands(0), "entry must be a finite number of deviations above 0, got 0"),
        (lambda: Bands(1, 2), "exit must be from -entry to entry, which is 1, got 2"),
        (lambda: Bands(True), "entry must be .* got True"),
        (lambda: Bands(1, 0, stop=0.5), "stop must be above entry, which is 1, got 0.5"),
        (lambda: Bands(longest=0), "longest must be .* got 0"),
        (lambda: Linear(float("nan")), "full_at must be .* got nan"),
    ],
)
def test_invalid_rules(make: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()  # type: ignore[operator]
