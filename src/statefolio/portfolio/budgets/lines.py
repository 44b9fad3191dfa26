"""The lines of a budget, read and matched with names; nothing is filled in by silence."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio.exceptions import InputError, UnknownNameError
from statefolio.risk.weights import read_numbers

_SUM_TOLERANCE = 1e-6


def read_budget(given: Any, names: pd.Index, what: str, *, spread_absent: bool = False) -> Array:
    """Shares of the risk in the order of `names`, adding up to one.

    Parameters
    ----------
    given : Series or mapping
        A share for each name.
    names : Index
        What the lines are for.
    what : str
        What the names are, in the plural: "assets".
    spread_absent : bool
        Lines whose name is not there are left out and their shares spread over the others, in proportion.

    Raises
    ------
    UnknownNameError
        For a line that is not among the names, unless they are spread.
    InputError
        For a name without a line, a share that is negative or not finite, or shares that do not add up to one.
    """
    lines = read_numbers(given, "budget")
    if (lines < 0.0).any():
        raise InputError(
            f"budget of {listed(list(lines.index[lines < 0.0]))} is negative; shares of 0 or more were expected. "
            "Give short positions a sign, not a negative share."
        )
    total = float(lines.sum())
    if not abs(total - 1.0) <= _SUM_TOLERANCE:
        raise InputError(f"budget adds up to {total:.8g}; 1 was expected. Divide it by its sum.")
    absent = lines.index.difference(names, sort=False)
    if len(absent) and not spread_absent:
        raise UnknownNameError(
            f"budget names {listed(list(absent))}, not among the {what}; {listed(list(names))} were expected. "
            "Correct the names, or leave these lines out."
        )
    missing = names.difference(lines.index, sort=False)
    if len(missing):
        raise InputError(
            f"budget lacks {listed(list(missing))}; a line for each of the {what} was expected. Give those that "
            "should bear no risk 0."
        )
    shares: Array = np.array(lines.reindex(names), dtype=np.float64)
    if not shares.sum() > 0.0:
        raise InputError(f"budget gives nothing to the {what} that are there; a positive share was expected.")
    shares /= shares.sum()
    return shares


def read_signs(given: Any, names: pd.Index, what: str) -> Array:
    """+1 or -1 for each name; +1 where no sign is given."""
    signs = np.ones(len(names))
    if given is None:
        return signs
    named = read_numbers(given, "signs")
    absent = named.index.difference(names, sort=False)
    if len(absent):
        raise UnknownNameError(
            f"signs name {listed(list(absent))}, not among the {what}; {listed(list(names))} were expected. "
            "Correct the names."
        )
    if not named.abs().eq(1.0).all():
        odd = named.index[named.abs() != 1.0]
        raise InputError(f"signs of {listed(list(odd))} are neither 1 nor -1; one of these was expected. Pass e.g. -1.")
    signs[names.get_indexer(named.index)] = named.to_numpy()
    return signs
