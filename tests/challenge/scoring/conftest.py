"""A small round on bundled data: ten stocks and three factors, 2017 to 2020, with a late listing."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from statefolio.backtest.market import Market
from statefolio.challenge.rules.settings import parse_rules
from statefolio.challenge.rules.submission import read_submission
from statefolio.challenge.scoring.round_data import RoundData
from statefolio.data import load_demo

sys.path.insert(0, str(Path(__file__).parent))
try:
    from small_round import TEXT
finally:
    sys.path.pop(0)


@pytest.fixture(scope="session")
def rules():
    return parse_rules(TEXT, "challenge.toml")


@pytest.fixture(scope="session")
def market():
    demo = load_demo()
    returns = demo.returns.loc["2017-01-03":"2020-06-30"].iloc[:, :10].copy()
    returns.iloc[:450, 9] = np.nan  # listed late
    return Market(returns, demo.factors.loc[returns.index, ["market", "value", "momentum"]], cash_rate=0.00002)


@pytest.fixture(scope="session")
def data(market, rules):
    return RoundData.of(market, rules)


@pytest.fixture(scope="session")
def submit(data):
    """Read a submission, with the names of the small round."""

    def read(given):
        return read_submission(json.dumps(given).encode(), data.universe)

    return read
