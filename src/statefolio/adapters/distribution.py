"""Converts a fitted `FactorRisk` to skfolio's `ReturnDistribution`."""

from typing import Any

import numpy as np
import pandas as pd
from skfolio.prior import FactorModel, ReturnDistribution

from statefolio._arrays.types import Array
from statefolio.adapters.scenarios import History, fill_gaps, residual_factor_returns
from statefolio.risk.factor_risk import FactorRisk
from statefolio.risk.low_rank import LowRankCovariance

RESIDUAL_FAMILY = "residual"


def distribution_of(
    risk: FactorRisk,
    history: History,
    investable: pd.Index,
    universe: pd.Index,
    *,
    alpha: bool,
    residuals: bool,
    families: Any,
) -> ReturnDistribution:
    """Compute moments and scenarios of the next date's returns; assets that cannot be held are NaN, as in skfolio.

    Parameters
    ----------
    risk : FactorRisk
        Fitted.
    history : History
        History of the universe.
    investable : Index
        Assets of `risk.assets_` that can be held, in the order of `universe`.
    universe : Index
        All N assets, including those without a covariance.
    alpha : bool
        Expected returns include the predicted alphas.
    residuals : bool
        Scenarios include idiosyncratic returns.
    families : array of text (K,) or None
        Families of the factors; residual factors form one more family.
    """
    rows = universe.get_indexer(investable)
    known = risk.assets_.get_indexer(investable)
    sigma = risk.covariance_ if np.array_equal(known, np.arange(len(risk.assets_))) else risk.covariance_.select(known)
    named = len(risk.factors_)
    factor_mu = np.concatenate([risk.factor_mean_.to_numpy(), np.zeros(sigma.loadings.shape[1] - named)])
    intercept = _alphas(risk, known) if alpha else np.zeros(len(known))
    scenarios = intercept + history.factor_returns @ sigma.loadings[:, :named].T
    if residuals:
        specific_variance = sigma.asset_variance - _systematic(sigma, named)
        z = history.standardised()
        z = fill_gaps(z if len(rows) == len(universe) else z[:, rows])
        z *= np.sqrt(specific_variance)
        scenarios += z
    size = len(universe)
    return ReturnDistribution(
        mu=_expand(intercept + sigma.loadings @ factor_mu, rows, size),
        covariance=_expand(_expand(sigma.dense(), rows, size).T, rows, size),
        returns=_expand(scenarios.T, rows, size).T,
        factor_model=_factor_model(risk, sigma, history, rows, universe, factor_mu, intercept, families),
    )


def _factor_model(
    risk: FactorRisk,
    sigma: LowRankCovariance,
    history: History,
    rows: Any,
    universe: pd.Index,
    factor_mu: Array,
    intercept: Array,
    families: Any,
) -> FactorModel:
    """Build the factor model, from which skfolio reads Sigma; its diagonal includes the loadings' uncertainty."""
    size, named = len(universe), len(risk.factors_)
    factor_returns, innovation, variance = history.factor_returns, history.innovation, history.innovation_variance
    if sigma.loadings.shape[1] > named:
        G = np.zeros((size, sigma.loadings.shape[1] - named))
        D = np.ones(size)
        G[rows], D[rows] = sigma.loadings[:, named:], sigma.diagonal
        residual = residual_factor_returns(innovation, G, D)
        factor_returns = np.hstack([factor_returns, residual])
        innovation = innovation - residual @ G.T
        variance = variance * (D / (D + np.einsum("nr,nr->n", G, G)))
    return FactorModel(
        observations=history.observations,
        asset_names=universe.to_numpy(dtype=object),
        factor_names=np.array([*risk.factors_, *risk.residual_loadings_.columns], dtype=object),
        factor_families=_families(families, risk),
        loading_matrix=_expand(sigma.loadings, rows, size),
        exposures=None,
        factor_covariance=sigma.factor_covariance,
        factor_mu=factor_mu,
        factor_returns=factor_returns,
        idio_covariance=_expand(sigma.diagonal, rows, size),
        idio_mu=_expand(intercept, rows, size),
        idio_returns=innovation,
        idio_variances=variance,
    )


def _alphas(risk: FactorRisk, known: Any) -> Array:
    """Return the predicted alphas of these assets; zero for a model without intercept."""
    model = risk.model_
    if not model.intercept:
        return np.zeros(len(known))
    positions = model.assets_.get_indexer(risk.assets_[known])
    alphas: Array = model.next_["mean"].to_numpy()[positions, 0]
    return alphas


def _systematic(sigma: LowRankCovariance, named: int) -> Array:
    """Return the variance of each asset due to the factors, without residual factors."""
    B = sigma.loadings[:, :named]
    variance: Array = np.einsum("nk,nk->n", B @ sigma.factor_covariance[:named, :named], B)
    return variance


def _families(families: Any, risk: FactorRisk) -> Any:
    if families is None:
        return None
    return np.array([*families, *[RESIDUAL_FAMILY] * risk.residual_loadings_.shape[1]], dtype=object)


def _expand(values: Array, rows: Any, size: int) -> Array:
    """Return rows of all assets from the rows of some; the others are NaN."""
    if len(rows) == size:
        return values
    expanded = np.full((size, *values.shape[1:]), np.nan)
    expanded[rows] = values
    return expanded
