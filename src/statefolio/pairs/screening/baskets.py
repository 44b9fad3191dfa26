"""Which pairs and triples of a panel are screened, as columns of its prices."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.text import listed
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError

Members = NDArray[np.int64]


def by_name(assets: pd.Index) -> Members:
    """Columns in the order of their names, which their order in a frame has no part in."""
    return np.array(sorted(range(len(assets)), key=lambda column: str(assets[column])), dtype=np.int64)


def all_pairs(assets: pd.Index) -> Members:
    """Every pair (M, 2), the name that comes first in the alphabet first."""
    order = by_name(assets)
    first, second = np.triu_indices(len(order), 1)
    return np.column_stack([order[first], order[second]])


def named_baskets(baskets: Any, assets: pd.Index, size: int) -> Members:
    """Chosen baskets (M, size) as columns, or an error that names what is wrong with one."""
    kind = {2: "pairs", 3: "triples"}[size]
    if isinstance(baskets, str | pd.DataFrame) or not isinstance(baskets, Sequence):
        raise DataTypeError(f"{kind} is a {type(baskets).__name__}; a list of {size} names each was expected.")
    seen: dict[frozenset[Any], Any] = {}
    for basket in baskets:
        if isinstance(basket, str) or not isinstance(basket, Sequence) or len(basket) != size:
            raise InputError(f"{kind} has {basket!r}; {size} names were expected, e.g. {tuple(assets[:size])!r}.")
        unknown = [name for name in basket if name not in assets]
        if unknown:
            raise UnknownNameError(f"{kind} has {listed(unknown)}, which prices lacks. Check the names.")
        key = frozenset(basket)
        if len(key) < size:
            raise InputError(f"{kind} has {basket!r}; {size} different assets were expected. Drop it.")
        if key in seen:
            raise InputError(f"{kind} has {basket!r} and {seen[key]!r}; each basket was expected once. Drop one.")
        seen[key] = basket
    columns = [assets.get_indexer(pd.Index(list(basket))) for basket in baskets]
    return np.array(columns, dtype=np.int64).reshape(-1, size)


def each_hedged(members: Members, assets: pd.Index) -> Members:
    """Every basket once for each of its assets as the hedged one, the others by name: (size, M, size)."""
    place = np.empty(len(assets), dtype=np.int64)
    place[by_name(assets)] = np.arange(len(assets))
    ordered = np.take_along_axis(members, np.argsort(place[members], axis=1), axis=1)
    size = members.shape[1]
    turns = [[j, *(i for i in range(size) if i != j)] for j in range(size)]
    return np.stack([ordered[:, turn] for turn in turns])


def labels(members: Members, assets: pd.Index) -> list[str]:
    """The hedged asset, then what hedges it: "A ~ B + C"."""
    names = np.array([str(name) for name in assets], dtype=object)
    return [f"{first} ~ {' + '.join(others)}" for first, *others in names[members].tolist()]
