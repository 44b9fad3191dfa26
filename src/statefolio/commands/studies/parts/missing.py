"""Describes dates and prices that are missing from a study's data."""

import numpy as np
import pandas as pd

from statefolio._arrays.text import span
from statefolio.backtest.market import Market
from statefolio.data import Alignment


def missing_data(market: Market, report: Alignment | None) -> pd.DataFrame:
    """Describe missing dates and prices, one row per kind."""
    rows = []
    absent = market.missing_factors
    if len(absent):
        dates, earned = pd.DatetimeIndex(absent.index), float(np.prod(1.0 + absent.to_numpy())) - 1.0
        text = f"Models do not see them, accounts do: equal weights of the assets earned {earned:.1%} on them."
        rows.append((dates[0], "factors missing", f"{len(dates):,} dates without factors, {span(dates)}. {text}"))
    gaps = market.tables.spans_gap
    if gaps is not None and gaps.any():
        ends, places = (np.unique(each) for each in np.nonzero(gaps))
        dates, assets = market.dates[ends], market.assets[places]
        text = "Accounts earn the whole move at the next price; models see that return as missing."
        count = f"{int(gaps.sum()):,} gaps in the prices of {len(assets):,} assets (first: {assets[0]})"
        rows.append((dates[0], "missing price", f"{count}, which end {span(dates)}. {text}"))
    dropped = pd.DatetimeIndex([]) if report is None else report.only_in_factors
    inside = dropped[(dropped > market.dates[0]) & (dropped < market.dates[-1])]
    if len(inside):
        text = "The returns of the dates after them span more dates than the factors do. Add these dates."
        rows.append(
            (inside[0], "date missing", f"{len(inside):,} dates that only the factors have, {span(inside)}. {text}")
        )
    table = pd.DataFrame(rows, columns=["date", "kind", "detail"])
    table.insert(2, "asset", "")
    return table
