"""`pairs portfolio` from a file to a folder, and wrong input."""

import html
import re

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from statefolio.commands.command_line import app
from statefolio.commands.pairs.portfolio_job import FILES

DRAW = np.random.default_rng(6)
ASKED = ["--until", "2018-09-28", "--most", "2", "--cost", "0.001", "--borrow", "0.01", "--retune", "never"]


def run(file, out, *more):
    words = ["pairs", "portfolio", "--prices", file, "--out", out, *more]
    return CliRunner().invoke(app, [str(word) for word in words])


def plain(text):
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("prices") / "prices.csv"
    walks = 50.0 + np.cumsum(DRAW.normal(scale=0.4, size=(300, 4)), axis=0)
    pd.DataFrame(walks, pd.bdate_range("2018-01-01", periods=300, name="date"), list("ABCD")).to_csv(path)
    return path


@pytest.fixture(scope="module")
def done(file, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "portfolio"
    return run(file, out, *ASKED, "--stop-loss", "0.02", "--draws", "19", "--pool", "5"), out


def test_it_writes_every_file_and_the_answer_first(done):
    result, out = done
    assert result.exit_code == 0, result.output
    assert {path.name for path in out.iterdir()} == FILES
    sentence = re.search(r"(\d+% of 19 random portfolios .*?\(p = [\d.]+\)\.)", plain(result.stdout)).group(1)
    page = html.unescape((out / "report.html").read_text(encoding="utf-8"))
    assert page.index(sentence) < page.index("chapter-1")
    assert "2 baskets, chosen from 6 before 2018-10-01" in plain(result.stdout)
    for title in ("Account", "Random baskets", "Baskets", "Screen"):
        assert f">{title}<" in page


def test_its_files_add_up(done):
    _, out = done
    read = {
        name: pd.read_csv(out / f"{name}.csv", index_col=0, parse_dates=True)
        for name in ("ledger", "profits", "capital")
    }
    ledger = read["ledger"]
    change = ledger["profit"] - ledger["trading_cost"] - ledger["borrow_fee"]
    np.testing.assert_allclose(ledger["value"].diff().iloc[1:], change.iloc[1:], rtol=0, atol=1e-6)
    np.testing.assert_allclose(read["profits"].sum(axis=1), ledger["profit"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(read["capital"].sum(axis=1), 1.0)
    trades = pd.read_csv(out / "trades.csv")
    assert trades["profit"].sum() == pytest.approx(ledger["profit"].sum())
    assert len(pd.read_csv(out / "random.csv")) == 19


def test_wrong_input_is_refused_by_the_name_of_its_option(file, tmp_path):
    out = tmp_path / "out"
    without = run(file, out, "--until", "2018-09-28", "--fdr", "0.0001")
    assert without.exit_code == 2
    assert "--fdr must let one basket pass at least, got none of 6" in plain(without.output)
    for words, message in (
        (["--until", "2020-01-01"], "--until must be between the first and the last date of the prices"),
        ([*ASKED, "--draws", "5"], "--draws must be 0 (no comparison) or at least 19, got 5"),
        ([*ASKED, "--window", "30"], "--window must be left out with --tuning static"),
        ([*ASKED, "--stop-loss", "2"], "--stop-loss must be"),
        ([*ASKED, "--assets", "A,B,E"], "--assets must name assets of"),
    ):
        refused = run(file, out, *words)
        assert refused.exit_code == 2, refused.output
        assert message in plain(refused.output)
    assert not out.exists()
