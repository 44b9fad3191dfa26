"""Finds cells that look wrong and lists them with asset and date; it never changes a value."""

from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.text import show
from statefolio._options import OneOf, check
from statefolio.data.checks import checked_table

Kind = Literal["prices", "returns"]
Floats = NDArray[np.float64]
Cells = NDArray[np.bool_]

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
        * ``nonpositive_price``: a price at or below zero, or a return at or below -100 %.
        * ``constant_stretch``: unchanged prices; the date of the first move of zero.

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
    values = frame.to_numpy()
    moves = _log_moves(values, kind)
    undone = _undone(moves, smallest_move, volatilities, undone_within)
    nonpositive = values <= (0.0 if kind == "prices" else -1.0)
    starts, lengths = _stretches(moves == 0.0, shortest_stretch)
    found = [
        _table_of(frame, undone, "undone_move", _undone_details(moves, undone)),
        _table_of(frame, nonpositive, "nonpositive_price", _nonpositive_details(values[nonpositive], kind)),
        _table_of(frame, starts, "constant_stretch", _stretch_details(frame.index, starts, lengths)),
    ]
    whole = pd.concat(found, ignore_index=True)
    order = np.lexsort((whole["date"].to_numpy(), frame.columns.get_indexer(pd.Index(whole["asset"]))))
    return whole.iloc[order].reset_index(drop=True)


def _log_moves(values: Floats, kind: Kind) -> Floats:
    """Return each date's log return; NaN where it needs a price that is missing or not positive."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if kind == "returns":
            return np.where(values > -1.0, np.log1p(values), np.nan)
        logs = np.where(values > 0.0, np.log(values), np.nan)
    return np.diff(logs, axis=0, prepend=np.nan)


def _undone(moves: Floats, smallest: float, volatilities: float, within: float) -> Cells:
    """Mark the moves that the next date reverses."""
    undone = np.zeros(moves.shape, dtype=bool)
    now, following = moves[:-1], moves[1:]
    undone[:-1] = (np.abs(now) > smallest) & (np.abs(now + following) <= within * np.abs(now))
    for column in np.flatnonzero(undone.any(axis=0)):  # only few columns: the median needs a sort
        usual = 1.4826 * np.nanmedian(np.abs(moves[:, column]))
        undone[:, column] &= np.abs(moves[:, column]) > volatilities * usual
    return undone


def _stretches(unchanged: Cells, shortest: int) -> tuple[Cells, NDArray[np.int64]]:
    """Mark the first cell of each long run down a column, and count the run's cells."""
    edges = np.zeros((unchanged.shape[0] + 2, unchanged.shape[1]), dtype=np.int8)
    edges[1:-1] = unchanged
    change = np.diff(edges, axis=0)
    columns, first = np.nonzero(change.T == 1)
    _, after = np.nonzero(change.T == -1)
    long = after - first >= shortest
    starts = np.zeros(unchanged.shape, dtype=bool)
    starts[first[long], columns[long]] = True
    lengths = np.zeros(unchanged.shape, dtype=np.int64)
    lengths[first[long], columns[long]] = (after - first)[long]
    return starts, lengths[starts]


def _table_of(frame: pd.DataFrame, cells: Cells, kind: str, details: list[str]) -> pd.DataFrame:
    rows, columns = np.nonzero(cells)
    return pd.DataFrame(
        {
            "asset": frame.columns[columns],
            "date": frame.index[rows],
            "kind": kind,
            "value": frame.to_numpy()[cells],
            "detail": pd.array(details, dtype="str"),
        },
        columns=_COLUMNS,
    )


def _undone_details(moves: Floats, undone: Cells) -> list[str]:
    rows, columns = np.nonzero(undone)
    move, reversal = np.expm1(moves[rows, columns]), np.expm1(moves[rows + 1, columns])
    return [f"{a:+.1%}, then {b:+.1%} the next date" for a, b in zip(move, reversal, strict=True)]


def _nonpositive_details(values: Floats, kind: Kind) -> list[str]:
    if kind == "prices":
        return ["a price of zero" if value == 0.0 else "a negative price" for value in values]
    return ["a return of -100 % or less, as from a price of zero or below"] * len(values)


def _stretch_details(dates: pd.Index, starts: Cells, lengths: NDArray[np.int64]) -> list[str]:
    rows, _ = np.nonzero(starts)
    ends = dates[rows + lengths - 1]
    return [f"no move on {n} dates, to {show(end)}" for n, end in zip(lengths, ends, strict=True)]
