"""Prices from a file: the wanted assets in the wanted order, and what is said where they are not there."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from statefolio.commands.pairs.price_inputs import PriceSource, read_price_inputs
from statefolio.exceptions import InputError, UnknownNameError


@pytest.fixture
def file(tmp_path):
    table = pd.DataFrame(np.arange(1.0, 61.0).reshape(20, 3), pd.bdate_range("2020-01-01", periods=20), list("ABC"))
    table.iloc[3, 1] = np.nan
    table.rename_axis("date").to_csv(tmp_path / "prices.csv")
    return tmp_path / "prices.csv"


def test_assets_come_in_the_order_they_were_named_and_gaps_stay(file):
    found = read_price_inputs(PriceSource(file, ("C", "B"), datetime(2020, 1, 2), datetime(2020, 1, 20)))
    assert list(found.prices.columns) == ["C", "B"]
    assert found.prices.index[[0, -1]].strftime("%Y-%m-%d").tolist() == ["2020-01-02", "2020-01-20"]
    assert found.prices.isna().to_numpy().sum() == 1
    assert found.about["missing prices"].startswith("1 (")


def test_without_names_all_come(file):
    assert list(read_price_inputs(PriceSource(file)).prices.columns) == ["A", "B", "C"]


def test_names_that_are_not_there_and_names_said_twice_are_refused(file):
    with pytest.raises(UnknownNameError, match=r"has no 'a'; it has 'A', 'B', 'C'"):
        read_price_inputs(PriceSource(file, ("A", "a")))
    with pytest.raises(InputError, match="'A' more than once"):
        read_price_inputs(PriceSource(file, ("A", "B", "A")))


def test_a_name_close_to_one_that_is_there_is_offered(file):
    table = pd.read_csv(file, index_col=0).rename(columns={"A": "EWA"})
    table.to_csv(file)
    with pytest.raises(UnknownNameError, match=r"Did you mean 'EWA'\?"):
        read_price_inputs(PriceSource(file, ("EWX", "B")))


def test_no_dates_left_are_said(file):
    with pytest.raises(InputError, match="none of those asked for"):
        read_price_inputs(PriceSource(file, None, datetime(2021, 1, 1)))
