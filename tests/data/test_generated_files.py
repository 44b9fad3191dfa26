"""Files written in the ways of vendors and programs, drawn at random with known contents: read right, or refused."""

import os
import warnings

import numpy as np
import pandas as pd
import pytest
from generated_files import files, text_of
from hypothesis import HealthCheck, given, settings

from statefolio.data import read_prices, read_returns
from statefolio.exceptions import StatefolioError, StatefolioWarning

FILES = int(os.environ.get("STATEFOLIO_GENERATED_FILES", "150"))


@settings(max_examples=FILES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=FILES <= 1000)
@given(files())
def test_files_are_read_right_or_refused(tmp_path_factory, made):
    path = tmp_path_factory.getbasetemp() / made.name
    path.write_bytes(made.content)
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", StatefolioWarning)
            read = (read_returns if made.returns else read_prices)(path)
    except StatefolioError:
        return
    if any("were read with a decimal point" in str(each.message) for each in said):
        return
    table = made.table
    expected = table.dropna(how="all") if made.sparse else table
    found = read.reindex(table.index).dropna(how="all") if made.sparse else read
    assert len(found) == len(expected), made.shown
    assert set(found.columns) <= set(table.columns), made.shown
    for name in table.columns:
        if name in found:
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-12, atol=1e-14, err_msg=made.shown)
        else:
            assert expected[name].isna().all(), made.shown
    assert (found.index == expected.index).all(), made.shown


@pytest.mark.parametrize("style_of_dates", ["%Y-%m-%d", "%d.%m.%Y"])
def test_most_files_are_read(tmp_path, style_of_dates):
    """The refusals above are few: a plain file of every style is read."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        rng.uniform(10, 100, (60, 3)).round(2), pd.bdate_range("2020", periods=60, name="date"), list("ABC")
    )
    plain = {"thousands": False, "percent": False, "money": False, "missing": "", "mark": "", "minus": "-", "digits": 2}
    plain |= {"prose": (), "footer": (), "trailing": 0, "end": "\n", "date": style_of_dates}
    cells = [["date", *table], *([day, *row] for day, row in zip(table.index, table.to_numpy(), strict=True))]
    for separator, comma, quote in [(",", False, False), (";", True, False), ("\t", True, False), ("|", False, True)]:
        path = tmp_path / "table.csv"
        path.write_text(text_of(cells, plain | {"separator": separator, "comma": comma, "quote_all": quote}))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", StatefolioWarning)
            np.testing.assert_array_equal(read_prices(path), table)
