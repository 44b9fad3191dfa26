"""Lists the trades of a walked basket: when a position was opened and closed, and what it earned."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd

from statefolio.report.backtest.protocols import Backtest
from statefolio.report.chapters import Exhibit

MOST = 12
"""Trades shown; earlier ones are folded."""
FORMATS = {"Return": "+.2%", "Dates": ",.0f"}


def trades_of(result: Backtest, hedged: object) -> pd.DataFrame:
    """Return one row per trade: Side, From, To, Dates, Return (net of costs, compounded), Open.

    A trade lasts while the weight of the hedged asset keeps its sign.

    Parameters
    ----------
    result : BacktestResult
    hedged : str
        The asset whose sign is the side.
    """
    weights = result.weights[hedged] if hedged in result.weights else result.weights.iloc[:, 0]
    side = np.sign(weights.fillna(0.0).to_numpy())
    dates, grown = (
        pd.DatetimeIndex(weights.index),
        np.log1p(result.returns.reindex(weights.index).fillna(0.0).to_numpy()),
    )
    edges = np.flatnonzero(np.diff(side, prepend=0.0, append=0.0))
    rows = []
    for first, end in pairwise(edges.tolist()):
        if side[first] == 0.0:
            continue
        rows.append(
            {
                "Side": "long" if side[first] > 0.0 else "short",
                "From": dates[first],
                "To": dates[end - 1],
                "Dates": int(end - first),
                "Return": float(np.expm1(grown[first:end].sum())),
                "Open": "yes" if end == len(side) else "no",
            }
        )
    return pd.DataFrame(rows, columns=["Side", "From", "To", "Dates", "Return", "Open"])


def trade_exhibit(results: Mapping[str, Backtest], hedged: object) -> Exhibit:
    """Return the trades of every hedge, the latest first."""
    parts = [trades_of(result, hedged).assign(Hedge=name) for name, result in results.items()]
    table = pd.concat(parts) if parts else pd.DataFrame(columns=["Hedge", "From"])
    table = table.sort_values("From", ascending=False, kind="stable", ignore_index=True)
    table = table[["Hedge", *[name for name in table.columns if name != "Hedge"]]]
    if table.empty:
        return Exhibit("Trades", "None.", wide=True)
    rest = table.iloc[MOST:]
    folded = Exhibit(f"Earlier trades: {len(rest):,}", table=rest, formats=FORMATS) if len(rest) else None
    note = "The latest first. Side: of the hedged asset. Return: net of costs, compounded, as a share of the capital."
    return Exhibit("Trades", note, table=table.head(MOST), formats=FORMATS, wide=True, folded=folded)
