"""Pairs and screen from file to folder, and what they do with bad input and interrupts."""

import html
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from statefolio._display.numbers import equals_p
from statefolio.commands.command_line import app
from statefolio.pairs.hedges.static_hedges import RollingHedge

DATES = 240
SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
ALWAYS = ["basket.state", "hedge.csv", "levels.csv", "parameters.csv", "positions.csv", "report.html", "tests.csv"]
ALWAYS += ["value.csv", "walk.csv", "weights.csv"]
JUDGED = ["draws.csv", "verdict.csv", "verdict.txt"]


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def plain(text):
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())


def entries(folder):
    return sorted(path.name for path in folder.iterdir())


def panel():
    draw = np.random.default_rng(3)
    walks = 30.0 + np.cumsum(draw.normal(scale=0.3, size=(DATES, 4)), axis=0)
    spread = np.zeros(DATES)
    for t in range(1, DATES):
        spread[t] = 0.8 * spread[t - 1] + draw.normal(scale=0.3)
    table = pd.DataFrame(walks, pd.bdate_range("2019-01-01", periods=DATES, name="date"), ["TWO", "SIX", "LOW", "NEG"])
    table.insert(0, "ONE", 5.0 + spread + table[["TWO", "SIX"]] @ [0.8, 0.4])
    table["NEG"] -= 40.0
    return table


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("prices") / "prices.csv"
    panel().to_csv(path)
    return path


def pairs(file, out, *more):
    return run("pairs", "--prices", file, "--assets", "ONE,TWO,SIX", "--out", out, "--retune", "never", *more)


