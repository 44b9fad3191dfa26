"""Makes portfolios on which covariance forecasts are scored: given, equal-weight and random ones."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed, shown
from statefolio._options import Whole, check
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError

GIVEN, EQUAL, LONG_ONLY, LONG_SHORT, MINIMUM = (
    "given",
    "equal weight",
    "random long-only",
    "random long-short",
    "minimum variance",
)


def gather_portfolios(given: Any, assets: pd.Index, random: Any, seed: int) -> tuple[pd.DataFrame, pd.Series]:
    """Return the weights (portfolio x asset) and the kind of every portfolio.

    Parameters
    ----------
    given : DataFrame (portfolio x asset), mapping from name to Series, or None
        Weights of named portfolios; an asset that is not named has weight 0.
    assets : Index
    random : int
        Number of portfolios of each random kind: long-only with weights uniform on the simplex, and long-short with
        standard normal weights minus their mean.
    seed : int

    Returns
    -------
    weights : DataFrame
        `given` first, then equal weights, then the random ones.
    kinds : Series
    """
    check("random_portfolios", random, Whole(at_least=0, example=100))
    rng = np.random.default_rng(seed)
    shape = (random, len(assets))
    long_only = rng.exponential(size=shape)
    long_only /= long_only.sum(axis=1, keepdims=True)
    long_short = rng.standard_normal(shape)
    long_short -= long_short.mean(axis=1, keepdims=True)
    equal = np.full((1, len(assets)), 1.0 / len(assets))
    names = {kind: [f"{kind} {k + 1}" for k in range(random)] for kind in (LONG_ONLY, LONG_SHORT)}
    named = _named(given, assets, names[LONG_ONLY] + names[LONG_SHORT])
    parts = [named, pd.DataFrame(equal, index=[EQUAL], columns=assets)]
    kinds = [GIVEN] * len(parts[0]) + [EQUAL]
    for kind, drawn in ((LONG_ONLY, long_only), (LONG_SHORT, long_short)):
        if kind == LONG_SHORT and len(assets) == 1:
            continue
        parts.append(pd.DataFrame(drawn, index=names[kind], columns=assets))
        kinds += [kind] * random
    weights = pd.concat(parts)
    return weights, pd.Series(kinds, index=weights.index, name="kind")


def _rows(given: Any) -> pd.DataFrame:
    """Convert a mapping to one row per portfolio."""
    rows = {name: pd.Series(weights) for name, weights in given.items()}
    for name, row in rows.items():
        if not row.index.is_unique:
            again = list(row.index[row.index.duplicated()].unique())
            raise InputError(
                f"portfolios must name each asset once, got {listed(again)} twice in {name!r}. Add their weights."
            )
    return pd.DataFrame(rows).T


def _named(given: Any, assets: pd.Index, drawn: list[str]) -> pd.DataFrame:
    if given is None:
        return pd.DataFrame(columns=assets, dtype=np.float64)
    if isinstance(given, pd.Series | np.ndarray) or not hasattr(given, "items"):
        raise DataTypeError(
            "portfolios must be a DataFrame (portfolio x asset) or a mapping from name to a Series by asset, got "
            f"{shown(given)}. Pass e.g. {{'mine': weights}}."
        )
    table = given if isinstance(given, pd.DataFrame) else _rows(given)
    if not table.columns.is_unique:
        again = list(table.columns[table.columns.duplicated()].unique())
        raise InputError(f"portfolios must name each asset once, got {listed(again)} twice. Add their weights.")
    unknown = table.columns.difference(assets, sort=False)
    if len(unknown):
        raise UnknownNameError(
            f"portfolios must hold assets of returns, got {listed(list(unknown))}. Leave them out or add their returns."
        )
    try:
        table = table.reindex(columns=assets).astype(np.float64).fillna(0.0)
    except (TypeError, ValueError) as error:
        raise DataTypeError(
            "portfolios must hold numbers, got other values. Convert them with pd.to_numeric."
        ) from error
    values = table.to_numpy()
    empty = ~(np.isfinite(values).all(axis=1) & (values != 0.0).any(axis=1))
    reserved = table.index.intersection(pd.Index([EQUAL, MINIMUM, *drawn]))
    if empty.any() or len(reserved) or not table.index.is_unique:
        odd = [*table.index[empty], *reserved, *table.index[table.index.duplicated()]]
        raise InputError(
            f"portfolios must have finite weights that are not all zero, and distinct names that are not reserved, got "
            f"{listed(odd)}. Rename or drop them."
        )
    return table
