"""The bundled data, read without a network."""

import socket

import numpy as np
import pandas as pd
import pytest

from statefolio.data import load_demo, load_stocks_and_index


@pytest.fixture(autouse=True)
def no_network(monkeypatch, tmp_path):
    def refuse(*args, **kwargs):
        raise AssertionError("the bundled data asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("SKFOLIO_DATA", str(tmp_path / "empty"))


def test_demo_is_complete_and_aligned():
    demo = load_demo()
    assert demo.returns.shape == (2263, 20)
    assert demo.factors.columns.tolist() == [
        "market",
        "momentum",
        "quality",
        "size",
        "low_volatility",
        "value",
    ]
    assert demo.returns.index.equals(demo.factors.index)
    assert demo.returns.index[[0, -1]].tolist() == [pd.Timestamp("2014-01-03"), pd.Timestamp("2022-12-28")]
    assert np.isfinite(demo.returns.to_numpy()).all()
    assert np.isfinite(demo.factors.to_numpy()).all()
    assert "raw returns" in demo.description.lower()


def test_demo_factors_are_the_index_and_etfs_less_the_index():
    from skfolio.datasets import load_factors_dataset, load_sp500_index

    factors = load_demo().factors
    index = load_sp500_index()["SP500"].pct_change().loc[factors.index]
    etfs = load_factors_dataset().pct_change().loc[factors.index]
    np.testing.assert_allclose(factors["market"], index, atol=1e-15)
    for name, ticker in zip(factors.columns[1:], ["MTUM", "QUAL", "SIZE", "USMV", "VLUE"], strict=True):
        np.testing.assert_allclose(factors[name], etfs[ticker] - index, atol=1e-15)


def test_long_panel():
    panel = load_stocks_and_index()
    assert panel.returns.shape == (8312, 20)
    assert panel.factors.columns.tolist() == ["market"]
    assert panel.returns.index.equals(panel.factors.index)
    pd.testing.assert_frame_equal(panel.returns.loc["2014-01-03":], load_demo().returns)
    assert panel.returns.corrwith(panel.factors["market"]).between(0.1, 0.9).all()
