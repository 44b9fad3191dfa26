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


def test_levels_are_where_the_position_changes() -> None:
    rule = Bands(1.0, 0.25, stop=3.0)
    levels = {"long stop": -3.0, "long entry": -1.0, "long exit": -0.25}
    levels |= {"short exit": 0.25, "short entry": 1.0, "short stop": 3.0}
    assert list(rule.levels().items()) == list(levels.items())
    for name, level in levels.items():
        side = -1.0 if name.startswith("long") else 1.0  # of the level: a long position is opened below the mean
        beyond, short_of = level + side * 1e-9, level - side * 1e-9
        before = [0.0] if name.endswith("entry") else [side * 1.5]
        held = [rule.units(np.array([*before, z]))[-1] != 0.0 for z in (beyond, short_of)]
        assert held == ([False, True] if name.endswith("stop") else [True, False]), name
    assert Bands() == Bands(entry=1.0, exit=0.0, stop=None, longest=None)
    assert list(Linear(2.0).levels().items()) == [("fully long", -2.0), ("flat", 0.0), ("fully short", 2.0)]
    assert Linear().levels() == {"flat": 0.0}


def test_no_level_is_negative_zero() -> None:
    levels = Bands(1.0, 0.0).levels()
    assert list(levels) == ["long entry", "long exit", "short exit", "short entry"]
    assert not np.signbit([levels["long exit"], levels["short exit"]]).any()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Bands(0), "entry must be a finite number of deviations above 0, got 0"),
        (lambda: Bands(1, 2), "exit must be at most entry, which is 1, got 2"),
        (lambda: Bands(True), "entry must be .* got True"),
        (lambda: Bands(1, 0, stop=0.5), "stop must be above entry, which is 1, got 0.5. Pass e.g. stop=3."),
        (lambda: Bands(1, 0, stop=1), "stop must be above entry, which is 1, got 1"),
        (lambda: Bands(longest=0), "longest must be .* got 0"),
        (lambda: Linear(float("nan")), "full_at must be .* got nan"),
    ],
)
def test_invalid_rules(make: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()  # type: ignore[operator]


def test_an_exit_beyond_the_other_entry_turns_the_position():
    z = np.array([0.0, -1.2, 1.5, 2.1, 0.0, -1.9, -2.2, np.nan, 0.5])
    assert Bands(1, -2).units(z).tolist() == [0, 1, 1, -1, -1, -1, 1, 1, 1]
    assert Bands(1, -2).levels() == {"short exit": -2, "long entry": -1, "short entry": 1, "long exit": 2}
