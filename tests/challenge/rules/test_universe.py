"""Tests of the names that submissions may use."""

import json

import pytest

from statefolio.challenge.rules.universe import Universe, read_universe
from statefolio.exceptions import FileFormatError


def test_names_come_from_the_public_file(tmp_path, universe):
    (tmp_path / "rules.json").write_text(json.dumps({"universe": universe.to_json()}))
    assert read_universe(tmp_path) == universe
    assert universe.names == {"AAPL", "KO", "XOM", "market", "value"}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"universe": {}}'])
def test_another_file_is_refused(tmp_path, text):
    (tmp_path / "rules.json").write_text(text)
    with pytest.raises(FileFormatError, match=r"rules\.json must be"):
        read_universe(tmp_path)


def test_the_stand_in_has_the_names_and_nothing_else(universe):
    market = universe.stand_in
    assert Universe.of_market(market) == universe
    assert Universe.of_market(Universe(("A",), (), True).stand_in) == Universe(("A",), (), True)
