"""Small markets, and policies that do one thing each."""

import pickle
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from statefolio.backtest import decisions_apart, new_process_main
from statefolio.backtest.market import Market
from statefolio.backtest.new_process import Answer

sys.path.insert(0, str(Path(__file__).parent))

NAMES = list("ABCDE")


def frame_of(values, names=None, start="2020-01-01"):
    values = np.asarray(values, dtype=float)
    names = names or NAMES[: values.shape[1]]
    return pd.DataFrame(values, index=pd.bdate_range(start, periods=len(values)), columns=names)


@pytest.fixture
def make_frame():
    return frame_of


@pytest.fixture
def noisy_returns():
    """150 dates of five assets: one is listed late, one is delisted, one has gaps."""
    values = np.random.default_rng(3).normal(0.0, 0.02, (150, 5))
    values[:40, 2] = np.nan
    values[110:, 3] = np.nan
    values[60:66, 4] = np.nan
    return frame_of(values)


@pytest.fixture
def market(noisy_returns):
    draw = np.random.default_rng(4)
    factors = frame_of(draw.normal(0, 0.01, (150, 2)), ["market", "value"])
    volumes = frame_of(draw.lognormal(16, 0.3, (150, 5)))
    return Market(noisy_returns, factors, cash_rate=5e-5, dollar_volumes=volumes, others={"rate": factors.iloc[::7]})


class Equal:
    """Equal weights of the active assets."""

    def decide(self, history, holdings):
        return pd.Series(1.0 / len(history.active), index=history.active)


class Winners:
    """Half in each of the two best assets of the last dates; raises if there are fewer dates."""

    def __init__(self, window=20):
        self.window = window

    def decide(self, history, holdings):
        if len(history.returns) < self.window:
            raise ValueError(f"{self.window} dates are needed, got {len(history.returns)}")
        past = history.returns[history.active].iloc[-self.window :].sum()
        return dict.fromkeys(past.nlargest(2).index, 0.5)


class Answers:
    """Returns a given decision."""

    def __init__(self, answer):
        self.answer = answer

    def decide(self, history, holdings):
        return self.answer


@pytest.fixture
def policies():
    return {"equal": Equal, "winners": Winners, "answers": Answers}


@pytest.fixture
def without_new_processes(monkeypatch):
    """Decisions are sent and answered as usual, but repeated in this process: starting one takes seconds."""

    def ask(calls, seconds):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answers = [new_process_main._answer(call) for call in calls]
        return [Answer(*answer) for answer in pickle.loads(pickle.dumps(answers))]

    monkeypatch.setattr(decisions_apart, "ask", ask)


def pytest_collection_modifyitems(items):
    """The market of these tests has gaps in its returns, of which runs warn; test_gaps.py tests the warning."""
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.filterwarnings("ignore:returns must be known while an asset is held"))
