"""The worked examples run, write their pages, and print the documented results."""

import importlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    """Run an example by name; return its numbers and its printed text."""
    monkeypatch.syspath_prepend(str(EXAMPLES))

    def of(name):
        found = importlib.import_module(name).main(tmp_path)
        page = (tmp_path / f"{name}.html").read_text(encoding="utf-8")
        assert page.count("<h2>") >= 5
        assert '"displayModeBar": false' in page
        return found, capsys.readouterr().out

    return of


def test_lines_areas_and_bands_have_no_markers(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    page = importlib.import_module("page")
    frame = pd.DataFrame({"a": [0.4, 0.5], "b": [0.6, 0.5]}, pd.bdate_range("2024-01-01", periods=2))
    figure = page.line_chart(frame)
    page.add_band(figure, frame["a"] - 0.1, frame["a"] + 0.1, "#1f5f8b")
    traces = [*figure.data, *page.stacked_areas(frame).data]
    assert [trace.mode for trace in traces] == ["lines"] * 6


def test_the_look_ahead_of_the_textbook_is_detected_and_ours_is_causal(run):
    found, printed = run("dynamic_portfolio")
    table = found["summary"]
    np.testing.assert_allclose(table.loc["textbook, with look-ahead"], [0.9004, 1.846], rtol=0.01)
    np.testing.assert_allclose(table.loc["textbook, traded a day later"], [0.3369, 0.898], rtol=0.01)
    np.testing.assert_allclose(table.loc["equal weight"], [0.0986, 0.414], atol=1e-3)
    verdicts = {name: check.verdict for name, check in found["checks"].items()}
    assert list(verdicts.values()) == ["looks ahead", "causal", "causal"]
    assert table.loc["statefolio, after costs", "Sharpe"] > table.loc["textbook, traded a day later", "Sharpe"]
    ledger = found["result"].ledger
    assert ledger["trading_cost"].iloc[1:].sum() > 0.0
    assert "looks ahead" in printed


def test_the_betas_of_five_assets_are_estimated(run):
    found, printed = run("five_assets")
    assert (found["textbook"]["market"].abs() < 0.03).all()
    assert found["explained"].between(0.0, 0.08).all()
    assert found["least_squares"] == pytest.approx(-2.03, abs=0.005)
    assert ((found["ours"]["market"] - [1.2, 0.8, 1.0, 1.1, 1.0]).abs() < 2 * found["error"]["market"]).all()
    assert "Of 20 loadings, 20 are within" in printed


def test_the_risk_budget_is_met_ex_ante_and_the_realised_gap_is_printed(run):
    found, printed = run("risk_budget")
    np.testing.assert_allclose(found["shares"]["textbook"].iloc[-1], [0.538, 0, 0.255, 0.207], atol=1e-3)
    np.testing.assert_allclose(found["shares"]["statefolio"].iloc[-1], [0.319, 0.407, 0.131, 0.143], atol=1e-3)
    np.testing.assert_allclose(found["ex_ante"]["statefolio"], np.tile([0.4, 0.3, 0.2, 0.1], (10, 1)), atol=1e-6)
    assert found["gaps"]["statefolio"].mean() < found["gaps"]["textbook"].mean()
    assert "Realised root mean square gap" in printed


def test_the_verdict_on_a_basket_depends_on_its_held_value(run, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    example = importlib.import_module("pairs")
    monkeypatch.setattr(example, "CHAN", tmp_path / "not there")
    monkeypatch.setattr(example, "PASSES", 60)
    found, printed = run("pairs")
    table = found["table"]
    assert list(table.columns) == ["spread, filtered", "spread, predicted", "held value"]
    assert table.loc["random walk, Chan's parameters", "spread, predicted"] < 1e-6
    assert table.loc["random walk, Chan's parameters", "held value"] > 0.05
    assert found["recipe"].degenerate_
    judged = found["verdict"]
    assert judged.outcome != "reverts"
    assert judged.table["false_alarms"]["adf_predicted"] > 0.3
    assert judged.sentence in printed
    assert f"the verdict is {judged.outcome!r}" in printed
    assert list(found["walk"].table.index) == ["constant", "adaptive", "maximum likelihood"]


def test_the_basket_is_the_textbook_s_if_its_prices_are_available(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    example = importlib.import_module("pairs")
    if not example.CHAN.is_file():
        pytest.skip(f"{example.CHAN.name} is not beside the project")
    assert list(example.read().columns) == ["EWA", "EWC", "IGE"]
