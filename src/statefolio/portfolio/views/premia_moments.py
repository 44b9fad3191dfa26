"""Computes means and their error covariance from loadings, premia and alphas, for `FactorPremia`."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio.exceptions import InputError
from statefolio.loadings.base import LoadingsModel
from statefolio.portfolio.views.alpha_posterior import alpha_posterior
from statefolio.risk.uncertainty import loading_uncertainty

_LEAST = 1e-12


@dataclass(frozen=True, eq=False)
class PremiaMoments:
    """Moments of N assets with known loadings and K factors.

    Attributes
    ----------
    assets : Index (N,)
    mean, alpha, alpha_variance : (N,) arrays
        b'l + a, a, and the variance of a's posterior.
    loadings : (N, K) array
        b.
    diagonal, from_premia : (N,) arrays
        Variances in addition to B L B': all of them, and trace(P_i L) alone. Both at least 1e-12 of the returns'
        variance.
    alpha_prior : (mean, variance)
    """

    assets: pd.Index
    mean: Array
    alpha: Array
    alpha_variance: Array
    loadings: Array
    diagonal: Array
    from_premia: Array
    alpha_prior: tuple[float, float]


def premia_moments(
    model: LoadingsModel, premia: "pd.Series[float]", spread: Array, side: str, centre: str, confidence: float
) -> PremiaMoments:
    """Combine a fitted model's predicted loadings with the premia (mean, covariance) of its factors."""
    next_date = model.next_
    b, P = next_date["mean"].to_numpy(), next_date["covariance"].to_numpy()
    noise = next_date["observation_variance"].to_numpy()
    known = np.isfinite(b).all(axis=1) & np.isfinite(P).all(axis=(1, 2)) & np.isfinite(noise)
    if not known.any():
        raise InputError(
            "X must have at least one asset with known loadings, got none. Pass more dates or fewer factors."
        )
    b, P, noise, first = b[known], P[known], noise[known], int(model.intercept)
    mean: Array = np.asarray(premia, dtype=np.float64)
    floor = _LEAST * noise
    loadings, block = b[:, first:], P[:, first:, first:]
    from_premia = np.maximum(np.einsum("njk,jk->n", block, spread), floor)
    alpha, alpha_variance, prior = np.zeros(len(b)), np.zeros(len(b)), (0.0, 0.0)
    if side == "none":
        diagonal = loading_uncertainty(block, spread, mean, intercept=False)
    else:
        if not model.intercept:
            raise InputError(
                f"alpha must be 'none' for loadings without an intercept, got {side!r}. Pass loadings with "
                "intercept=True, or alpha='none'."
            )
        found = alpha_posterior(b[:, 0], P[:, 0, 0], centre)
        alpha = np.where(found.on_side(side, confidence), found.mean, 0.0)
        alpha_variance, prior = found.variance, (found.prior_mean, found.prior_variance)
        given_prior = P - P[:, :, :1] * P[:, :1, :] / (P[:, :1, :1] + found.prior_variance)
        diagonal = loading_uncertainty(given_prior, spread, mean)
    return PremiaMoments(
        model.assets_[known],
        loadings @ mean + alpha,
        alpha,
        alpha_variance,
        loadings,
        np.maximum(diagonal, floor),
        from_premia,
        prior,
    )
