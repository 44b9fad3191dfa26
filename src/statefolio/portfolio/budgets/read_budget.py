"""Reads risk budgets and signs that users pass, and matches them with names."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio.exceptions import InputError, UnknownNameError
from statefolio.risk.weights import read_numbers

_SUM_TOLERANCE = 1e-6


def read_budget(given: Any, names: pd.Index, what: str, *, spread_absent: bool = False) -> Array:
    """Shares of the risk in the order of `names`; they sum to one.

    Parameters
    ----------
    given : Series or mapping
        A share for each name.
    names : Index
        The assets, groups or factors that bear the risk.
    what : str
        What the names are, in the plural: "assets".
    spread_absent : bool
        Ignore entries for unknown names and spread their shares over the others in proportion.

    Raises
    ------
    UnknownNameError
        For an entry that is not among the names, unless they are spread.
    InputError
        For a name without an entry, a share that is negative or not finite, or shares that do not sum to one.
    """
    given_shares = read_numbers(given, "budget")
    negative = given_shares[given_shares < 0.0]
    if len(negative):
        raise InputError(
            f"budget must be shares of at least 0, got {negative.iloc[0]:g} for {listed(negative.index)}. Pass signs "
            "for short positions."
        )
    total = float(given_shares.sum())
    if not abs(total - 1.0) <= _SUM_TOLERANCE:
        raise InputError(f"budget must sum to 1, got {total:.8g}. Divide it by its sum.")
    absent = given_shares.index.difference(names, sort=False)
    if len(absent) and not spread_absent:
        raise UnknownNameError(
            f"budget must name {what} among {listed(names)}, got {listed(absent)}. Correct the names, or "
            "leave them out."
        )
    missing = names.difference(given_shares.index, sort=False)
    if len(missing):
        raise InputError(
            f"budget must have a share for each of the {what}, got none for {listed(missing)}. Pass 0 for those that "
            "bear no risk."
        )
    shares: Array = np.array(given_shares.reindex(names), dtype=np.float64)
    if not shares.sum() > 0.0:
        raise InputError(
            f"budget must give a positive share to some of the {what} {listed(names)}, got 0 for all. "
            "Pass a positive share for one of them."
        )
    shares /= shares.sum()
    return shares


def read_signs(given: Any, names: pd.Index, what: str) -> Array:
    """+1 or -1 for each name; +1 for names without a sign."""
    signs = np.ones(len(names))
    if given is None:
        return signs
    named = read_numbers(given, "signs")
    absent = named.index.difference(names, sort=False)
    if len(absent):
        raise UnknownNameError(
            f"signs must name {what} among {listed(names)}, got {listed(absent)}. Correct the names."
        )
    if not named.abs().eq(1.0).all():
        odd = named[named.abs() != 1.0]
        raise InputError(
            f"signs must be 1 or -1, got {odd.iloc[0]:g} for {listed(odd.index)}. Pass -1 for short positions."
        )
    signs[names.get_indexer(named.index)] = named.to_numpy()
    return signs
