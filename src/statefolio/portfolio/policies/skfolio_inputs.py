"""What a skfolio optimiser is given at a decision: returns of assets that can be held, weights before, costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

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
        Excess returns; columns are texts, as skfolio matches names by text.
    assets : Index
        What the market calls them.
    active : Index
        All assets that can be bought now.
    metadata : mapping
        Factors and active mask, where it asks for them.
    """

    returns: pd.DataFrame
    assets: pd.Index
    active: pd.Index
    metadata: Mapping[str, Any]

    def assets_of(self, fitted: Any) -> pd.Index:
        """The assets of a fitted optimiser's weights: all, or those that former steps of a pipeline selected."""
        names = getattr(fitted, "feature_names_in_", None)
        if names is None:
            raise InputError(
                f"{type(fitted).__name__} was given arrays by the step before it; a frame with names was expected. "
                'Use pipeline.set_output(transform="pandas").'
            )
        return self.assets[self.returns.columns.get_indexer(names)]


def check_estimator(estimator: Any) -> None:
    """Raise for what is no optimiser of skfolio, and for costs that it would charge on every observation."""
    from skfolio.optimization import BaseOptimization

    if not isinstance(final_step(estimator), BaseOptimization):
        what = f"the class {estimator.__name__}" if isinstance(estimator, type) else f"a {type(estimator).__name__}"
        raise DataTypeError(f"estimator is {what}; an optimiser of skfolio was expected. Pass e.g. MeanRisk().")
    for name, value in estimator.get_params(deep=True).items():
        if name.split("__")[-1] == COSTS and _charges(value):
            raise InputError(
                f"the estimator has {name}={value!r}, which skfolio charges on every observation; none were expected. "
                "Pass costs, which are paid once a trade, to SkfolioPolicy."
            )


def final_step(estimator: Any) -> Any:
    """The optimiser itself: the last step of a pipeline."""
    steps = getattr(estimator, "steps", None)
    return estimator if steps is None else steps[-1][1]


def inputs_of(estimator: Any, lookback: int | None, history: History) -> SkfolioInputs:
    """Cut what history knows to what the estimator takes; metadata routing is on."""
    from sklearn.utils.metadata_routing import get_routing_for_object

    asks = get_routing_for_object(estimator).consumes("fit", ["factors", "active_mask"])
    returns = history.excess_returns
    known = returns[history.active].dropna(how="all", axis=0)
    factors = _factors(history) if "factors" in asks else None
    if factors is not None:
        known = known.loc[factors.notna().all(axis=1).loc[known.index]]
    window = known if lookback is None else known.iloc[-lookback:]
    listed = returns[window.columns].notna().cummax().loc[window.index]
    if "active_mask" in asks:
        window = window.loc[:, window.notna().any()]
    else:
        window = window.loc[:, listed.iloc[:1].all()].fillna(0.0)
    assets = window.columns
    metadata: dict[str, Any] = {}
    if "active_mask" in asks:
        metadata["active_mask"] = listed[assets].to_numpy()
    window = window.set_axis(_texts(assets), axis=1)
    if factors is not None:
        metadata["factors"] = factors.loc[window.index]
    return SkfolioInputs(window, assets, history.active, metadata)


def with_trade(estimator: Any, inputs: SkfolioInputs, holdings: Holdings, costs: Any, period: float) -> Any:
    """Tell the estimator what is held, and what trading costs on each date of the holding period."""
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
            raise InputError(f"{kind} knows no costs, but costs came; none were expected. Leave costs out.")
        wanted[COSTS] = dict(zip(names, cost.tolist(), strict=True))
    return estimator.set_params(**{prefix + name: value for name, value in wanted.items() if name in takes})


def _factors(history: History) -> pd.DataFrame:
    if history.factors is None:
        raise InputError(
            "the estimator asks for factors, but the market has none; they were expected. Pass factors to the market."
        )
    factors: pd.DataFrame = history.factors
    return factors


def _texts(assets: pd.Index) -> pd.Index:
    names = pd.Index([str(asset) for asset in assets], dtype=object)
    if not names.is_unique:
        raise InputError("assets have the same name as text, e.g. 1 and '1'; different ones were expected. Rename one.")
    return names


def _charges(value: Any) -> bool:
    if value is None:
        return False
    numbers = list(value.values()) if isinstance(value, Mapping) else value
    return bool(np.any(np.asarray(numbers, dtype=object) != 0))
