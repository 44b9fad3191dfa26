"""The command `show`: a table and bars, or a page."""

import re

import pytest
from typer.testing import CliRunner

import statefolio as sf
from statefolio.commands.command_line import app
from statefolio.commands.show.terminal_output import bar


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    demo = sf.load_demo()
    path = tmp_path_factory.mktemp("show") / "m.statefolio"
    fitted = sf.KalmanLoadings(tuning="discount").fit(demo.returns.iloc[:150, :3], demo.factors.iloc[:150, :2])
    fitted.notes_ = {"risk_free": ""}
    fitted.save(path)
    return path


def run(*arguments):
    done = CliRunner().invoke(app, ["show", *map(str, arguments)])
    return done.exit_code, " ".join(re.sub(r"\x1b\[[0-9;]*m", "", done.output).split())


def test_one_asset_is_shown_with_its_loadings(model):
    code, text = run(model, "--asset", "AMD")
    assert code == 0, text
    loading = float(sf.KalmanLoadings.load(model).next_["mean"].sel(asset="AMD", factor="market"))
    assert f"market {loading:.4g}" in text
    assert "none subtracted" in text
    assert "AAPL" not in text


def test_a_page_is_written(model, tmp_path):
    code, text = run(model, "--asset", "AMD", "--asset", "AAPL", "--out", tmp_path / "p.html")
    assert code == 0, text
    assert "<h2>AMD</h2>" in (tmp_path / "p.html").read_text(encoding="utf-8")


def test_unknown_names_and_files(model, tmp_path):
    assert run(model, "--asset", "ABC") == (2, run(model, "--asset", "ABC")[1])
    assert "'AAPL'" in run(model, "--asset", "ABC")[1]
    code, text = run(tmp_path / "absent")
    assert code == 2
    assert "does not exist" in text


def test_a_bar_marks_zero_the_band_and_the_loading():
    line = bar(-1.0, 0.5, 2.0, -1.0, 2.0)
    assert (line[0], line[-1]) == ("-", "-")
    assert line.index("|") == 11
    assert line.index("o") == 16
    assert bar(float("nan"), 1.0, 2.0, 0.0, 2.0) == "-"
