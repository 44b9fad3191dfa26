"""Describes a decision for reports: its sources of risk and its exposures."""

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio.portfolio.problem import Problem


def decision_details(problem: Problem, weights: Array) -> "dict[str, pd.Series[float]]":
    """Details of weights, by name, for the next date and as the risk model and the view forecast it.

    Parameters
    ----------
    problem : Problem
    weights : (N,) array

    Returns
    -------
    dict of Series
        "risk_contribution": w_i (Sigma w)_i / w'Sigma w by asset, which sums to 1. "exposure": B'w by factor;
        "exposure_error": its standard error sqrt(sum w_i^2 P_ik), with independent errors of the assets' loadings.
        "expected_return": the mean by asset, if there is a view. "forecast": the portfolio's "volatility" and, with a
        view, its "expected_return" and "expected_return_error".
    """
    covariance, factors = problem.covariance, problem.factors
    marginal = covariance.multiply(weights)
    variance = float(weights @ marginal)
    share = weights * marginal / variance if variance > 0.0 else np.zeros_like(weights)
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
