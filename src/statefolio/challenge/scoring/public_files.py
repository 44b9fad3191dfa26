"""Writes the public files of a round: the data as Parquet and CSV, the rules, and the file that `test` scores on."""

import io
import json
from pathlib import Path
from typing import Any

import pandas as pd

from statefolio._writing import write_whole
from statefolio.challenge.rules.settings import Rules, published
from statefolio.challenge.rules.universe import RULES_FILE
from statefolio.challenge.scoring.engine_version import ENGINE_VERSION
from statefolio.challenge.scoring.factor_page import factor_page
from statefolio.challenge.scoring.round_data import DATA_FILE, RoundData

FACTOR_PAGE_FILE = "factor_page.json"


def write_public(data: RoundData, rules: Rules, folder: str | Path) -> list[Path]:
    """Write the public files.

    Parameters
    ----------
    data
        The whole round; what is written comes from `data.public()` alone.
    rules
        `published(rules)` is written.
    folder
        The folder, which exists.

    Returns
    -------
    list of Path
        `returns`, `factors`, `cash` and, if known, `dollar_volumes`, each as Parquet and CSV; `rules.json` with the
        rules, the names and the engine's version; `factor_page.json`; and `data.npz`, all of it for
        `statefolio challenge test`.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    public, out = data.public(), Path(folder)
    written: list[Path] = []
    for name, table in _tables(public).items():
        for suffix, content in (("parquet", _parquet(table)), ("csv", table.to_csv())):
            written.append(out / f"{name}.{suffix}")
            write_whole(written[-1], content)
    pages = {RULES_FILE: describe_public(public, rules), FACTOR_PAGE_FILE: factor_page(public.market)}
    for name, page in pages.items():
        written.append(out / name)
        write_whole(written[-1], json.dumps(page, indent=1, allow_nan=False))
    public.save(out / DATA_FILE, private=False)
    return [*written, out / DATA_FILE]


def describe_public(public: RoundData, rules: Rules) -> dict[str, Any]:
    """Return what `rules.json` holds: the rules, the names, the public window and the engine's version."""
    return {
        "rules": published(rules),
        "universe": public.universe.to_json(),
        "windows": public.windows.published().to_json(),
        "data": public.describe(),
        "engine_version": ENGINE_VERSION,
    }


def _tables(public: RoundData) -> dict[str, pd.DataFrame]:
    market = public.market
    tables = {"returns": market.returns, "factors": market.factors, "cash": market.cash_rate.to_frame()}
    tables["dollar_volumes"] = market.dollar_volumes
    return {name: table for name, table in tables.items() if table is not None}


def _parquet(table: pd.DataFrame) -> bytes:
    content = io.BytesIO()
    table.to_parquet(content)
    return content.getvalue()
