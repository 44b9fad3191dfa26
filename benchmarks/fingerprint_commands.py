"""Defines the cases of `fingerprint.py` for file readers and for the tables of the command line."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from fingerprint_loadings import case, panel, sectors

import statefolio as sf

# Data -------------------------------------------------------------------------------------------------------------
FRENCH = """\
Missing data are indicated by -99.99 or -999.

  Average Value Weighted Returns -- Monthly
,Food ,Hi  Tec,Other
192607,   1.50, -99.99,   2.00
192608,  -0.25,-999.00,  -1.00

  Number of Firms in Portfolios
,Food ,Hi  Tec,Other
192607,     43,      2,    -99.99

Copyright 2021 Kenneth R. French
"""


@case
def data_readers() -> dict[str, Any]:
    returns, factors = panel()
    prices = sf.load_demo_prices().iloc[-300:, :5].copy()
    prices.iloc[50:55, 2] = np.nan
    odd = prices.copy()
    odd.iloc[100, 1] *= 10.0
    odd.iloc[200:230, 3] = odd.iloc[200, 3]
    Path("french.csv").write_text(FRENCH)
    prices.to_csv("prices.csv")
    prices.rename_axis("date").stack().rename("price").reset_index().to_csv("long.csv", index=False)
    returns.to_parquet("returns.parquet")
    Path("weights.csv").write_text("asset,weight\nAAPL,0.5\nKO,0.25\n")
    Path("groups.csv").write_text("asset,sector\nAAPL,tech\nKO,food\n")
    rate = pd.Series(1e-4, index=prices.index)
    return {
        "demo": sf.load_demo(),
        "demo_prices": sf.load_demo_prices(),
        "align": sf.align(returns.iloc[10:], factors.iloc[:-10]),
        "french": [sf.read_french("french.csv"), sf.read_french("french.csv", "firms")],
        "prices": [sf.read_prices("prices.csv"), sf.read_prices("long.csv")],
        "returns": sf.read_returns("returns.parquet"),
        "weights": sf.read_weights("weights.csv"),
        "groups": sf.read_groups("groups.csv"),
        "to_returns": [sf.to_returns(prices), sf.to_returns(prices, rate, bridge_gaps=True)],
        "suspicious": [sf.find_suspicious_cells(odd, kind="prices"), sf.find_suspicious_cells(returns, kind="returns")],
    }


# Command line -----------------------------------------------------------------------------------------------------
START = """
import importlib, sys
for name in ("statefolio.cli", "statefolio.commands.command_line"):
    try:
        main = importlib.import_module(name).main
    except (ImportError, AttributeError):
        continue
    sys.exit(main())
sys.exit("no command line was found")
"""
STUDY = """
[study]
name = "small"
[data]
source = "demo"
from = 2018-01-02
to = 2020-06-30
[loadings]
tuning = "pooled"
[risk]
residual_structure = "factors"
[views]
kind = "factor_premia"
[portfolio.budget]
objective = "risk_budget"
[portfolio.kelly]
objective = "kelly"
[portfolio.kelly.constraints]
upper = 0.1
net = [0, 1]
[portfolio.even]
objective = "equal_weight"
[backtest]
start = 2019-01-02
rebalance = "monthly"
benchmark = "even"
[backtest.costs]
proportional = 0.0005
[validation]
look_ahead_cuts = 2
combinatorial = { folds = 4, test_folds = 2, embargo = 5 }
[validation.windows]
count = 2
embargo = 5
[validation.holdout]
share = 0.2
"""
DRAWN = ("risk/failures.csv", "risk/validation.csv", "study-results/validation.csv")
"""Tables that depend on random normal numbers."""


def command(name: str, out: str, *options: str) -> dict[str, Any]:
    """Run a command of statefolio and read the tables it writes, as text; reports and models are left aside."""
    root = str(Path(sf.__file__).parents[1])
    settings = os.environ | {"PYTHONPATH": root, "COLUMNS": "100"}
    line = [sys.executable, "-c", START, name, *options]
    done = subprocess.run(line, env=settings, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"statefolio {name} ended with {done.returncode}: {done.stderr[-300:]}")
    found: dict[str, Any] = {}
    for path in sorted(Path(out).rglob("*.*")):
        if path.suffix in (".csv", ".parquet"):
            read = partial(pd.read_csv, dtype=str, keep_default_na=False) if path.suffix == ".csv" else pd.read_parquet
            found[path.name + ".draws" * (path.as_posix() in DRAWN)] = read(path)
    return found


def write_panel() -> tuple[str, ...]:
    """Files of twelve stocks, and the options that name them."""
    returns, factors = panel()
    returns.iloc[:-20].to_csv("panel.csv")
    factors.iloc[:-20].to_csv("factors.csv")
    returns.iloc[-20:].to_csv("new_panel.csv")
    factors.iloc[-20:].to_csv("new_factors.csv")
    return "--returns", "panel.csv", "--factors", "factors.csv"


@case
def command_loadings() -> dict[str, Any]:
    found = command("loadings", "loadings", *write_panel(), "--out", "loadings")
    new = ("--model", "loadings/model.statefolio", "--returns", "new_panel.csv", "--factors", "new_factors.csv")
    return found | {f"updated_{name}": table for name, table in command("update", "loadings", *new).items()}


@case
def command_risk() -> dict[str, Any]:
    Path("some.csv").write_text("asset,weight\nAAPL,0.5\nKO,0.3\nHD,0.2\n")
    sectors().rename("sector").rename_axis("asset").to_csv("sectors.csv")
    given = ("--weights", "some.csv", "--groups", "sectors.csv", "--weights-sum", "1", "--dense")
    return command("risk", "risk", *write_panel(), *given, "--out", "risk")


@case
def command_baskets() -> dict[str, Any]:
    sf.load_demo_prices().iloc[-700:, :8].to_csv("eight.csv")
    given = ("--assets", "CVX,HD", "--tuning", "adaptive", "--passes", "30", "--draws", "19", "--retune", "monthly")
    found = command("pairs", "pairs", "--prices", "eight.csv", *given, "--cost", "0.0005", "--out", "pairs")
    given = ("--until", "2021-12-31", "--correction", "bh", "--triple", "AAPL,BAC,HD")
    screened = command("screen", "screen", "--prices", "eight.csv", *given, "--out", "screen")
    return found | {f"screen_{name}": table for name, table in screened.items()}


@case
def command_study() -> dict[str, Any]:
    Path("study.toml").write_text(STUDY)
    found = command("run", "study-results", "study.toml", "--open-holdout")
    Path("orders").mkdir()
    orders = command("update", "orders", "study.toml", "--orders", "orders/orders.csv")
    return found | orders
