"""Groups entries that make the same bet, or the opposite one: together they count once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio.backtest.return_series import varies

CORRELATION = 0.99
"""Correlation of active results, in absolute value, from which two entries make the same bet or the opposite one."""


@dataclass(frozen=True)
class Relation:
    """The first entry of a group, `of`, and how another repeats it: `kind` is "near-duplicate" or "opposite bet"."""

    of: Any
    kind: str


def find_duplicates(series: Mapping[Any, "pd.Series[float]"], benchmark: Any) -> dict[Any, Relation]:
    """Find entries that repeat an earlier one.

    Parameters
    ----------
    series : mapping from entry to Series by date
        In the order of submission. The first entry of each group stands for it: who copies comes after.
    benchmark
        The entry whose results are subtracted first; it is earlier than all others.

    Returns
    -------
    dict
        From entry to `Relation`, for those that repeat one. Groups are transitive: each member is related to some
        other by an absolute correlation of at least .99, and its kind follows from the signs on the way.

    Examples
    --------
    >>> dates = pd.bdate_range("2024-01-01", periods=100)
    >>> noise = np.random.default_rng(0).normal(0.0, 0.01, (100, 3))
    >>> table = pd.DataFrame(noise, index=dates, columns=["benchmark", "a", "b"])
    >>> table["a2"], table["not a"] = table["a"] + 1e-6, 2 * table["benchmark"] - table["a"]
    >>> {name: (found.of, found.kind) for name, found in find_duplicates(dict(table.items()), "benchmark").items()}
    {'a2': ('a', 'near-duplicate'), 'not a': ('a', 'opposite bet')}
    """
    table = pd.DataFrame(dict(series)).dropna()
    others = [name for name in table.columns if name != benchmark]
    active = table[others].sub(table[benchmark], axis=0).to_numpy()
    moving = varies(active, np.abs(table[benchmark].to_numpy()).max(initial=0.0)) if len(table) > 1 else np.zeros(0)
    found = {
        name: Relation(benchmark, "near-duplicate") for name, moves in zip(others, moving, strict=False) if not moves
    }
    places = np.flatnonzero(moving)
    if len(places) < 2:
        return found
    correlation = np.corrcoef(active[:, places], rowvar=False)
    sign, head = np.ones(len(places)), np.full(len(places), -1)
    for start in range(len(places)):
        if head[start] >= 0:
            continue
        head[start], waiting = start, [start]
        while waiting:
            place = waiting.pop()
            near = np.flatnonzero((np.abs(correlation[place]) >= CORRELATION) & (head < 0))
            head[near], sign[near] = start, sign[place] * np.sign(correlation[place, near])
            waiting += near.tolist()
    for place, first in enumerate(head):
        if place != first:
            kind = "near-duplicate" if sign[place] > 0 else "opposite bet"
            found[others[places[place]]] = Relation(others[places[first]], kind)
    return found
