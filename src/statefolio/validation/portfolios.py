"""Portfolios that put a covariance to the test: named ones, and random ones of two kinds."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed
from statefolio._options import is_whole
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError

GIVEN, EQUAL, LONG_ONLY, LONG_SHORT, MINIMUM = (
    "given",
    "equal weight",
    "random long-only",
    "random long-short",
    "minimum variance",
)


def gather_portfolios(given: Any, assets: pd.Index, random: Any, seed: int) -> tuple[pd.DataFrame, pd.Series]:
    """Weights (portfolio x asset) and the kind of every portfolio.

    Parameters
    ----------
    given : DataFrame (portfolio x asset), mapping from name to Series, or None
        Weights of named portfolios; an asset that is not there has none.
    assets : Index
    random : int
        Portfolios of each random kind: long-only with weights uniform on the simplex, and long-short with
        standard normal weights less their mean.
    seed : int

    Returns
    -------
    weights : DataFrame
        `given` first, then equal weights, then the random ones.
    kinds : Series
    """
    if not is_whole(random) or random < 0:
        raise InputError(f"random_portfolios={random!r}; a number, 0 or more, was expected. Pass e.g. 100.")
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
    """A row a portfolio, from a mapping."""
    rows = {name: pd.Series(weights) for name, weights in given.items()}
    for name, row in rows.items():
        if not row.index.is_unique:
            again = list(row.index[row.index.duplicated()].unique())
            raise InputError(
                f"portfolio {name!r} names assets twice ({listed(again)}); each was expected once. Add them up."
            )
    return pd.DataFrame(rows).T


def _named(given: Any, assets: pd.Index, drawn: list[str]) -> pd.DataFrame:
    if given is None:
        return pd.DataFrame(columns=assets, dtype=np.float64)
    if isinstance(given, pd.Series | np.ndarray) or not hasattr(given, "items"):
        raise DataTypeError(
            f"portfolios is a {type(given).__name__}; a DataFrame portfolio x asset, or a mapping from name to a "
            "Series by asset, was expected. Pass e.g. {'mine': weights}."
        )
    table = given if isinstance(given, pd.DataFrame) else _rows(given)
    if not table.columns.is_unique:
        again = list(table.columns[table.columns.duplicated()].unique())
        raise InputError(f"portfolios names assets twice ({listed(again)}); each was expected once. Add them up.")
    unknown = table.columns.difference(assets, sort=False)
    if len(unknown):
        raise UnknownNameError(
            f"portfolios holds {listed(list(unknown))}, which returns lacks; assets of returns were expected. "
            "Leave those out."
        )
    try:
        table = table.reindex(columns=assets).astype(np.float64).fillna(0.0)
    except (TypeError, ValueError) as error:
        raise DataTypeError("portfolios holds something that is no number; numbers were expected.") from error
    values = table.to_numpy()
    empty = ~(np.isfinite(values).all(axis=1) & (values != 0.0).any(axis=1))
    reserved = table.index.intersection(pd.Index([EQUAL, MINIMUM, *drawn]))
    if empty.any() or len(reserved) or not table.index.is_unique:
        odd = [*table.index[empty], *reserved, *table.index[table.index.duplicated()]]
        raise InputError(
            f"portfolios has {listed(odd)}: empty, not finite, named twice or by a reserved name; finite weights under "
            "names of their own were expected. Rename or drop them."
        )
    return table
