"""Finds cells that look wrong and lists them with asset and date; it never changes a value."""

from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.plausible import CODES, EXTREME, split_moves
from statefolio._arrays.text import show
from statefolio._arrays.units import wrong_units
from statefolio._options import OneOf, check
from statefolio.data.checks import checked_table

Kind = Literal["prices", "returns"]
Floats = NDArray[np.float64]
Cells = NDArray[np.bool_]

_MOVES_TO_JUDGE = 20
_ASSETS_TO_COMPARE = 1000
_NEARLY_EQUAL = 1e-4
_SAME_SIZE = 0.01
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
        * ``split``: a move near 1/2, 1/3, 2/3, 2, ... that stays, between quiet days: a split left unadjusted.
        * ``extreme_move``: a move to twenty times the price or more, or to a twentieth or less, that is not undone.
        * ``vendor_code``: a return that equals a vendor's code for a missing value, such as -0.9999 or -99.99.
        * ``percent``, ``prices``: a column of returns that seems to be in percent, or to hold prices; its first date.
        * ``mostly_unchanged``: more than half of an asset's moves are zero; its first date.
        * ``near_duplicate``: moves equal those of an earlier asset but for a ten-thousandth; its first date. Looked
          for among up to 1,000 assets.

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
    code = np.isin(values, CODES) if kind == "returns" else np.zeros(values.shape, dtype=bool)
    split = split_moves(moves) & ~(undone | code)
    extreme = (np.abs(moves) >= EXTREME) & ~(undone | split | code | _reversals(undone))
    found = [
        _table_of(frame, undone, "undone_move", _undone_details(moves, undone)),
        _table_of(
            frame, nonpositive & ~code, "nonpositive_price", _nonpositive_details(values[nonpositive & ~code], kind)
        ),
        _table_of(frame, starts, "constant_stretch", _stretch_details(frame.index, starts, lengths)),
        _table_of(
            frame, split, "split", [f"to {np.exp(move):.3g} times the price, and stays" for move in moves[split]]
        ),
        _table_of(frame, extreme, "extreme_move", [f"{np.expm1(move):+.4%}" for move in moves[extreme]]),
        _table_of(frame, code, "vendor_code", ["a vendor's code for a missing value"] * int(code.sum())),
        *_whole_columns(frame, values, moves, kind),
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


def _reversals(undone: Cells) -> Cells:
    """Mark the moves that undo another."""
    return np.vstack([np.zeros_like(undone[:1]), undone[:-1]])


def _whole_columns(frame: pd.DataFrame, values: Floats, moves: Floats, kind: Kind) -> list[pd.DataFrame]:
    """List columns that look wrong as a whole, at their first date."""
    known = np.count_nonzero(~np.isnan(moves), axis=0)
    zeros = np.count_nonzero(moves == 0.0, axis=0)
    still = (zeros > 0.5 * known) & (known >= _MOVES_TO_JUDGE)
    priced, percent = wrong_units(values) if kind == "returns" else (np.zeros_like(still), np.zeros_like(still))
    details: dict[str, dict[Any, str]] = {
        "percent": dict.fromkeys(np.flatnonzero(percent), "mostly beyond 20 % per date: percent, it seems"),
        "prices": dict.fromkeys(np.flatnonzero(priced), "never negative and mostly above 0.5: prices, it seems"),
        "mostly_unchanged": {k: f"no move on {zeros[k] / known[k]:.0%} of the dates" for k in np.flatnonzero(still)},
        "near_duplicate": {k: f"moves as {frame.columns[twin]!r} does" for k, twin in _twins(moves).items()},
    }
    found = []
    for name, by_column in details.items():
        cells = np.zeros(values.shape, dtype=bool)
        for k in by_column:
            cells[np.argmax(~np.isnan(values[:, k])), k] = True
        found.append(_table_of(frame, cells, name, [by_column[k] for k in np.nonzero(cells)[1]]))
    return found


def _twins(moves: Floats) -> dict[int, int]:
    """Map each asset whose moves are nearly those of an earlier one to that asset."""
    if moves.shape[1] > _ASSETS_TO_COMPARE or len(moves) < _MOVES_TO_JUDGE:
        return {}
    z = np.nan_to_num(moves)
    size = np.sqrt((z * z).sum(axis=0))
    z = z / np.where(size > 0.0, size, 1.0)
    close = np.triu(z.T @ z > 1.0 - _NEARLY_EQUAL, k=1) & (size > 0.0)
    close &= np.abs(np.log(np.where(size > 0.0, size, 1.0)[:, None] / np.where(size > 0.0, size, 1.0))) < _SAME_SIZE
    return {int(column): int(np.argmax(close[:, column])) for column in np.flatnonzero(close.any(axis=0))}


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
