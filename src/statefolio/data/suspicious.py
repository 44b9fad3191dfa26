"""Finds cells that look wrong and lists them with asset and date; it never changes a value."""

from typing import get_args

import numpy as np
import pandas as pd

from statefolio._options import OneOf, check
from statefolio._plausible.finding import Kind, Numbers
from statefolio._plausible.table import find_in_table
from statefolio.data.checks import checked_table

_COLUMNS = ["asset", "date", "kind", "value", "detail"]


def find_suspicious_cells(
    table: pd.DataFrame,
    *,
    kind: Kind,
    smallest_move: float = 0.15,
    volatilities: float = 8.0,
    undone_within: float = 0.2,
    shortest_stretch: int = 10,
) -> pd.DataFrame:
    """List cells that look wrong, without changing them.

    Parameters
    ----------
    table : DataFrame
        One row per date, one column per asset; NaN where not observed.
    kind : {"prices", "returns"}
        Content of the table: prices, or simple returns in decimals.
    smallest_move, volatilities : float
        A one-day move counts as large if its logarithm exceeds `smallest_move` and `volatilities` times the
        asset's usual move (1.4826 times its median absolute log return).
    undone_within : float
        A large move counts as undone if the next day's move reverses it up to this fraction of its size.
    shortest_stretch : int
        Unchanged prices are listed from this many successive dates without a move on.

    Returns
    -------
    DataFrame
        Columns ``asset, date, kind, value, detail``, sorted by date within assets, the assets in the
        table's order. The kinds:

        * ``undone_move``: a one-day move undone the next day; the date of the move.
        * ``nonpositive_price``: a price at or below zero, or a return at or below -100 %, unless it is a total
          loss with which the asset's returns end.
        * ``constant_stretch``: unchanged prices; the date of the first move of zero.
        * ``split``: a move near 1/2, 1/3, 2/3, 2, ... that stays, between quiet days, and that the assets'
          median does not share: a split left unadjusted. It may span dates without a price.
        * ``extreme_move``: a move to twenty times the price or more, or to a hundredth or less, that is not undone.
        * ``vendor_code``: a return that equals a vendor's code for a missing value, such as -0.9999 or -99.99.
        * ``percent``, ``prices``: a column of returns that seems to be in percent, or to hold prices; its first date.
        * ``yearly_rate``: a column of returns that is never negative, hardly changes and exceeds 100 % a year.
        * ``mostly_unchanged``: an asset whose price stands still: more than 20 successive returns and 1 % of all, or
          a tenth of all, are stale, as where `KalmanLoadings` counts them as missing; its first date.
        * ``near_duplicate``: moves equal those of an earlier asset but for a ten-thousandth; its first date.

        Models, markets, measures and hedges warn of the same, but for stretches, and moves undone below 40 %.

    Examples
    --------
    A misprint, which the next price reverses:

    >>> import statefolio as sf
    >>> from statefolio.data import find_suspicious_cells
    >>> prices = sf.load_demo_prices()[["KO", "XOM"]].loc["2021"].copy()
    >>> prices.loc["2021-06-15", "KO"] *= 10
    >>> find_suspicious_cells(prices, kind="prices")[["asset", "date", "kind", "detail"]]
      asset       date         kind                              detail
    0    KO 2021-06-15  undone_move  +897.5%, then -90.1% the next date
    """
    check("kind", kind, OneOf(*get_args(Kind)))
    frame = checked_table(table, kind)
    found = find_in_table(
        Numbers(frame.to_numpy(), pd.DatetimeIndex(frame.index), frame.columns),
        kind,
        smallest_move=smallest_move,
        volatilities=volatilities,
        undone_within=undone_within,
        shortest_stretch=shortest_stretch,
    )
    found.sort(key=lambda finding: (finding.place, finding.row))
    places, rows = [finding.place for finding in found], [finding.row for finding in found]
    return pd.DataFrame(
        {
            "asset": frame.columns[places],
            "date": frame.index[rows],
            "kind": pd.array([finding.kind for finding in found], dtype="str"),
            "value": np.array([finding.value for finding in found], dtype=np.float64),
            "detail": pd.array([finding.detail for finding in found], dtype="str"),
        },
        columns=_COLUMNS,
    )
