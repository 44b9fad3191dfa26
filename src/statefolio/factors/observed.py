"""Builds factors from traded returns: the returns themselves, and spreads with fixed weights."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed, shown
from statefolio._arrays.types import Array
from statefolio._plausible.reading import read_returns
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError
from statefolio.factors.factor_returns import FactorReturns


def traded_factors(returns: Any) -> FactorReturns:
    """Wrap the returns of traded factors in `FactorReturns`, unchanged.

    Parameters
    ----------
    returns : DataFrame (T dates, K factors)
        In decimals, e.g. "Mkt-RF", "SMB", "HML", "RMW", "CMA" and "Mom" of French's library. Leave out
        columns that are not factors, such as the risk-free rate.

    Returns
    -------
    FactorReturns
        Kind "observed". Warns of columns that look like percent or prices.

    References
    ----------
    Fama and French (2015), A five-factor asset pricing model, Journal of Financial Economics 116.

    Examples
    --------
    >>> import statefolio as sf
    >>> from statefolio.factors import traded_factors
    >>> factors = traded_factors(sf.load_demo().factors[["market", "size"]])
    >>> factors.kinds.to_dict()
    {'market': 'observed', 'size': 'observed'}
    """
    values, dates, names = read_returns(returns, "returns", assets=False)
    return FactorReturns(pd.DataFrame(values, dates, names), _kinds(names))


def spread_factors(returns: Any, legs: Any) -> FactorReturns:
    """Compute factors as fixed weights on traded returns, e.g. long one ETF and short another.

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

    Examples
    --------
    >>> import statefolio as sf
    >>> from statefolio.factors import spread_factors
    >>> returns = sf.load_demo().returns
    >>> oil = spread_factors(returns, {"oil": {"XOM": 0.5, "CVX": 0.5, "KO": -1.0}})
    >>> oil.returns.loc["2022-12-23":].round(4)
                   oil
    date
    2022-12-23  0.0211
    2022-12-27  0.0071
    2022-12-28 -0.0056
    """
    values, dates, assets = read_returns(returns, "returns")
    if not isinstance(legs, Mapping) or not legs:
        raise InputError(
            f"legs must be a mapping from a factor's name to its weights by asset, got {shown(legs)}. "
            "Pass e.g. {'size': {'IWM': 1.0, 'SPY': -1.0}}."
        )
    columns = {}
    for name, weights in legs.items():
        positions, numbers = _checked_legs(name, weights, assets)
        columns[name] = values[:, positions] @ numbers
    return FactorReturns(pd.DataFrame(columns, dates), _kinds(pd.Index(list(columns))))


def _checked_legs(name: Any, weights: Any, assets: pd.Index) -> tuple[Any, Array]:
    if not isinstance(weights, Mapping) or not weights:
        raise DataTypeError(
            f"legs of {name!r} must be a mapping from asset to weight, got {shown(weights)}. "
            "Pass e.g. {'IWM': 1.0, 'SPY': -1.0}."
        )
    positions = assets.get_indexer(pd.Index(list(weights)))
    unknown = [asset for asset, position in zip(weights, positions, strict=True) if position < 0]
    if unknown:
        raise UnknownNameError(
            f"legs of {name!r} must name columns of returns ({listed(list(assets), most=8)}), got {listed(unknown)}. "
            "Correct the name, or add the column."
        )
    try:
        numbers = np.array([float(weight) for weight in weights.values()])
    except (TypeError, ValueError) as error:
        raise DataTypeError(
            f"legs of {name!r} must have weights that are numbers, got {list(weights.values())}. Pass e.g. "
            f"{{'IWM': 1.0}}."
        ) from error
    if not np.isfinite(numbers).all() or not numbers.any():
        raise InputError(
            f"legs of {name!r} must have finite weights that are not all zero, got {list(weights.values())}. "
            "Pass e.g. {'IWM': 1.0, 'SPY': -1.0}."
        )
    return positions, numbers


def _kinds(names: pd.Index) -> pd.Series:
    return pd.Series("observed", index=names)
