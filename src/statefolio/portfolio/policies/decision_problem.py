"""One decision date as a `Problem`: which assets, what trading costs, how much volumes allow."""

from collections.abc import Mapping
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio._options import is_number
from statefolio.exceptions import DataTypeError, InputError, UnknownNameError
from statefolio.portfolio.constraints import Constraints
from statefolio.portfolio.policy import History, Holdings
from statefolio.portfolio.problem import Problem
from statefolio.risk.low_rank import LowRankCovariance

FIRST_HOLDING_PERIOD = 21.0


class RiskModel(Protocol):
    """A covariance of the next date's returns, as `FactorRisk` offers it; its first loadings belong to the factors."""

    covariance_: LowRankCovariance
    assets_: pd.Index
    factors_: pd.Index

    def fit(self, returns: Any, factors: Any, tune_until: Any = None) -> Self:
        """Learn from excess returns and factors."""

    def partial_fit(self, new_returns: Any, new_factors: Any) -> Self:
        """Go on over later dates."""


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
    """Put together what is known of the assets that can be bought now and have a covariance.

    Parameters
    ----------
    risk, forecast
        Fitted as of `history.date`; the forecast of a `View`, or None.
    history, holdings, constraints
        Of the decision.
    costs, holding_period, volume_window
        As `ModelPolicy` has them.

    Returns
    -------
    Problem
        It has no asset where none can be held.
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
    """What trading a unit of value costs, by asset (N,): the proportional cost and half the spread, no impact.

    Parameters
    ----------
    costs
        None, a number, a Series by asset, or an object whose `proportional` and `half_spread` are such.
    assets
        N names.

    Raises
    ------
    UnknownNameError, InputError, DataTypeError
        If a Series lacks an asset, a cost is negative or not finite, or `costs` is something else.
    """
    if costs is None:
        return np.zeros(len(assets))
    if not hasattr(costs, "proportional"):
        return _by_asset(costs, assets, "costs")
    spread = _by_asset(getattr(costs, "half_spread", 0.0), assets, "half_spread")
    return _by_asset(costs.proportional, assets, "proportional") + spread


def expected_holding_period(given: float | None, holdings: Holdings) -> float:
    """Dates until the next decision: as given, else as many as since the last one, else a month's."""
    if given is None:
        return float(holdings.dates_since) if holdings.dates_since > 0 else FIRST_HOLDING_PERIOD
    if not is_number(given) or not 0.0 < given < np.inf:
        raise InputError(f"holding_period={given!r}; a positive number of dates was expected. Pass e.g. 21.")
    return float(given)


def loading_variance(risk: RiskModel, assets: pd.Index) -> Array | None:
    """Variances of the predicted loadings on the factors (N, K); None where the risk model has none."""
    model = getattr(risk, "model_", None)
    if model is None:
        return None
    first = int(model.intercept)
    covariance = model.next_["covariance"].to_numpy()[model.assets_.get_indexer(assets)]
    variance: Array = np.diagonal(covariance, axis1=1, axis2=2)[:, first:].copy()
    return variance


def _check_names(constraints: Constraints, market: pd.Index) -> None:
    """A bound on what the market lacks is a name misspelt, and the asset meant would go without."""
    for name in ("lower", "upper"):
        bound = getattr(constraints, name)
        named = pd.Index(bound.keys()) if isinstance(bound, Mapping | pd.Series) else market
        unknown = named[~named.isin(market)]
        if len(unknown):
            raise UnknownNameError(
                f"{name} names {listed(list(unknown))}, not among the market's assets; {listed(list(market))} were "
                "expected. Correct the names."
            )


def _by_asset(value: Any, assets: pd.Index, name: str) -> Array:
    if isinstance(value, pd.Series):
        absent = assets[~assets.isin(value.index)]
        if len(absent):
            raise UnknownNameError(f"{name} lacks {listed(list(absent))}; a cost of each was expected. Name every one.")
        found: Array = value.reindex(assets).to_numpy(dtype=np.float64)
    elif is_number(value):
        found = np.full(len(assets), float(value))
    else:
        raise DataTypeError(
            f"{name} is a {type(value).__name__}; a number or a Series by asset was expected. Pass e.g. 0.001."
        )
    bad = ~((found >= 0.0) & np.isfinite(found))
    if bad.any():
        raise InputError(
            f"{name} of {listed(list(assets[bad]))} is negative or not finite; shares of the value traded, 0 or more, "
            "were expected. Correct them."
        )
    return found


def _most_held(
    history: History, holdings: Holdings, constraints: Constraints, assets: pd.Index, window: int
) -> Array | None:
    """The largest position that volumes allow: a share of the usual dollar volume, over the portfolio's value."""
    if constraints.volume_share is None:
        return None
    volumes = history.dollar_volumes
    if volumes is None:
        raise InputError(
            "volume_share is given, but the market has no dollar_volumes; they were expected. Pass them to the market, "
            "or leave volume_share out."
        )
    usual = volumes.iloc[-window:].reindex(columns=assets).median().fillna(0.0).to_numpy(dtype=np.float64)
    most: Array = constraints.volume_share * usual / holdings.value
    return most
