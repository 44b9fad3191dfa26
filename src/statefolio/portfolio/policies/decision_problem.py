"""Builds the `Problem` of one decision date: assets, trading costs, and limits by volume."""

from collections.abc import Mapping
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed, shown
from statefolio._arrays.types import Array
from statefolio._options import Number, check, is_number
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError
from statefolio.portfolio.constraints import Constraints
from statefolio.portfolio.policy import History, Holdings
from statefolio.portfolio.problem import Problem
from statefolio.risk.low_rank import LowRankCovariance

FIRST_HOLDING_PERIOD = 21.0
HOLDING_PERIOD = Number(above=0.0, example=21, unit=" of dates") | None


class RiskModel(Protocol):
    """The interface of a risk model, e.g. `FactorRisk`; its first loadings belong to the factors."""

    covariance_: LowRankCovariance
    assets_: pd.Index
    factors_: pd.Index

    def fit(self, returns: Any, factors: Any, tune_until: Any = None) -> Self:
        """Learn from excess returns and factors."""

    def partial_fit(self, new_returns: Any, new_factors: Any) -> Self:
        """Continue over later dates."""


def make_problem(
    risk: RiskModel,
    forecast: Any,
    history: History,
    holdings: Holdings,
    constraints: Constraints,
    costs: Any,
    holding_period: float | None,
    volume_window: int,
) -> Problem:
    """Build the problem of the assets that can be bought now and have a covariance (and a forecast, with a view).

    Parameters
    ----------
    risk, forecast
        Fitted as of `history.date`; the forecast of a `View`, or None.
    history, holdings, constraints
        Of the decision.
    costs, holding_period, volume_window
        Options of `ModelPolicy`.

    Returns
    -------
    Problem
        Without assets if none can be held.
    """
    _check_names(constraints, history.returns.columns)
    chosen = risk.assets_.isin(history.active)
    if forecast is not None:
        chosen &= risk.assets_.isin(forecast.assets)
    assets, places = risk.assets_[chosen], np.flatnonzero(chosen)
    mean, mean_covariance = (None, None) if forecast is None or not len(assets) else forecast.aligned(assets)
    previous = np.array(holdings.weights.reindex(assets).fillna(0.0), dtype=np.float64)
    return Problem(
        assets=assets,
        covariance=risk.covariance_.select(places),
        factors=risk.factors_,
        mean=mean,
        mean_covariance=mean_covariance,
        loading_variance=loading_variance(risk, assets),
        previous=previous,
        constraints=constraints,
        trade_cost=trade_cost(costs, assets),
        holding_period=expected_holding_period(holding_period, holdings),
        dates_since=holdings.dates_since,
        most_held=_most_held(history, holdings, constraints, assets, volume_window),
    )


def trade_cost(costs: Any, assets: pd.Index) -> Array:
    """Cost of trading a unit of value, by asset (N,): the proportional cost and half the spread, without market impact.

    Parameters
    ----------
    costs
        None, a number, a Series by asset, or an object with such attributes `proportional` and `half_spread`.
    assets
        N names.

    Raises
    ------
    UnknownNameError, InputError, DataTypeError
        If a Series lacks an asset, a cost is negative or not finite, or `costs` has another type.
    """
    if costs is None:
        return np.zeros(len(assets))
    if not hasattr(costs, "proportional"):
        return _by_asset(costs, assets, "costs")
    spread = _by_asset(getattr(costs, "half_spread", 0.0), assets, "half_spread")
    return _by_asset(costs.proportional, assets, "proportional") + spread


def expected_holding_period(given: float | None, holdings: Holdings) -> float:
    """Dates until the next decision: the given number, else as many as since the last one, else 21."""
    if given is None:
        return float(holdings.dates_since) if holdings.dates_since > 0 else FIRST_HOLDING_PERIOD
    check("holding_period", given, HOLDING_PERIOD)
    return float(given)


def loading_variance(risk: RiskModel, assets: pd.Index) -> Array | None:
    """Variances of the predicted loadings on the factors (N, K); None if the risk model has none."""
    model = getattr(risk, "model_", None)
    if model is None:
        return None
    first = int(model.intercept)
    ahead = model.ahead(getattr(risk, "horizon", 1))
    covariance = ahead["covariance"].to_numpy()[model.assets_.get_indexer(assets)]
    variance: Array = np.diagonal(covariance, axis1=1, axis2=2)[:, first:].copy()
    return variance


def _check_names(constraints: Constraints, market: pd.Index) -> None:
    """Raise an error for bounds on assets that the market lacks: a misspelt name would have no effect."""
    for name in ("lower", "upper"):
        bound = getattr(constraints, name)
        named = pd.Index(bound.keys()) if isinstance(bound, Mapping | pd.Series) else market
        unknown = named[~named.isin(market)]
        if len(unknown):
            raise UnknownNameError(
                f"{name} must name assets of the market ({listed(market)}), got {listed(unknown)}. Correct the names."
            )


def _by_asset(value: Any, assets: pd.Index, name: str) -> Array:
    if isinstance(value, pd.Series):
        absent = assets[~assets.isin(value.index)]
        if len(absent):
            raise UnknownNameError(f"{name} must have every asset, got none for {listed(absent)}. Add their costs.")
        found: Array = value.reindex(assets).to_numpy(dtype=np.float64)
    elif is_number(value):
        found = np.full(len(assets), float(value))
    else:
        raise DataTypeError(
            f"{name} must be a number or a Series by asset, got {shown(value)}. Pass e.g. {name}=0.001."
        )
    bad = ~((found >= 0.0) & np.isfinite(found))
    if bad.any():
        raise InputError(
            f"{name} must be finite shares of the value traded of at least 0, got {found[bad][0]:g} for "
            f"{listed(assets[bad])}. Pass e.g. 0.001 for 10 basis points."
        )
    return found


def _most_held(
    history: History, holdings: Holdings, constraints: Constraints, assets: pd.Index, window: int
) -> Array | None:
    """The largest position that volumes allow: a share of the usual dollar volume, divided by the portfolio's value."""
    if constraints.volume_share is None:
        return None
    volumes = history.dollar_volumes
    if volumes is None:
        raise InputError(
            "dollar_volumes must be part of the market where volume_share limits positions, got None. Pass them to the "
            "market, or leave volume_share out."
        )
    usual = volumes.iloc[-window:].reindex(columns=assets).median().fillna(0.0).to_numpy(dtype=np.float64)
    most: Array = constraints.volume_share * usual / holdings.value
    return most
