"""Numbers that do not exist show as a dash in terminals and reports, at any width, and JSON stays valid."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from statefolio.commands.command_line import app

WORDS = re.compile(r"(?<![A-Za-z])[-+]?(nan|NaN|NaT|inf)(?![A-Za-z])")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Return the folders of commands on short data with an asset without any return, and what the terminal showed."""
    folder = tmp_path_factory.mktemp("missing")
    rng = np.random.default_rng(1)
    dates = pd.bdate_range("2021-01-01", periods=70, name="date")
    factors = pd.DataFrame(rng.normal(0, 0.01, (70, 1)), dates, ["market"])
    returns = pd.DataFrame(factors.to_numpy() + rng.normal(0, 0.01, (70, 3)), dates, ["AAA", "BBB", "LATE"])
    returns.iloc[:66, 2] = np.nan
    returns["GONE"] = np.nan
    returns.to_csv(folder / "returns.csv")
    factors.to_csv(folder / "factors.csv")
    (folder / "weights.csv").write_text("asset,weight\nAAA,0.5\nBBB,0.5\n")
    panel = ["--returns", str(folder / "returns.csv"), "--factors", str(folder / "factors.csv")]
    shown = {}
    for name, more in {
        "loadings": [],
        "risk": ["--weights", str(folder / "weights.csv"), "--quick"],
    }.items():
        for width in (60, 120):
            arguments = [name, *panel, *more, "--out", str(folder / name), "--overwrite"]
            result = CliRunner().invoke(app, arguments, env={"COLUMNS": str(width)})
            assert result.exit_code == 0, result.output
            shown[name, width] = result.output
    return folder, shown


def test_a_terminal_shows_dashes(results):
    for (name, width), text in results[1].items():
        assert not WORDS.search(text), (name, width, WORDS.search(text))
        assert "…" not in text
        assert "..." not in re.sub(r"--\S+ \.\.\.", "", text)
    table = results[1]["loadings", 60]
    assert re.search(r"rolling 500\s.*-", table)
    assert "LATE" in table  # the reason


def test_reports_show_dashes_and_json_is_valid(results):
    def refuse(constant):
        raise AssertionError(constant)

    pages = list(results[0].glob("*/report.html"))
    assert len(pages) == 2
    for page in pages:
        text = page.read_text(encoding="utf-8")
        words = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", text, flags=re.DOTALL)
        assert not WORDS.search(words), WORDS.search(words)
        for data in re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', text, flags=re.DOTALL):
            json.loads(data, parse_constant=refuse)
    for path in results[0].glob("*/*.json"):
        json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)
