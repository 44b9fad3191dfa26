"""Selects the pairs and triples of a panel to screen, as column numbers of its prices."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.text import listed, shown
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError

Members = NDArray[np.int64]


def by_name(assets: pd.Index) -> Members:
    """Return the columns in the order of their names, so that results do not depend on the order of the columns."""
    return np.array(sorted(range(len(assets)), key=lambda column: str(assets[column])), dtype=np.int64)


def all_pairs(assets: pd.Index) -> Members:
    """Return all pairs (M, 2), each in alphabetical order."""
    order = by_name(assets)
    first, second = np.triu_indices(len(order), 1)
    return np.column_stack([order[first], order[second]])


def named_baskets(baskets: Any, assets: pd.Index, size: int) -> Members:
    """Return the baskets (M, size) that the caller named.

    Raises
    ------
    DataTypeError, InputError, UnknownNameError
        For baskets that are not lists of `size` different assets of the panel, or are named twice.
    """
    kind, example = {2: "pairs", 3: "triples"}[size], tuple(assets[:size])
    if isinstance(baskets, str | pd.DataFrame) or not isinstance(baskets, Sequence):
        raise DataTypeError(
            f"{kind} must be a list of {size} names each, got {shown(baskets)}. Pass e.g. {kind}=[{example!r}]."
        )
    seen: dict[frozenset[Any], Any] = {}
    for basket in baskets:
        if isinstance(basket, str) or not isinstance(basket, Sequence) or len(basket) != size:
            raise InputError(
                f"{kind} must be a list of {size} names each, got {shown(basket)} in it. "
                f"Pass e.g. {kind}=[{example!r}]."
            )
        unknown = [name for name in basket if name not in assets]
        if unknown:
            raise UnknownNameError(f"{kind} must name columns of prices, got {listed(unknown)}. Check the names.")
        key = frozenset(basket)
        if len(key) < size:
            raise InputError(f"{kind} must have {size} different assets each, got {shown(basket)}. Drop it.")
        if key in seen:
            raise InputError(
                f"{kind} must have every basket once, got {shown(seen[key])} and {shown(basket)}. Drop one of them."
            )
        seen[key] = basket
    columns = [[assets.get_loc(name) for name in basket] for basket in baskets]
    return np.array(columns, dtype=np.int64).reshape(-1, size)


def each_hedged(members: Members, assets: pd.Index) -> Members:
    """Return every basket with each of its assets hedged in turn, the others by name: (size, M, size)."""
    place = np.empty(len(assets), dtype=np.int64)
    place[by_name(assets)] = np.arange(len(assets))
    ordered = np.take_along_axis(members, np.argsort(place[members], axis=1), axis=1)
    size = members.shape[1]
    turns = [[j, *(i for i in range(size) if i != j)] for j in range(size)]
    return np.stack([ordered[:, turn] for turn in turns])


def labels(members: Members, assets: pd.Index) -> list[str]:
    """Return labels "A ~ B + C": the hedged asset, then its hedge."""
    names = np.array([str(name) for name in assets], dtype=object)
    return [f"{first} ~ {' + '.join(others)}" for first, *others in names[members].tolist()]
