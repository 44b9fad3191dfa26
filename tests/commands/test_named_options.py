"""An option with a bad value is named itself by the message, whatever the command: never another option or argument.

What rules and files alone decide is checked for every option of every command; what depends on data by the table below.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from statefolio.commands.command_line import app

STUDY = """
[study]
name = "s"
[data]
source = "files"
prices = "prices.csv"
[factors]
kind = "none"
[portfolio.even]
objective = "equal_weight"
[backtest]
start = 2020-03-02
benchmark = "even"
"""
PANEL = "--returns returns.csv --factors factors.csv"
COMMANDS = {
    "loadings": f"{PANEL} --out out",
    "risk": f"{PANEL} --risk-free RF --weights weights.csv --out out",
    "pairs": "--prices prices.csv --assets A,B --out out",
    "pairs portfolio": "--prices prices.csv --until 2020-06-30 --out out",
    "pairs update": "basket --prices prices.csv",
    "screen": "--prices prices.csv --out out",
    "tearsheet": "returns.csv --column A --out out.html",
    "update": "study.toml",
    "reconcile": "study.toml --fills fills.csv --orders orders.csv --cash 0",
    "run": "study.toml --out out",
    "show": "model.statefolio",
    "export": "store --to out.zarr",
    "watch": "folder --store store",
}
"""Command lines without a fault, but for files that nothing reads before the fault is found."""

DATA = [
    ("loadings", "--from", "2031-01-01"),
    ("loadings", "--to", "2001-01-01"),
    ("loadings", "--risk-free", "nobody"),
    ("loadings", "--tune-until", "2001-01-01"),
    ("loadings", "--test-from", "2031-01-01"),
    ("loadings", "--date", "nobody"),
    ("loadings", "--asset", "nobody"),
    ("loadings", "--value", "nobody"),
    ("loadings", "--separator", "x"),
    ("loadings", "--sheet", "x"),
    ("loadings", "--factors-form", "date=nobody"),
    ("loadings", "--factors-form", "sheet=x"),
    ("risk", "--from", "2031-01-01"),
    ("risk", "--groups", "unknown.csv"),
    ("risk", "--weights-sum", "2"),
    ("risk", "--scenario", "mood=0.1"),
    ("risk", "--scenario", "market=0.1,market=0.2"),
    ("risk", "--test-from", "2001-01-01"),
    ("risk", "--tune-until", "2031-01-01"),
    ("pairs", "--assets", "A,NOBODY"),
    ("pairs", "--assets", "A"),
    ("pairs", "--assets", ","),
    ("pairs", "--from", "2031-01-01"),
    ("pairs", "--to", "2001-01-01"),
    ("pairs", "--start", "2031-01-01"),
    ("pairs", "--start", "2001-01-01"),
    ("pairs", "--retune", "sometimes"),
    ("pairs portfolio", "--until", "2031-01-01"),
    ("pairs portfolio", "--until", "2001-01-01"),
    ("pairs portfolio", "--assets", "A,NOBODY"),
    ("screen", "--assets", "A,NOBODY"),
    ("screen", "--until", "2031-01-01"),
    ("screen", "--hedged", "NOBODY"),
    ("screen", "--triple", "A,B,NOBODY"),
    ("tearsheet", "--column", "nobody"),
    ("tearsheet", "--benchmark-column", "nobody"),
    ("tearsheet", "--from", "2031-01-01"),
    ("tearsheet", "--out", "out.pdf"),
    ("update", "--as-of", "2001-01-01"),
    ("update", "--as-of", "2031-01-01"),
    ("update", "--portfolio", "nobody"),
    ("update", "--holdings", "unknown.csv"),
    ("update", "--holdings", "fills.csv"),
    ("update", "--cash", "0"),
    ("update", "--orders", "folder"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("named"), np.random.default_rng(1)
    dates = pd.bdate_range("2020-01-01", periods=260, name="date")
    factors = pd.DataFrame({"market": rng.normal(0, 0.01, 260), "RF": 1e-5}, dates)
    returns = pd.DataFrame(rng.normal(0, 0.01, (260, 3)), dates, ["A", "B", "C"]).add(factors["market"], axis=0)
    returns.to_csv(folder / "returns.csv")
    factors.to_csv(folder / "factors.csv")
    (50.0 * (1.0 + returns).cumprod()).to_csv(folder / "prices.csv")
    (folder / "weights.csv").write_text("asset,weight\nA,0.5\nB,0.5\n")
    (folder / "unknown.csv").write_text("asset,shares\nNOBODY,10\n")
    (folder / "study.toml").write_text(STUDY)
    for name in ("folder", "basket"):
        (folder / name).mkdir()
    for name in ("fills.csv", "orders.csv", "model.statefolio"):
        (folder / name).write_text("nothing\n")
    return folder


def refused(name, line, option):
    done = CliRunner().invoke(app, [*name.split(), *line], env={"COLUMNS": "400"})
    said = " ".join(re.sub(r"\x1b\[[0-9;]*m|[│╭╮╰╯─]", " ", done.output).split())
    assert done.exit_code == 2, (name, line, said)
    assert isinstance(done.exception, SystemExit), (name, line, done.exception)
    message = said[said.index("error:") :] if "error:" in said else said
    assert option in message, (name, line, message)


def with_value(line, option, value):
    words = line.split()
    if option in words:
        words[words.index(option) + 1] = value
        return words
    return [*words, option, value]


@pytest.mark.parametrize("name", COMMANDS)
def test_what_cannot_be_read_names_its_option(name, home, monkeypatch):
    """Text where a number, a date or one of some words must be; a file that does not exist."""
    monkeypatch.chdir(home)
    tried = 0
    for option in get_command(app).commands[name].params:
        typed = option.opts[0]
        metavar = str(option.metavar or "")
        bad = "nothing of it" if metavar in ("NUMBER", "INTEGER", "YYYY-MM-DD") or "|" in metavar else None
        if typed in ("--returns", "--factors", "--prices", "--weights", "--benchmark", "--groups", "--holdings"):
            bad = "none.csv" if metavar == "PATH" else None
        if typed.startswith("--") and bad is not None:
            refused(name, with_value(COMMANDS[name], typed, bad), typed)
            tried += 1
    assert tried or name in ("run", "show", "pairs update"), name


@pytest.mark.parametrize(("name", "option", "value"), DATA)
def test_what_does_not_suit_the_data_names_its_option(name, option, value, home, monkeypatch):
    monkeypatch.chdir(home)
    refused(name, with_value(COMMANDS[name], option, value), option)
    assert not Path("out").exists()
