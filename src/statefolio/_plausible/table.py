"""Finds everything in a table that looks wrong."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._plausible.finding import Columns, Finding, Kind, Numbers
from statefolio._plausible.moves import find_moves
from statefolio._plausible.stale import find_still, find_stretches
from statefolio._plausible.twins import find_twins
from statefolio._plausible.units import find_wrong_units

CERTAIN_MOVE = 0.4
"""Log move from which one that is undone is warned of: in crashes, smaller ones are real."""


class Context(NamedTuple):
    """What the columns of a table are judged by together; None is that of the columns at hand."""

    units: tuple[Columns, Columns] | None = None
    median_move: Callable[[int], float] | None = None


def find_in_table(
    table: Numbers,
    kind: Kind,
    *,
    smallest_move: float = CERTAIN_MOVE,
    volatilities: float = 8.0,
    undone_within: float = 0.2,
    shortest_stretch: int | None = None,
    still: bool = True,
    alike: bool = True,
    losses: bool = False,
    context: Context | None = None,
) -> list[Finding]:
    """Return all findings about a table, by kind, then in the order of dates.

    The kinds and numbers are those of `find_suspicious_cells`.

    Parameters
    ----------
    table : Numbers
    kind : {"prices", "returns"}
    shortest_stretch : int, optional
        List stretches of unchanged prices; None lists only assets that stand still on many dates.
    still, alike : bool
        Look for assets that stand still, and for those that move as another one does.
    losses : bool
        Returns of exactly -100 % are total losses, as in an account.
    context : Context, optional
        What the columns are judged by together, where the table is a part of a larger one.
    """
    if not table.values.size:
        return []
    table = table._replace(bounds=table.limits())
    simple, bridged = simple_returns(table.values, kind)
    found = []
    judged = np.ones(len(table.columns), dtype=bool)
    if kind == "returns":
        found = find_wrong_units(table, context and context.units)
        judged[[finding.place for finding in found]] = False
    limits = smallest_move, volatilities, undone_within
    found += find_moves(table, kind, (simple, bridged), judged, limits, losses, context and context.median_move)
    if shortest_stretch is not None:
        found += find_stretches(table, simple, shortest_stretch)
    if still:
        found += find_still(table, simple, judged)
    return found + find_twins(table, simple, judged) if alike else found


def simple_returns(values: Array, kind: Kind) -> tuple[Array, Array]:
    """Return simple returns (T, N): between successive dates, and since the last known price."""
    if kind == "returns":
        return values, values
    positive = np.where(values > 0.0, values, np.nan)
    simple = np.full(values.shape, np.nan)
    simple[1:] = positive[1:] / positive[:-1] - 1.0
    if not np.isnan(positive).any():
        return simple, simple
    last = pd.DataFrame(positive).ffill().to_numpy()
    bridged = np.full(values.shape, np.nan)
    bridged[1:] = positive[1:] / last[:-1] - 1.0
    return simple, bridged
