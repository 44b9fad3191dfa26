"""`pairs --grid` and the rules with optimal thresholds, through the command line."""

import html
import re

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from statefolio.commands.command_line import app
from statefolio.pairs.hedges.static_hedges import StaticHedge
from statefolio.pairs.thresholds.optimal import optimal_thresholds

DRAW = np.random.default_rng(5)


def run(file, out, *more):
    words = ["pairs", "--prices", file, "--assets", "ONE,TWO", "--out", out, "--draws", "0", "--retune", "never", *more]
    return CliRunner().invoke(app, [str(word) for word in words])


def plain(text):
    return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", text).split())


@pytest.fixture(scope="module")
def panel():
    walk = 30.0 + np.cumsum(DRAW.normal(scale=0.3, size=240))
    spread = np.zeros(240)
    for t in range(1, 240):
        spread[t] = 0.8 * spread[t - 1] + DRAW.normal(scale=0.4)
    return pd.DataFrame(
        {"ONE": 5.0 + walk + spread, "TWO": walk}, pd.bdate_range("2020-01-01", periods=240, name="date")
    )


@pytest.fixture(scope="module")
def file(panel, tmp_path_factory):
    path = tmp_path_factory.mktemp("prices") / "prices.csv"
    panel.to_csv(path)
    return path


def test_the_thresholds_are_optimal_for_the_dates_before_the_walk(panel, file, tmp_path):
    out = tmp_path / "out"
    done = run(
        file, out, "--rule", "bertram", "--cost", "0.001", "--tuning", "static", "--grid", "--start", "2020-08-03"
    )
    assert done.exit_code == 0, done.output
    before = panel.loc[:"2020-07-31"]
    hedge = StaticHedge().fit(before)
    ratio = float(hedge.next_["mean"][1])
    value = (before["ONE"] + abs(ratio) * before["TWO"]).mean()
    best = optimal_thresholds(hedge.innovations_["innovation"].to_series(), cost=2 * 0.001 * value)
    levels = pd.read_csv(out / "levels.csv", index_col=0)["z_score"]
    assert levels["short entry"] == pytest.approx(best.entry, rel=1e-9)
    assert levels["long exit"] == pytest.approx(best.entry, rel=1e-9)
    rules = pd.read_csv(out / "rules.csv", index_col="rule")
    assert f"Bertram, entry {best.entry:.2f}, exit {-best.entry:.2f}" in rules.index
    walk = pd.read_csv(out / "walk.csv", index_col="hedge")
    assert rules["sharpe"].filter(like="Bertram").iloc[0] == pytest.approx(walk.loc["static", "sharpe"])
    grid = pd.read_csv(out / "grid.csv")
    page = html.unescape((out / "report.html").read_text(encoding="utf-8"))
    assert f"The best of {len(grid)} cells" in page
    assert "Leung and Li, entry" in page


def test_wrong_input_is_refused(file, tmp_path):
    for words, message in (
        (["--rule", "bertram"], "--cost must be above 0 with --rule bertram"),
        (["--rule", "leung_li", "--cost", "0.001", "--entry", "2"], "--entry must be left out with --rule leung_li"),
        (["--rule", "leung_li", "--cost", "0.3"], "Do not trade this spread"),
    ):
        done = run(file, tmp_path / "out", *words)
        assert done.exit_code == 2, done.output
        assert message in plain(done.output)
    assert not (tmp_path / "out").exists()
