"""Prices from a file: the wanted assets in their order, and errors about unknown ones."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from statefolio.commands.pairs.options import UniverseFile
from statefolio.commands.pairs.price_inputs import read_price_inputs
from statefolio.exceptions import InputError, UnknownNameError


@pytest.fixture
def file(tmp_path):
    table = pd.DataFrame(np.arange(1.0, 61.0).reshape(20, 3), pd.bdate_range("2020-01-01", periods=20), list("ABC"))
    table.iloc[3, 1] = np.nan
    table.rename_axis("date").to_csv(tmp_path / "prices.csv")
    return tmp_path / "prices.csv"


def test_assets_have_the_order_of_their_names_and_gaps_stay(file):
    found = read_price_inputs(
        UniverseFile(prices=file, assets=("C", "B"), first=datetime(2020, 1, 2), last=datetime(2020, 1, 20))
    )
    assert list(found.prices.columns) == ["C", "B"]
    assert found.prices.index[[0, -1]].strftime("%Y-%m-%d").tolist() == ["2020-01-02", "2020-01-20"]
    assert found.prices.isna().to_numpy().sum() == 1
    assert found.facts["missing prices"].startswith("1 (")


def test_without_names_all_assets_are_read(file):
    assert list(read_price_inputs(UniverseFile(prices=file)).prices.columns) == ["A", "B", "C"]


def test_unknown_and_repeated_names_are_refused(file):
    with pytest.raises(UnknownNameError, match=r"must name assets of .*'A', 'B', 'C', got 'a'"):
        read_price_inputs(UniverseFile(prices=file, assets=("A", "a")))
    with pytest.raises(InputError, match="'A' more than once"):
        read_price_inputs(UniverseFile(prices=file, assets=("A", "B", "A")))


def test_a_close_name_is_suggested(file):
    table = pd.read_csv(file, index_col=0).rename(columns={"A": "EWA"})
    table.to_csv(file)
    with pytest.raises(UnknownNameError, match=r"Did you mean 'EWA'\?"):
        read_price_inputs(UniverseFile(prices=file, assets=("EWX", "B")))


def test_dates_outside_the_file_are_refused(file):
    with pytest.raises(InputError, match="--from 2021-01-01 must leave dates"):
        read_price_inputs(UniverseFile(prices=file, first=datetime(2021, 1, 1)))
