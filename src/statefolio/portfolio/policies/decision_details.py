"""What a report may show of a decision: where its risk comes from, and what it is exposed to."""

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio.portfolio.problem import Problem


def decision_details(problem: Problem, weights: Array) -> "dict[str, pd.Series[float]]":
    """Details of weights, by name; all of the next date, as the risk model and the view see it.

    Parameters
    ----------
    problem : Problem
    weights : (N,) array

    Returns
    -------
    dict of Series
        "risk_contribution": w_i (Sigma w)_i / w'Sigma w by asset, which adds up to 1. "exposure": B'w by factor;
        "exposure_error": its standard error sqrt(sum w_i^2 P_ik), assets' loadings erring independently.
        "expected_return": the mean by asset, where there is a view. "forecast": the portfolio's "volatility" and,
        with a view, its "expected_return" and "expected_return_error".
    """
    covariance, factors = problem.covariance, problem.factors
    pull = covariance.multiply(weights)
    variance = float(weights @ pull)
    share = weights * pull / variance if variance > 0.0 else np.zeros_like(weights)
    details = {"risk_contribution": pd.Series(share, index=problem.assets)}
    if len(factors):
        B = covariance.loadings[:, : len(factors)]
        details["exposure"] = pd.Series(weights @ B, index=factors)
        if problem.loading_variance is not None:
            error = np.sqrt(weights**2 @ problem.loading_variance)
            details["exposure_error"] = pd.Series(error, index=factors)
    forecast = {"volatility": float(np.sqrt(max(variance, 0.0)))}
    if problem.mean is not None:
        details["expected_return"] = pd.Series(problem.mean, index=problem.assets)
        forecast["expected_return"] = float(weights @ problem.mean)
        if problem.mean_covariance is not None:
            forecast["expected_return_error"] = float(problem.mean_covariance.volatility(weights))
    details["forecast"] = pd.Series(forecast)
    return details
