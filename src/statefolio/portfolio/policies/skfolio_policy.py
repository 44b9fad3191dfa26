"""Runs any skfolio optimiser as a policy."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from statefolio._estimator import clone
from statefolio._options import Whole, check_options
from statefolio.exceptions import InputError
from statefolio.portfolio.policies.decision_problem import HOLDING_PERIOD, expected_holding_period
from statefolio.portfolio.policies.fallback import FALLBACK, fall_back
from statefolio.portfolio.policies.notes import marked_sales, notes, sold_positions
from statefolio.portfolio.policies.skfolio_inputs import (
    SkfolioInputs,
    check_estimator,
    final_step,
    inputs_of,
    with_trade,
)
from statefolio.portfolio.policy import Decision, History, Holdings

RULES = {
    "fallback": FALLBACK,
    "min_dates": Whole(at_least=2, example=63),
    "lookback": Whole(at_least=2, example=252) | None,
    "holding_period": HOLDING_PERIOD,
}


class SkfolioPolicy(BaseEstimator):
    """Weights of a skfolio optimiser, fitted anew at each decision on the returns known by then.

    skfolio subtracts `transaction_costs` from the expected return of each observation. A trade is paid once, so its
    cost is divided by the dates until the next decision. `previous_weights` are the current ones. Assets that cannot be
    bought now are removed before the fit. An estimator that requests `active_mask` gets the dates on which each asset
    is listed; one that requests `factors` gets those of the market.

    Parameters
    ----------
    estimator
        An unfitted optimiser of skfolio, or a Pipeline that ends in one; it is cloned. Its own `transaction_costs` must
        be zero: pass `costs`.
    lookback : int, optional
        Number of latest dates to fit on. Default: all.
    costs : optional
        Trading costs: a `TradingCosts`, a number or a Series by asset, as a share of the value traded.
    holding_period : float, optional
        Dates until the next decision. Default: as many as since the last decision; 21 at the first.
    fallback : {"keep", "cash"}
        If the optimiser finds no weights: trade nothing, or sell everything.
    min_dates : int
        Dates needed for a fit.

    Notes
    -----
    Returns are excess returns, so skfolio's `risk_free_rate` stays 0.

    An estimator that does not request `active_mask` cannot take missing returns: assets first seen after the window
    began are left out, and missing returns of the others count as 0 (unchanged prices). It requests one if its moments
    do, as `EWCovariance`, `EWMu` and `KalmanFactorPrior` do.

    skfolio's `max_turnover` limits the change of **each** weight, not their sum. `Constraints.turnover` of a
    `ModelPolicy` limits the sum.

    Examples
    --------
    >>> import statefolio as sf
    >>> from skfolio.optimization import MeanRisk
    >>> market = sf.Market(sf.load_demo().returns.iloc[-250:, :4])
    >>> policy = sf.portfolio.SkfolioPolicy(MeanRisk(max_weights=0.5))
    >>> result = sf.run_backtest(policy, market, start="2022-11-01")
    >>> result.weights.iloc[-1].round(2).to_dict()
    {'AAPL': 0.37, 'AMD': 0.0, 'BAC': 0.5, 'BBY': 0.13}
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
        """Return the optimiser's weights; or the fallback, with skfolio's message.

        A fallback too while fewer dates than `lookback` are known: the fit on these dates.

        Raises
        ------
        InputError, DataTypeError, UnknownNameError
            If an option is invalid. skfolio's own errors about invalid data are passed on.
        """
        import sklearn
        from skfolio.exceptions import OptimizationError

        self.check()
        with sklearn.config_context(enable_metadata_routing=True):
            inputs = inputs_of(self.estimator, self.lookback, history)
            dates, assets = inputs.returns.shape
            if not assets or dates < self.min_dates:
                reason = f"{self.min_dates} dates are needed, {assets} assets that can be held have {dates}"
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
                f"estimator must return one portfolio, got {len(found)} from {type(fitted).__name__}. Leave "
                "efficient_frontier_size out, and pass a single target."
            )
        assets = inputs.assets_of(fitted)
        weights = pd.Series(found, index=assets)
        details = _details(fitted, weights)
        own = getattr(fitted, "fallback_", None)
        known = {"returns on the whole window": inputs.assets}
        sold = sold_positions(holdings, inputs.active, known)
        details |= marked_sales(holdings, inputs.active, known)
        dates = len(inputs.returns)
        short = "" if self.lookback is None or dates >= self.lookback else _short(self.lookback, dates)
        if own is not None:
            name = own if isinstance(own, str) else type(own).__name__
            reason = notes(str(fitted.fallback_chain_[0][1]), short, sold)
            return Decision(weights, False, reason, f"skfolio's {name}", details)
        if short:
            return Decision(weights, False, notes(short, sold), "shorter window", details)
        return Decision(weights, reason=sold, details=details)

    def check(self) -> None:
        """Raise InputError or DataTypeError for the first invalid option."""
        check_options(self, RULES)
        check_estimator(self.estimator)
        if self.lookback is not None and self.lookback < self.min_dates:
            raise InputError(
                f"lookback must be at least min_dates, {self.min_dates}, got {self.lookback}. Pass a lower min_dates "
                "or a longer lookback."
            )


def _short(lookback: int, known: int) -> str:
    return f"lookback of {lookback} dates, {known} known"


def _details(fitted: Any, weights: "pd.Series[float]") -> "dict[str, pd.Series[float]]":
    """Expected return and risk contribution by asset, where the optimiser has the moments."""
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
