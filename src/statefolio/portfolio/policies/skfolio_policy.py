"""Any optimiser of skfolio as a policy."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone

from statefolio.exceptions import InputError
from statefolio.portfolio.policies.decision_problem import expected_holding_period
from statefolio.portfolio.policies.fallback import check_fallback, fall_back
from statefolio.portfolio.policies.options import check_dates
from statefolio.portfolio.policies.skfolio_inputs import (
    SkfolioInputs,
    check_estimator,
    final_step,
    inputs_of,
    with_trade,
)
from statefolio.portfolio.policy import Decision, History, Holdings


class SkfolioPolicy(BaseEstimator):
    """Weights of a skfolio optimiser, fitted anew at each decision on the returns known by then.

    skfolio's expected returns are those of one observation, and it takes `transaction_costs` off each of them. A
    trade is paid once, so its cost is divided by the dates until the next decision. `previous_weights` are those
    held. Assets that cannot be bought now are left out before the estimator sees them, whatever it would do with
    them. An estimator that asks for `active_mask` is told since when each of the others has been listed, one that asks
    for `factors` is given those of the market.

    Parameters
    ----------
    estimator
        An unfitted optimiser of skfolio, or a Pipeline that ends in one; it is cloned. Its own `transaction_costs`
        must be zero: pass `costs`.
    lookback : int, optional
        Latest dates that it is fitted on. Default: all.
    costs : optional
        What trading costs: a `TradingCosts`, a number or a Series by asset, as a share of the value traded.
    holding_period : float, optional
        Dates until the next decision. Default: as many as since the last decision; 21 at the first.
    fallback : {"keep", "cash"}
        Where the optimiser finds no weights: trade nothing, or sell everything.
    min_dates : int
        Dates that are needed.

    Notes
    -----
    Returns are excess returns, so skfolio's `risk_free_rate` stays 0.

    An estimator that asks for no `active_mask` takes no missing returns: assets first seen after the window began are
    left out, and missing returns of the others are 0, prices unchanged. It asks for one where its moments do, as
    `EWCovariance` and `EWMu` do, and `KalmanFactorPrior`.

    skfolio's `max_turnover` limits the change of **each** weight, not their sum. `Constraints.turnover` of a
    `ModelPolicy` limits the sum.
    """

    def __init__(
        self,
        estimator: Any,
        lookback: int | None = None,
        *,
        costs: Any = None,
        holding_period: float | None = None,
        fallback: str = "keep",
        min_dates: int = 63,
    ) -> None:
        self.estimator = estimator
        self.lookback = lookback
        self.costs = costs
        self.holding_period = holding_period
        self.fallback = fallback
        self.min_dates = min_dates

    def decide(self, history: History, holdings: Holdings) -> Decision:
        """Return the optimiser's weights; or the fallback, with what skfolio said.

        Raises
        ------
        InputError, DataTypeError, UnknownNameError
            If an option cannot be used. What skfolio says of data that it cannot use is raised as it is.
        """
        import sklearn
        from skfolio.exceptions import OptimizationError

        self._check_options()
        with sklearn.config_context(enable_metadata_routing=True):
            inputs = inputs_of(self.estimator, self.lookback, history)
            dates, assets = inputs.returns.shape
            if not assets or dates < self.min_dates:
                reason = f"{dates} dates of {assets} assets that can be held; {self.min_dates} dates are needed"
                return fall_back(self.fallback, reason, holdings)
            period = expected_holding_period(self.holding_period, holdings)
            estimator = with_trade(clone(self.estimator), inputs, holdings, self.costs, period)
            try:
                estimator.fit(inputs.returns, **inputs.metadata)
            except OptimizationError as error:
                return fall_back(self.fallback, f"{type(final_step(estimator)).__name__}: {error}", holdings)
        return self._decision(final_step(estimator), inputs, holdings)

    def _decision(self, fitted: Any, inputs: SkfolioInputs, holdings: Holdings) -> Decision:
        if fitted.weights_ is None:
            return fall_back(self.fallback, f"{type(fitted).__name__}: {fitted.error_}", holdings)
        found = np.asarray(fitted.weights_, dtype=np.float64)
        if found.ndim != 1:
            raise InputError(
                f"{type(fitted).__name__} gave {len(found)} portfolios; one was expected. Leave "
                "efficient_frontier_size out, and give one target, not several."
            )
        assets = inputs.assets_of(fitted)
        weights = pd.Series(found, index=assets)
        details = _details(fitted, weights)
        own = getattr(fitted, "fallback_", None)
        if own is None:
            return Decision(weights, details=details)
        name = own if isinstance(own, str) else type(own).__name__
        return Decision(weights, False, fitted.fallback_chain_[0][1], f"skfolio's {name}", details)

    def _check_options(self) -> None:
        check_fallback(self.fallback)
        check_estimator(self.estimator)
        check_dates("min_dates", self.min_dates, 2)
        check_dates("lookback", self.lookback, 2, optional=True)
        if self.lookback is not None and self.lookback < self.min_dates:
            raise InputError(
                f"lookback={self.lookback} is less than min_dates={self.min_dates}; at least as many dates were "
                "expected. Lower min_dates, or look back further."
            )


def _details(fitted: Any, weights: "pd.Series[float]") -> "dict[str, pd.Series[float]]":
    """Expected return and risk contribution by asset, as far as the optimiser had moments."""
    prior = getattr(fitted, "prior_estimator_", None)
    distribution = getattr(prior, "return_distribution_", None)
    if distribution is None or len(distribution.mu) != len(weights):
        return {}
    known = np.isfinite(distribution.mu) & np.isfinite(np.diag(distribution.covariance))
    w, sigma = weights.to_numpy()[known], distribution.covariance[np.ix_(known, known)]
    share = w * (sigma @ w) / (w @ sigma @ w) if w.any() else w
    assets = weights.index[known]
    return {
        "expected_return": pd.Series(distribution.mu[known], index=assets),
        "risk_contribution": pd.Series(share, index=assets),
    }
