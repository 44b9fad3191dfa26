"""`statefolio tearsheet`: from files to a report, and what it refuses."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from statefolio.commands.command_line import app

DATES = pd.bdate_range("2021-01-01", periods=300, name="date")


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(0, 0.01, (300, 2)), DATES, ["fund", "index"])
    table[["fund"]].to_csv("fund.csv")
    table.to_csv("both.csv")
    (100 * table[["fund"]]).to_csv("percent.csv")
    (50 * (1 + table[["fund"]]).cumprod()).to_csv("prices.csv")
    return tmp_path


def run(*words):
    return CliRunner().invoke(app, ["tearsheet", *words])


def test_a_report_and_the_measures(files):
    done = run("fund.csv", "--benchmark", "both.csv", "--benchmark-column", "index")
    assert done.exit_code == 0, done.output
    assert "Annual alpha" in done.output
    assert "fund earned" in (files / "tearsheet.html").read_text(encoding="utf-8")
    again = run("fund.csv")
    assert again.exit_code == 2
    assert "pass --overwrite" in again.output
    assert run("fund.csv", "--overwrite", "--to", "2021-06-30").exit_code == 0


def test_percent_and_prices_as_asked_for(files):
    expected = run("fund.csv", "--out", "a.html").output.split("Written")[0]
    assert run("percent.csv", "--percent", "--out", "b.html").output.split("Written")[0] == expected
    assert run("prices.csv", "--prices", "--out", "c.html").exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["percent.csv"], "Pass --percent."),
        (["prices.csv"], "Pass --prices."),
        (["both.csv"], "--column must name one of the 2 columns of both.csv, 'fund', 'index', got none"),
        (["both.csv", "--column", "gold"], "--column must be a column of both.csv"),
        (["missing.csv"], "missing.csv, which cannot be read"),
        (["fund.csv", "--out", "report.pdf"], "--out must be an HTML file, got report.pdf"),
        (["fund.csv", "--out", "nowhere/report.html"], "--out must be in a folder that exists"),
        (["fund.csv", "--cash-rate", "2"], "--cash-rate must be a finite number above -1 and below 1"),
    ],
)
def test_what_cannot_be_done_is_said_in_the_words_of_the_command(files, words, said):
    done = run(*words)
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())
    assert not list(files.glob("*.html"))
