"""Prepares the inputs of a skfolio optimiser: returns of assets that can be held, previous weights, costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed, shown
from statefolio.exceptions import DataTypeError, InputError
from statefolio.portfolio.policies.decision_problem import trade_cost
from statefolio.portfolio.policy import History, Holdings

COSTS, PREVIOUS = "transaction_costs", "previous_weights"


@dataclass(frozen=True, eq=False)
class SkfolioInputs:
    """Data of one fit.

    Attributes
    ----------
    returns : DataFrame (date x asset)
        Excess returns; columns are strings, as skfolio matches names as strings.
    assets : Index
        Their names in the market.
    active : Index
        All assets that can be bought now.
    metadata : mapping
        Factors and active mask, where the estimator requests them.
    """

    returns: pd.DataFrame
    assets: pd.Index
    active: pd.Index
    metadata: Mapping[str, Any]

    def assets_of(self, fitted: Any) -> pd.Index:
        """The assets of a fitted optimiser's weights: all, or those that earlier steps of a pipeline selected."""
        names = getattr(fitted, "feature_names_in_", None)
        if names is None:
            raise InputError(
                f"{type(fitted).__name__} must get a DataFrame from the previous step of the pipeline, got an array. "
                'Use pipeline.set_output(transform="pandas").'
            )
        return self.assets[self.returns.columns.get_indexer(names)]


def check_estimator(estimator: Any) -> None:
    """Raise an error unless this is a skfolio optimiser without costs, which it would charge on every observation."""
    from skfolio.optimization import BaseOptimization

    if not isinstance(final_step(estimator), BaseOptimization):
        raise DataTypeError(
            f"estimator must be an optimiser of skfolio, got {shown(estimator)}. Pass e.g. estimator=MeanRisk()."
        )
    for name, value in estimator.get_params(deep=True).items():
        if name.split("__")[-1] == COSTS and _charges(value):
            raise InputError(
                f"{name} must be 0, as skfolio charges on every observation, got {shown(value)}. Pass costs to "
                "SkfolioPolicy, which charges them once per trade."
            )


def final_step(estimator: Any) -> Any:
    """The optimiser itself: the last step of a pipeline."""
    steps = getattr(estimator, "steps", None)
    return estimator if steps is None else steps[-1][1]


def inputs_of(estimator: Any, lookback: int | None, history: History) -> SkfolioInputs:
    """Select the data that the estimator takes from the history; metadata routing must be on."""
    from sklearn.utils.metadata_routing import get_routing_for_object

    requested = get_routing_for_object(estimator).consumes("fit", ["factors", "active_mask"])
    returns = history.excess_returns
    known = returns[history.active].dropna(how="all", axis=0)
    factors = _factors(history) if "factors" in requested else None
    if factors is not None:
        known = known.loc[factors.notna().all(axis=1).loc[known.index]]
    window = known if lookback is None else known.iloc[-lookback:]
    seen = returns[window.columns].notna().cummax().loc[window.index]
    if "active_mask" in requested:
        window = window.loc[:, window.notna().any()]
    else:
        window = window.loc[:, seen.iloc[:1].all()].fillna(0.0)
    assets = window.columns
    metadata: dict[str, Any] = {}
    if "active_mask" in requested:
        metadata["active_mask"] = seen[assets].to_numpy()
    window = window.set_axis(_texts(assets), axis=1)
    if factors is not None:
        metadata["factors"] = factors.loc[window.index]
    return SkfolioInputs(window, assets, history.active, metadata)


def with_trade(estimator: Any, inputs: SkfolioInputs, holdings: Holdings, costs: Any, period: float) -> Any:
    """Set the estimator's previous weights, and its costs per date of the holding period."""
    steps = getattr(estimator, "steps", None)
    prefix = "" if steps is None else f"{steps[-1][0]}__"
    takes = final_step(estimator).get_params(deep=False)
    active = inputs.active
    held = holdings.weights.reindex(active).fillna(0.0)
    names = _texts(active)
    wanted = {PREVIOUS: dict(zip(names, held.tolist(), strict=True))}
    cost = trade_cost(costs, active) / period
    if cost.any():
        if COSTS not in takes:
            kind = type(final_step(estimator)).__name__
            raise InputError(f"costs must be None for {kind}, which has no costs, got {shown(costs)}. Leave costs out.")
        wanted[COSTS] = dict(zip(names, cost.tolist(), strict=True))
    return estimator.set_params(**{prefix + name: value for name, value in wanted.items() if name in takes})


def _factors(history: History) -> pd.DataFrame:
    if history.factors is None:
        raise InputError(
            "factors must be part of the market, as the estimator requests factors, got None. Pass factors to the "
            "market."
        )
    factors: pd.DataFrame = history.factors
    return factors


def _texts(assets: pd.Index) -> pd.Index:
    names = pd.Index([str(asset) for asset in assets], dtype=object)
    if not names.is_unique:
        again = names[names.duplicated()]
        raise InputError(f"assets must have different names as strings, got {listed(again)} twice. Rename one.")
    return names


def _charges(value: Any) -> bool:
    if value is None:
        return False
    numbers = list(value.values()) if isinstance(value, Mapping) else value
    return bool(np.any(np.asarray(numbers, dtype=object) != 0))
