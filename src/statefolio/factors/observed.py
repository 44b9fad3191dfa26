"""Factors that trade: returns as they came, and spreads of fixed weights on other returns."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.frames import read_values
from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError
from statefolio.factors.factor_returns import FactorReturns


def traded_factors(returns: Any) -> FactorReturns:
    """Take the returns of traded factors as they are.

    Parameters
    ----------
    returns : DataFrame (T dates, K factors)
        In decimals, e.g. "Mkt-RF", "SMB", "HML", "RMW", "CMA" and "Mom" of French's library [1]_. A column that
        is no factor, such as the risk-free rate, does not belong here.

    Returns
    -------
    FactorReturns
        Kind "observed". Warns of columns that look like percent or prices.

    References
    ----------
    .. [1] Fama and French (2015), A five-factor asset pricing model, Journal of Financial Economics 116.
    """
    values, dates, names = read_values(returns, "returns", units=True)
    return FactorReturns(pd.DataFrame(values, dates, names), _kinds(names))


def spread_factors(returns: Any, legs: Any) -> FactorReturns:
    """Make factors of fixed weights on traded returns, e.g. long one ETF and short another.

    Parameters
    ----------
    returns : DataFrame (T dates, N assets)
        In decimals; NaN where not observed.
    legs : mapping from factor to {asset: weight}
        E.g. ``{"size": {"IWM": 1.0, "SPY": -1.0}}``. Weights are rebalanced on every date.

    Returns
    -------
    FactorReturns
        f_t = sum_i w_i r_it, kind "observed". NaN on a date where any leg is NaN.

    Raises
    ------
    UnknownNameError
        An asset that `returns` lacks.
    """
    values, dates, assets = read_values(returns, "returns", units=True)
    if not isinstance(legs, Mapping) or not legs:
        raise InputError(
            f"legs is {legs!r}; a mapping from a factor's name to its weights by asset was expected. "
            "Pass e.g. {'size': {'IWM': 1.0, 'SPY': -1.0}}."
        )
    columns = {}
    for name, weights in legs.items():
        places, of = _checked_legs(name, weights, assets)
        columns[name] = values[:, places] @ of
    return FactorReturns(pd.DataFrame(columns, dates), _kinds(pd.Index(list(columns))))


def _checked_legs(name: Any, weights: Any, assets: pd.Index) -> tuple[Any, Array]:
    if not isinstance(weights, Mapping) or not weights:
        raise DataTypeError(
            f"legs of {name!r} are {weights!r}; a mapping from asset to weight was expected. "
            "Pass e.g. {'IWM': 1.0, 'SPY': -1.0}."
        )
    places = assets.get_indexer(pd.Index(list(weights)))
    unknown = [asset for asset, place in zip(weights, places, strict=True) if place < 0]
    if unknown:
        raise UnknownNameError(
            f"spread {name!r} names assets {listed(unknown)} that returns lacks; its columns were expected "
            f"({listed(list(assets), most=8)}). Correct the name, or add the column."
        )
    try:
        of = np.array([float(weight) for weight in weights.values()])
    except (TypeError, ValueError) as error:
        raise DataTypeError(f"spread {name!r} has a weight that is no number; numbers were expected.") from error
    if not np.isfinite(of).all() or not of.any():
        raise InputError(
            f"spread {name!r} has weights {list(weights.values())}; finite weights, not all zero, were expected."
        )
    return places, of


def _kinds(names: pd.Index) -> pd.Series:
    return pd.Series("observed", index=names)
