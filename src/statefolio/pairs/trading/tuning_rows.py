"""Chooses the dates on which the hedges of a walk are tuned again."""

from typing import Any

import numpy as np

from statefolio._arrays.dates import split_row
from statefolio._options import Kind, OneOf, Whole
from statefolio.backtest.calendar import Drift, Rebalance, decision_dates
from statefolio.pairs.prices import Basket

RETUNE = (
    OneOf("weekly", "monthly", "daily") | Whole(at_least=1, example=5) | Kind(Drift, "a Drift", "Drift(0.05)") | None
)


def tuning_rows(basket: Basket, start: Any, retune: "Rebalance | None") -> list[int]:
    """Return the rows from which a newly tuned hedge is in use; it is tuned on all rows before.

    Only dates with all prices count.
    """
    dates = basket.complete_dates
    first = split_row(dates, start, "start")
    called = [] if retune is None else np.flatnonzero(decision_dates(retune, dates[first:])).tolist()
    rows = dates[sorted({first, *(first + row for row in called)})]
    return [int(row) for row in basket.dates.get_indexer(rows)]
