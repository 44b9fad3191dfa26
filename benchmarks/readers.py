"""Times the readers of files against pandas and polars on the same files: processor time, medians of one run.

    python benchmarks/readers.py [--assets 500] [--dates 5000] [--repeats 5] [--forms wide long parquet excel]

Prices of 500 assets on 5,000 dates, random, with four decimals: wide and long CSV, Parquet, a workbook of a tenth of
the dates. Peers are given what our reader finds out alone: the column of dates, its type, and, for the long table, the
pivot. pandas reads workbooks with calamine, as we do. Processor time counts the threads of polars too.
"""

import argparse
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

from statefolio.data import read_prices


def write_files(folder: Path, assets: int, dates: int, forms: list[str]) -> None:
    rng = np.random.default_rng(0)
    index = pd.bdate_range("2000-01-03", periods=dates, name="date")
    prices = 100 * np.exp(0.02 * rng.normal(size=(dates, assets))).cumprod(axis=0)
    table = pd.DataFrame(prices.round(4), index, [f"A{k:04}" for k in range(assets)])
    if "wide" in forms:
        table.to_csv(folder / "wide.csv")
    if "long" in forms:
        table.rename_axis(columns="ticker").stack().rename("close").to_csv(folder / "long.csv")
    if "parquet" in forms:
        table.to_parquet(folder / "table.parquet")
    if "excel" in forms:
        import openpyxl

        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet("prices")
        sheet.append(["date", *table.columns])
        for day, row in zip(index[: dates // 10], table.to_numpy(), strict=False):
            sheet.append([day.to_pydatetime(), *row.tolist()])
        book.save(folder / "book.xlsx")


def readers(folder: Path) -> dict[str, dict[str, Callable[[], object]]]:
    wide, long, parquet, book = (folder / name for name in ("wide.csv", "long.csv", "table.parquet", "book.xlsx"))
    return {
        "wide": {
            "statefolio": lambda: read_prices(wide),
            "pandas": lambda: pd.read_csv(wide, index_col=0, parse_dates=True),
            "polars": lambda: pl.read_csv(wide, try_parse_dates=True),
        },
        "long": {
            "statefolio": lambda: read_prices(long),
            "pandas": lambda: pd.read_csv(long, parse_dates=["date"]).pivot(
                index="date", columns="ticker", values="close"
            ),
            "polars": lambda: pl.read_csv(long, try_parse_dates=True).pivot("ticker", index="date", values="close"),
        },
        "parquet": {
            "statefolio": lambda: read_prices(parquet),
            "pandas": lambda: pd.read_parquet(parquet),
            "polars": lambda: pl.read_parquet(parquet),
        },
        "excel": {
            "statefolio": lambda: read_prices(book),
            "pandas": lambda: pd.read_excel(book, index_col=0, engine="calamine"),
        },
    }


def seconds(read: Callable[[], object]) -> float:
    began = time.process_time()
    read()
    return time.process_time() - began


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--assets", type=int, default=500)
    options.add_argument("--dates", type=int, default=5000)
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--forms", nargs="+", default=["wide", "long", "parquet", "excel"])
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_files(Path(name), given.assets, given.dates, given.forms)
        for form in given.forms:
            taken: dict[str, list[float]] = {}
            for _ in range(given.repeats):
                for library, read in readers(Path(name))[form].items():
                    taken.setdefault(library, []).append(seconds(read))
            medians = {library: statistics.median(each) for library, each in taken.items()}
            shown = ", ".join(f"{library} {each:.2f} s" for library, each in medians.items())
            print(f"{form:8} {shown}", flush=True)


if __name__ == "__main__":
    main()
