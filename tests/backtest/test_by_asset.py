import numpy as np
import pandas as pd
import pytest

from statefolio.backtest.by_asset import by_asset
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError


def test_numbers_by_asset_are_matched_by_name():
    assets = pd.Index(list("ABC"))
    assert by_asset(pd.Series({"C": 3, "A": 1, "X": 9, "B": 2}), assets, "fee").tolist() == [1.0, 2.0, 3.0]
    assert by_asset({"B": 0.0, "C": 0.0, "A": 0.5}, assets, "fee").tolist() == [0.5, 0.0, 0.0]
    assert by_asset(-1.0, assets, "fee", least=-1.0).tolist() == [-1.0] * 3
    with pytest.raises(InputError, match=r"of at least 0, got -0\.1"):
        by_asset({"A": 0.1, "B": -0.1, "C": np.inf}, assets, "fee")
    with pytest.raises(InputError, match="got nan"):
        by_asset({"A": 0.1, "B": np.nan, "C": 0.2}, assets, "fee")
    with pytest.raises(UnknownNameError, match="got none for 'B', 'C'"):
        by_asset({"A": 0.1}, assets, "fee")
    with pytest.raises(InputError, match="name each asset once, got 'A' twice"):
        by_asset(pd.Series([0.1, 0.2, 0.3, 0.4], list("ABCA")), assets, "fee")
    with pytest.raises(DataTypeError, match="must hold numbers"):
        by_asset({"A": "x", "B": 0.1, "C": 0.1}, assets, "fee")
