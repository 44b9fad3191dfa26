"""Weights in any unit, and scenarios from text."""

from pathlib import Path

import pandas as pd
import pytest

from statefolio.commands.risk.portfolio_inputs import read_scenarios, to_shares
from statefolio.exceptions import InputError

FILE = Path("w.csv")


@pytest.mark.parametrize(
    ("numbers", "unit", "value", "shares", "worth"),
    [
        ([0.6, 0.4], None, None, [0.6, 0.4], None),
        ([60, 40], "percent", 5.0, [0.6, 0.4], 5.0),
        ([600, 400], "currency", None, [0.6, 0.4], 1000),
        ([600, -600], "currency", 1200, [0.5, -0.5], 1200),
        ([60, 40], "share", None, [60, 40], None),
    ],
)
def test_weights_become_shares(numbers, unit, value, shares, worth):
    made, found = to_shares(pd.Series(numbers, dtype=float), unit, FILE, "--weights", value)
    assert made.to_list() == pytest.approx(shares)
    assert found == worth


@pytest.mark.parametrize(
    ("numbers", "unit", "words"),
    [
        ([60, 40], None, "--weights-unit percent"),
        ([1e6, 2e6], None, "--weights-unit currency"),
        ([600, -600], "currency", "--portfolio-value"),
    ],
)
def test_a_unit_that_is_not_clear_is_asked_for(numbers, unit, words):
    with pytest.raises(InputError, match=words):
        to_shares(pd.Series(numbers, dtype=float), unit, FILE, "--weights", None)


def test_scenarios_are_read_from_text():
    assert read_scenarios(["market=-0.1"]) == {"market=-0.1": {"market": -0.1}}
    for text in ("market", "market=x", "=0.1", "a:market=nan"):
        with pytest.raises(InputError, match="--scenario must be FACTOR=RETURN"):
            read_scenarios([text])
    with pytest.raises(InputError, match="twice"):
        read_scenarios(["a:x=1", "a:y=1"])
