"""From loadings to the covariance of the next date's returns."""

import copy
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone

from statefolio._arrays.frames import read_values
from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio.exceptions import InputError, NotFittedError
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.risk.exclusion import excluded_assets
from statefolio.risk.idiosyncratic import effective_observations, idiosyncratic_variance
from statefolio.risk.long_run import LongRunVariance
from statefolio.risk.low_rank import LowRankCovariance
from statefolio.risk.residual import (
    capped_innovations,
    check_distinct,
    residual_loadings,
    standardised_innovations,
)
from statefolio.risk.risk_options import (
    check_options,
    given_variance,
    prefit_model,
    start_forecast,
    start_structure,
)
from statefolio.risk.uncertainty import loading_uncertainty
from statefolio.risk.weights import weights_of


class FactorRisk(BaseEstimator):
    """Covariance of the next date's returns from loadings, what they are not sure of included.

        Sigma = B Omega B' + G G' + D + U

    B are the loadings predicted for the first date not yet seen, Omega the covariance of the factors' next return,
    G the loadings on residual factors if there are any, D idiosyncratic variances and U, diagonal, what the loadings'
    uncertainty adds: U_i = trace(P_i M) with P_i the covariance of (alpha and) asset i's loadings and
    M = [[1, mu'], [mu, Omega + mu mu']], mu the forecast factor mean.

    Parameters
    ----------
    loadings : LoadingsModel, optional
        Unfitted; it is cloned. Default: `KalmanLoadings()`.
    factor_covariance : {"ewma", "regime"} or DataFrame (factor x factor)
        Omega: exponentially weighted, by skfolio's regime-adjusted estimator, or given.
    idiosyncratic : {"shrunk", "model"} or Series by asset
        D: the model's next observation variances, drawn towards those of similar assets or as they are; or given.
    factor_mean : {"mean", "zero"} or Series by factor
        mu: the mean of all returns so far, zero, or a forecast. "zero" also takes Omega around zero.
    residual_structure : "factors", ResidualStructure or None
        What the residuals have in common: a few statistical factors, their number chosen on held-out dates
        (`ResidualFactors`), an unfitted estimator such as `SectorBlocks`, or nothing. The diagonal of Sigma is the same
        with and without.
    uncertainty : bool
        Whether U is part of Sigma. `loading_uncertainty_` holds it either way.
    groups : Series by asset, optional
        Sectors, say: variances are drawn towards those of the same group.
    volatility_half_life, correlation_half_life : float
        Of Omega, in dates. The defaults, like the shrinkage, predict daily factors best over the next day and the
        next 21 days.
    correlation_shrinkage : float
        What the factors' correlations are drawn towards zero by; "ewma" only.
    long_run_weight : float
        What share of its mean over the years is added to each variance that is forecast from recent dates: Omega's
        where "ewma", D's where "shrunk". Without it the forecasts are too low on average after calm months.
    min_observations : int, optional
        Returns an asset needs; default twice the number of loadings.
    prefit : bool
        `loadings` is fitted: it is used as it stands, and `fit` takes the data it has seen. Residual structure and
        long-run variances then know the dates that its results hold.

    Attributes
    ----------
    covariance_ : LowRankCovariance
        Sigma; its columns of loadings are the factors and then the residual factors.
    assets_, factors_ : Index
        Those of the covariance; the factors without "alpha".
    last_date_ : Timestamp
        Sigma is that of the first date after.
    model_ : LoadingsModel
        Fitted.
    exposures_, residual_loadings_ : DataFrame
        B and G, by asset.
    factor_covariance_ : DataFrame
    factor_mean_, idiosyncratic_variance_, loading_uncertainty_ : Series
        Omega, mu, D (what residual factors leave of it), and U.
    excluded_ : DataFrame
        Assets without a covariance, and the reason.
    """

    def __init__(
        self,
        loadings: LoadingsModel | None = None,
        factor_covariance: Any = "ewma",
        idiosyncratic: Any = "shrunk",
        factor_mean: Any = "mean",
        residual_structure: Any = "factors",
        uncertainty: bool = True,
        groups: pd.Series | None = None,
        volatility_half_life: float = 20.0,
        correlation_half_life: float = 45.0,
        correlation_shrinkage: float = 0.05,
        long_run_weight: float = 0.08,
        min_observations: int | None = None,
        prefit: bool = False,
    ) -> None:
        self.loadings = loadings
        self.factor_covariance = factor_covariance
        self.idiosyncratic = idiosyncratic
        self.factor_mean = factor_mean
        self.residual_structure = residual_structure
        self.uncertainty = uncertainty
        self.groups = groups
        self.volatility_half_life = volatility_half_life
        self.correlation_half_life = correlation_half_life
        self.correlation_shrinkage = correlation_shrinkage
        self.long_run_weight = long_run_weight
        self.min_observations = min_observations
        self.prefit = prefit

    def fit(self, returns: Any, factors: Any, tune_until: Any = None) -> Self:
        """Fit the loadings and everything that stands around them.

        Parameters
        ----------
        returns, factors : DataFrame
            As for `LoadingsModel.fit`. Factors may begin earlier: Omega then knows those dates too. Later ones are
            left aside.
        tune_until : date, optional
            Hyper-parameters see data up to and including this date only.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If the data cannot be used, or no asset has a covariance.
        """
        check_options(self)
        self.__dict__.pop("last_date_", None)
        if self.prefit:
            self.model_ = prefit_model(self.loadings, returns)
        else:
            model = KalmanLoadings() if self.loadings is None else clone(self.loadings)
            self.model_ = model.fit(returns, factors, tune_until=tune_until)
        names = self.model_.factors_[1:] if self.model_.intercept else self.model_.factors_
        self._seen = pd.Series(0, index=self.model_.assets_)
        self._structure = start_structure(self)
        self._structure.fit(standardised_innovations(self.model_), tune_until)
        self._long_run = LongRunVariance.empty(len(self.model_.assets_)).after(capped_innovations(self.model_))
        self._count(returns)
        self._forecast = start_forecast(self, names).after(factors, self.model_.last_date_)
        self._assemble()
        return self

    def partial_fit(self, new_returns: Any, new_factors: Any) -> Self:
        """Continue over later dates, hyper-parameters held; the same as having fitted all dates at once.

        Parameters
        ----------
        new_returns, new_factors : DataFrame
            As for `LoadingsModel.partial_fit`. Assets may join.

        Returns
        -------
        self
        """
        self._check_fitted()
        check_options(self)
        before, model, structure = self.__dict__.copy(), copy.copy(self.model_), copy.deepcopy(self._structure)
        try:
            self.model_, self._structure = model, structure
            last = model.last_date_
            model.partial_fit(new_returns, new_factors)
            structure.partial_fit(standardised_innovations(model))
            joined = len(model.assets_) - len(self._long_run.weight)
            self._long_run = self._long_run.joined_by(joined).after(capped_innovations(model))
            self._count(new_returns)
            self._forecast = self._forecast.after(new_factors, model.last_date_, since=last)
            self._assemble()
        except BaseException:
            self.__dict__ = before
            raise
        return self

    def covariance_frame(self) -> pd.DataFrame:
        """Sigma itself (asset x asset): N x N numbers."""
        self._check_fitted()
        return pd.DataFrame(self.covariance_.dense(), index=self.assets_, columns=self.assets_)

    def align_weights(self, weights: Any, expected_sum: float | None = None) -> Array:
        """Weights by asset as an array in the covariance's order; an asset that is not named has none.

        Raises
        ------
        UnknownNameError
            If a weight names an asset without a covariance.
        InputError
            If a weight is NaN or infinite, an asset is named twice, or the weights do not sum to `expected_sum`.
        """
        self._check_fitted()
        return weights_of(weights, self.assets_, self.excluded_, expected_sum)

    def portfolio_variance(self, weights: Any, expected_sum: float | None = None) -> float:
        """Variance w' Sigma w of weights by asset; raises as `align_weights`."""
        w = self.align_weights(weights, expected_sum)
        return float(self.covariance_.variance(w))

    def portfolio_volatility(self, weights: Any, expected_sum: float | None = None) -> float:
        """Square root of `portfolio_variance`."""
        return float(np.sqrt(self.portfolio_variance(weights, expected_sum)))

    def __sklearn_is_fitted__(self) -> bool:
        """Tell scikit-learn whether `fit` was called."""
        return hasattr(self, "last_date_")

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise NotFittedError("FactorRisk has not been fitted; a fitted one was expected. Call fit first.")

    def _count(self, returns: Any) -> None:
        values, _, assets = read_values(returns, "returns")
        new = pd.Series(np.count_nonzero(~np.isnan(values), axis=0), index=assets)
        self._seen = self._seen.reindex(self.model_.assets_, fill_value=0).add(new, fill_value=0)
        self._seen = self._seen.reindex(self.model_.assets_).astype(int)

    def _assemble(self) -> None:
        model, forecast = self.model_, self._forecast
        ahead, omega, mean = model.next_, forecast.covariance.covariance(), forecast.mean
        P = ahead["covariance"].to_numpy()
        noise = given_variance(self.idiosyncratic, model.assets_, ahead["observation_variance"].to_numpy())
        needed = 2 * len(model.factors_) if self.min_observations is None else self.min_observations
        self.excluded_ = excluded_assets(model.assets_, self._seen.to_numpy(), needed, P, noise)
        kept = ~model.assets_.isin(self.excluded_.index)
        if not kept.any():
            reasons = listed(list(self.excluded_["reason"].unique()))
            raise InputError(
                f"none of the {len(model.assets_)} assets has a covariance ({reasons}); at least one was expected. "
                "Pass more dates, or fewer factors."
            )
        assets = model.assets_[kept]
        D = pd.Series(noise[kept], index=assets)
        if isinstance(self.idiosyncratic, str) and self.idiosyncratic == "shrunk":
            D = idiosyncratic_variance(D, effective_observations(model, self._seen)[kept], self.groups)
            D = D + self.long_run_weight * self._long_run.mean(noise)[kept]
        U = loading_uncertainty(P[kept], omega, mean, model.intercept)
        B = ahead["mean"].to_numpy()[kept, int(model.intercept) :]
        self._store(assets, forecast.names, B, omega, mean, D, U)

    def _store(
        self, assets: pd.Index, names: pd.Index, B: Array, omega: Array, mean: Array, D: pd.Series, U: Array
    ) -> None:
        G = self._structure.loadings_.reindex(assets).fillna(0.0)
        check_distinct(names, G.columns)
        shared, remaining = residual_loadings(G.to_numpy(dtype=np.float64), D.to_numpy())
        count, extra = len(names), G.shape[1]
        block = np.eye(count + extra)
        block[:count, :count] = omega
        diagonal = remaining + U if self.uncertainty else remaining
        self.covariance_ = LowRankCovariance(np.hstack([B, shared]), block, diagonal)
        self.assets_, self.factors_ = assets, names
        self.exposures_ = pd.DataFrame(B, index=assets, columns=names)
        self.residual_loadings_ = pd.DataFrame(shared, index=assets, columns=G.columns)
        self.factor_covariance_ = pd.DataFrame(omega, index=names, columns=names)
        self.factor_mean_ = pd.Series(mean, index=names)
        self.idiosyncratic_variance_ = pd.Series(remaining, index=assets)
        self.loading_uncertainty_ = pd.Series(U, index=assets)
        self.last_date_ = self.model_.last_date_
