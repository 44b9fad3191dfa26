"""The options of `statefolio reconcile`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from statefolio._options import Number
from statefolio.commands.options import Option
from statefolio.commands.studies.options import NO_STUDY


@dataclass(frozen=True, kw_only=True)
class ReconcileOptions:
    """Options of `statefolio reconcile`."""

    study: Annotated[Path, Option("The study that made the orders.", argument=True, file=True, if_missing=NO_STUDY)]
    fills: Annotated[
        Path,
        Option(
            "The broker's fills: CSV with the columns fill_id, asset, shares (sold: below zero, or a column side), "
            "price, and if there are any commission and order_id.",
            file=True,
        ),
    ]
    orders: Annotated[Path, Option("The orders: the file that `statefolio update --orders` wrote.", file=True)]
    cash: Annotated[float, Option("Cash before the fills, in currency.", Number())]
    holdings: Annotated[
        Path | None, Option("The shares held before the fills, as for `update`. Without it: none.", file=True)
    ] = None
    portfolio: Annotated[str | None, Option("The portfolio, where the file of orders has several.")] = None
    out: Annotated[Path, Option("File to write the shares held after the fills to, for `update --holdings`.")] = Path(
        "holdings.csv"
    )
    table: Annotated[Path | None, Option("Also write the comparison of orders and fills to this CSV file.")] = None
    overwrite: Annotated[bool, Option("Replace files that exist.")] = False
