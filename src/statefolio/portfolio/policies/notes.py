"""Says what a reader of a decision must know although it has weights: `Decision.reason` of a converged one."""

from collections.abc import Mapping

import pandas as pd

from statefolio._arrays.text import listed
from statefolio.portfolio.policy import Holdings

_MOST_NAMES = 20
SOLD_WITHOUT_DATA = "sold_without_data"
"""The detail of a decision that marks assets which are sold because something is not known of them."""


def notes(*parts: str) -> str:
    """Join those notes that are not empty."""
    return "; ".join(part for part in parts if part)


def sold_positions(
    holdings: Holdings,
    active: pd.Index,
    known: Mapping[str, pd.Index],
    excluded: "pd.Series[str] | None" = None,
) -> str:
    """Name the positions that are sold because something is not known of them; "" if there are none.

    Parameters
    ----------
    holdings
        The current portfolio.
    active
        Assets that can be bought; positions in others are left to the back-test, which reports delistings.
    known
        By what an asset needs ("a covariance"), the assets that have it.
    excluded
        Reasons by asset.
    """
    held = holdings.weights.index[(holdings.weights != 0.0).to_numpy()]
    held, found = held[held.isin(active)], []
    for needed, assets in known.items():
        without = held[~held.isin(assets)]
        held = held[held.isin(assets)]
        if len(without):
            reasons = [] if excluded is None else list(dict.fromkeys(excluded.reindex(without).dropna()))
            why = f" ({'; '.join(map(str, reasons))})" if reasons else ""
            found.append(f"sold without {needed}: {listed(without, _MOST_NAMES)}{why}")
    return notes(*found)


def marked_sales(holdings: Holdings, active: pd.Index, known: Mapping[str, pd.Index]) -> "dict[str, pd.Series[float]]":
    """The positions that `sold_positions` names, as a detail of the decision; empty if there are none."""
    held = holdings.weights.index[(holdings.weights != 0.0).to_numpy()]
    sold = held[held.isin(active)]
    complete = sold
    for assets in known.values():
        complete = complete[complete.isin(assets)]
    sold = sold.difference(complete, sort=False)
    return {SOLD_WITHOUT_DATA: pd.Series(1.0, index=sold)} if len(sold) else {}