def test_pairs_writes_all_files_and_prints_the_verdict_first(file, tmp_path):
    done = pairs(file, tmp_path / "out", "--draws", "19", "--tuning", "adaptive", "--passes", "40", "--cost", "0.0005")
    assert done.exit_code == 0, done.output
    assert entries(tmp_path / "out") == sorted([*ALWAYS, *JUDGED, "trace.csv"])
    sentence = (tmp_path / "out" / "verdict.txt").read_text(encoding="utf-8").strip()
    shown = plain(done.stdout)
    p = pd.read_csv(tmp_path / "out" / "verdict.csv", index_col="measure")["calibrated_p"]["adf_held"]
    says = f"the held value's calibrated p {equals_p(p)}."
    assert 0 < shown.index(says) < 60  # the first sentence
    assert shown.index("Next level: ") < shown.index(plain(sentence))
    assert "Next tuning: none: --retune never" in shown
    page = html.unescape((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert page.index(says) < page.index("chapter-1")
    walk = pd.read_csv(tmp_path / "out" / "walk.csv", index_col="hedge")
    assert len(walk) == 5
    assert "Positions to hold, for a capital of 1,000,000" in shown
    hedge = pd.read_csv(tmp_path / "out" / "hedge.csv", index_col="date")
    assert len(hedge) == DATES
    assert {"ratio_TWO", "standard_error_SIX", "held_value", "z_score"} <= set(hedge.columns)
    assert len(pd.read_csv(tmp_path / "out" / "trace.csv")) == 40  # beyond the collapse too
    assert len(pd.read_csv(tmp_path / "out" / "draws.csv")) == 19


def account(folder, prices):
    """The targets in positions.csv, and the yearly return and Sharpe ratio of holding each to the next close."""
    held = pd.read_csv(folder / "positions.csv", index_col="date", parse_dates=True)
    assert held.index.equals(prices.index)
    weights = held[[f"weight_{name}" for name in prices]].to_numpy()
    earned = np.nansum(weights[:-1] * prices.pct_change(fill_method=None).to_numpy()[1:], axis=1)
    returns = np.concatenate([[0.0], earned])
    return held, ((1 + returns).prod() ** (252 / len(returns)) - 1, 252**0.5 * returns.mean() / returns.std(ddof=1))


@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared/data")
@pytest.mark.parametrize(
    ("assets", "options", "expected"),
    [
        (
            ["EWC", "EWA"],
            ["--tuning", "fixed", "--delta", "1e-4", "--ve", "1e-3", "--entry", "1", "--exit", "1"],
            (0.26225194, 2.36116164),
        ),
        (
            ["EWC", "EWA", "IGE"],
            ["--tuning", "static", "--rule", "linear", "--lookback", "23"],
            (0.12573868, 1.39131009),
        ),
    ],
)
def test_chans_baskets_through_the_command(tmp_path, assets, options, expected):
    prices = pd.read_parquet(SHARED / "chan_etf_close_2006_2012.parquet")[assets]
    prices.to_parquet(tmp_path / "etfs.parquet")
    arguments = ["--assets", ",".join(assets), "--draws", "0", "--retune", "never", "--passes", "2", *options]
    done = run("pairs", "--prices", tmp_path / "etfs.parquet", "--out", tmp_path / "out", *arguments)
    assert done.exit_code == 0, done.output
    held, scores = account(tmp_path / "out", prices)
    assert scores == pytest.approx(expected, abs=5e-9)
    assert held["ratio_EWA"].notna().all()  # flat or not
    if "fixed" in options:
        assert held.iloc[-1][["units", "ratio_EWA", "level"]].tolist() == pytest.approx(
            [0.0, 0.90249284, 6.76736015], abs=5e-9
        )
        assert "Hedge ratio of EWA: 0.9025 (0.8786 to 0.9264)" in plain(done.stdout)
    else:
        assert "no band" in plain(done.stdout)


def test_without_draws_there_is_no_verdict(file, tmp_path):
    done = pairs(file, tmp_path / "out", "--draws", "0", "--start", "2019-09-02")
    assert done.exit_code == 0, done.output
    assert entries(tmp_path / "out") == sorted(ALWAYS)
    assert "No verdict (--draws 0)" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    value = pd.read_csv(tmp_path / "out" / "value.csv", index_col="date", parse_dates=True)
    assert value.index[0] == pd.Timestamp("2019-09-02")


def test_a_rolling_window_is_walked_too(file, tmp_path):
    options = ("--draws", "0", "--tuning", "rolling", "--window", "90", "--passes", "2")
    done = pairs(file, tmp_path / "out", *options)
    assert done.exit_code == 0, done.output
    assert entries(tmp_path / "out") == sorted(set(ALWAYS) - {"parameters.csv"})
    held = pd.read_csv(tmp_path / "out" / "positions.csv", index_col="date")
    expected = RollingHedge(90).fit(panel()[["ONE", "TWO", "SIX"]]).hedge_ratios_["filtered"]
    np.testing.assert_allclose(held[["ratio_TWO", "ratio_SIX"]], expected, rtol=1e-10)
    assert "No verdict (--draws 0)" in plain(done.stdout)


def test_screen_writes_everything_and_counts(file, tmp_path):
    done = run(
        "screen", "--prices", file, "--until", "2019-08-30", "--out", tmp_path / "out", "--triple", "ONE,TWO,SIX"
    )
    assert done.exit_code == 0, done.output
    assert entries(tmp_path / "out") == ["baskets.parquet", "counts.csv", "report.html", "selected.csv", "untested.csv"]
    assert "'NEG' on 2019-01-01: -10.1703" in plain(done.output)
    assert "11 baskets tried" in plain(done.stdout)
    table = pd.read_parquet(tmp_path / "out" / "baskets.parquet")
    assert len(table) == 11 - 4  # prices of NEG are below zero: missing
    assert set(table.index[0].replace("~", "+").split(" + ")) == {"ONE", "TWO", "SIX"}


def test_screen_needs_no_triples(file, tmp_path):
    done = run("screen", "--prices", file, "--until", "2019-08-30", "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "10 baskets tried" in plain(done.stdout)
    assert "report.html" in entries(tmp_path / "out")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pairs", "--assets", "ONE,TOO"], "got 'TOO'"),
        (["pairs", "--assets", "ONE,ONE"], "more than once"),
        (["pairs", "--assets", "ONE"], "--assets must name two assets or more, got 'ONE'"),
        (["pairs", "--assets", "ONE,TWO", "--passes", "0"], "--passes must be a whole number"),
        (
            ["pairs", "--assets", "ONE,TWO", "--passes", "-3", "--tuning", "adaptive"],
            "--passes must be a whole number",
        ),
        (["pairs", "--assets", "ONE,NEG", "--logs"], "must be positive"),
        (["pairs", "--assets", "ONE,TWO", "--exit", "2"], "exit"),
        (["pairs", "--assets", "ONE,TWO", "--delta", "0.1"], "--delta must be left out with --tuning mle, got 0.1"),
        (["pairs", "--assets", "ONE,TWO", "--tuning", "fixed", "--window", "9"], "Pass --tuning rolling, or leave out"),
        (["pairs", "--assets", "ONE,TWO", "--tuning", "fixed", "--ve", "0"], "--ve must be a finite number above 0"),
        (["pairs", "--assets", "ONE,TWO", "--rule", "linear", "--stop", "3"], "--stop must be left out with --rule"),
        (
            ["pairs", "--assets", "ONE,TWO", "--retune", "0"],
            "--retune must be weekly, monthly, never or",
        ),
        (["pairs", "--assets", "ONE,TWO", "--draws", "-1"], "--draws must be 0 (no verdict) or at least 19, got -1"),
        (["pairs", "--assets", "ONE,TWO", "--draws", "5"], "--draws must be 0 (no verdict) or at least 19, got 5"),
        (
            ["pairs", "--assets", "ONE,TWO", "--start", "2031-01-01", "--draws", "19"],
            "--start must be",
        ),
        (
            ["pairs", "--assets", "ONE,TWO", "--cost", "-1", "--draws", "19"],
            "--cost must be a finite number",
        ),
        (
            ["pairs", "--assets", "ONE,TWO", "--capital", "-1", "--draws", "19"],
            "--capital must be",
        ),
        (["screen", "--assets", "ONE"], "--assets must name two assets or more, got 'ONE'"),
        (["screen", "--until", "2031-01-01"], "until"),
        (["screen", "--half-life", "5"], "--half-life must be two numbers of dates, got 5"),
        (["screen", "--fdr", "2"], "--fdr must be a finite number above 0 and below 1, got 2.0"),
        (["screen", "--assets", "ONE,TOO"], "got 'TOO'"),
        (["screen", "--triple", "ONE,TWO"], "3 names"),
    ],
)
def test_bad_input_is_one_message_and_leaves_nothing(file, tmp_path, arguments, said):
    done = run(arguments[0], "--prices", file, "--out", tmp_path / "out", *arguments[1:])
    assert done.exit_code == 2
    assert said in plain(done.stderr)
    assert "Traceback" not in done.stderr
    assert entries(tmp_path) == []


def test_an_existing_folder_is_refused_before_files_are_read(file, tmp_path):
    (tmp_path / "out").mkdir()
    done = pairs(file, tmp_path / "out")
    assert done.exit_code == 2
    assert "exists already" in plain(done.stderr)
    assert "missing prices" not in done.stderr


def test_an_interrupt_leaves_nothing_half_written(file, tmp_path):
    command = [sys.executable, "-m", "statefolio", "pairs", "--prices", str(file), "--assets", "ONE,TWO,SIX"]
    command += ["--out", str(tmp_path / "out"), "--draws", "20000", "--retune", "1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not any(tmp_path.iterdir()) and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.05)
    assert any(tmp_path.iterdir())
    process.send_signal(signal.SIGINT)
    _, printed = process.communicate(timeout=120)
    # Python ends by the signal itself where the interrupt came while it ran code from a text, as compilers do.
    assert process.returncode in (130, -signal.SIGINT), printed
    assert "nothing was written" in plain(printed)
    assert entries(tmp_path) == []
