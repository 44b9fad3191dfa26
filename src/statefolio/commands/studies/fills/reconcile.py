"""Reconciles a study's orders with the fills of a broker, and writes the holdings that the next update starts from."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from statefolio.commands.csv_tables import write_csv
from statefolio.commands.inputs import read_holdings
from statefolio.commands.studies.fills.booking import Booked, book_fills
from statefolio.commands.studies.fills.fills_file import read_fills, read_orders
from statefolio.commands.studies.fills.options import ReconcileOptions
from statefolio.commands.studies.parts.market import read_data
from statefolio.commands.studies.parts.names import check_names
from statefolio.commands.studies.reading import open_study
from statefolio.exceptions import OutputError

BOOKED = ".booked.csv"
"""End of the name of the file that lists the fills in a file of holdings."""


@dataclass(frozen=True, eq=False)
class Reconciled:
    """Fills booked, and where the holdings are: nowhere if nothing is held."""

    booked: Booked
    out: Path | None
    study: Path


def reconcile(options: ReconcileOptions) -> Reconciled:
    """Read orders and fills, book them, and write the holdings.

    Raises
    ------
    StatefolioError
        If a file cannot be read, a fill is of an asset that the study's data lack, or files exist already.
    """
    out, record = options.out, booked_file(options.out)
    if not options.overwrite:
        for path in (out, record, *([options.table] if options.table else [])):
            if path.exists():
                raise OutputError(f"{path} exists already and was not replaced. Name another file, or use --overwrite.")
    file = open_study(options.study)
    assets = read_data(file.study.data, file.folder).market.assets
    orders, fills = read_orders(options.orders, options.portfolio), read_fills(options.fills)
    check_names(fills["asset"], assets, f"{options.fills}", "assets")
    held, before = _held(options.holdings, assets)
    booked = book_fills(fills, orders, held, options.cash, before)
    if options.table is not None:
        write_csv(booked.orders, options.table, index_label="asset")
    if booked.shares.empty:
        return Reconciled(booked, None, options.study)
    write_csv(booked.shares.rename_axis("asset").rename("shares").reset_index(), out, index=False)
    write_csv(pd.DataFrame({"fill_id": [*before, *booked.fills["fill_id"]]}), record, index=False)
    return Reconciled(booked, out, options.study)


def booked_file(holdings: Path) -> Path:
    """Return the file beside a file of holdings that lists the fills in them."""
    return holdings.with_name(holdings.name + BOOKED)


def _held(path: Path | None, assets: pd.Index) -> tuple["pd.Series[float]", list[str]]:
    """The shares held before, and the ids of the fills that are in them."""
    if path is None:
        return pd.Series(dtype=float), []
    held = read_holdings(path)
    check_names(held.index, assets, "--holdings", "assets")
    record = booked_file(path)
    if not record.exists():
        return held, []
    return held, list(pd.read_csv(record, dtype=str)["fill_id"])
