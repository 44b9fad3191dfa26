"""Estimates the covariance of the next date's returns from loadings and their uncertainty."""

import copy
from typing import Any, Self

import pandas as pd

from statefolio._estimator import Estimator, clone
from statefolio.exceptions import NotFittedError
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.risk.covariance_parts import compute_parts
from statefolio.risk.exclusion import warn_of_implausible
from statefolio.risk.long_run import LongRunVariance
from statefolio.risk.portfolio_measures import PortfolioMeasures
from statefolio.risk.residual import capped_innovations, standardised_innovations
from statefolio.risk.risk_options import check_risk_options, copy_fitted_model, make_forecast, make_structure
from statefolio.risk.saved_risk import SavedRisk
from statefolio.risk.showing import ShownRisk
from statefolio.risk.track_record import TrackRecord


class FactorRisk(PortfolioMeasures, ShownRisk, SavedRisk, Estimator):
    """Covariance of the next date's returns, from predicted loadings and their uncertainty.

        Sigma = B Omega B' + G G' + D + U

    B are the loadings predicted for the first date not yet seen, Omega is the covariance of the factors' next return, G
    are loadings on residual factors, and D idiosyncratic variances. The diagonal U is the variance that the
    uncertainty of the loadings adds: U_i = trace(P_i M), where P_i is the covariance of asset i's loadings (alpha
    included), M = [[1, mu'], [mu, Omega + mu mu']], and mu is the forecast factor mean.

    Parameters
    ----------
    loadings : LoadingsModel, optional
        Unfitted; it is cloned. Default: `KalmanLoadings()`.
    factor_covariance : {"ewma", "regime"} or DataFrame (factor x factor)
        Omega: exponentially weighted, by skfolio's regime-adjusted estimator, or given.
    idiosyncratic : {"shrunk", "model"} or Series by asset
        D: the model's next observation variances, shrunk towards those of similar assets or unchanged; or given.
    factor_mean : {"mean", "zero"} or Series by factor
        mu: the mean of all returns so far, zero, or a forecast. With "zero", Omega is a second moment around zero.
    residual_structure : {"factors", "shrunk", "dynamic"}, ResidualStructure or None
        Correlation of the residuals: a few statistical factors, their number chosen on held-out dates
        (`ResidualFactors`), all correlations with non-linear shrinkage (`ShrunkResiduals`) or dynamic
        (`DynamicResiduals`), an unfitted estimator such as `SectorBlocks`, or none. It does not change the diagonal
        of Sigma.
    uncertainty : bool
        Add U to Sigma. `loading_uncertainty_` is computed in either case.
    groups : Series by asset, optional
        Groups such as sectors: variances are shrunk towards those of the same group.
    volatility_half_life, correlation_half_life : float
        Half-lives of Omega, in dates. These defaults and the default shrinkage predict daily factors best over the
        next day and the next 21 days.
    correlation_shrinkage : float
        Shrinkage of the factors' correlations towards zero, from 0 to 1; "ewma" only.
    long_run_weight : float
        Share of its long-run mean that is added to each variance: to Omega's if "ewma", to D's if "shrunk". Without
        it forecasts are too low on average after calm months.
    horizon : int
        Number of dates ahead. Loadings, their uncertainty and the observation variances are then averages over the
        next `horizon` dates (`LoadingsModel.ahead`): loadings that revert are nearer to their means. Sigma stays that
        of one date's returns.
    min_observations : int, optional
        Least number of returns of an asset; default twice the number of loadings.
    prefit : bool
        `loadings` is fitted and is used unchanged; pass the data it was fitted on to `fit`. Residual structure and
        long-run variances then use the dates of its results.

    Attributes
    ----------
    covariance_ : LowRankCovariance
        Sigma; its columns of loadings are the factors and then the residual factors.
    assets_, factors_ : Index
        Assets and factors of the covariance; the factors without "alpha".
    last_date_ : Timestamp
        Last date of the data; Sigma is for the date after it.
    model_ : LoadingsModel
        Fitted.
    exposures_, residual_loadings_ : DataFrame
        B and G, by asset.
    factor_covariance_ : DataFrame
        Omega.
    factor_mean_, idiosyncratic_variance_, loading_uncertainty_ : Series
        mu, D (without what residual factors explain), and U.
    excluded_ : DataFrame
        Assets without a covariance, and the reason. An asset is left out if its returns are too few or constant, its
        loadings are not determined, or its observation variance cannot be right given its own forecast errors, as
        where a price stands still on most dates; a `StatefolioWarning` names the last. An asset that the factors
        explain exactly stays, with D of 1e-8 of its variance.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.iloc[:500, :10], demo.factors.iloc[:500]
    >>> risk = sf.risk.FactorRisk(sf.RollingLoadings(120)).fit(returns, factors)
    >>> weights = {"AAPL": 0.5, "JNJ": 0.5}
    >>> print(f"{risk.portfolio_volatility(weights):.2%} per day")
    1.27% per day
    >>> risk.covariance_frame().shape
    (10, 10)
    >>> print(f"{risk.exposures_.loc['AAPL', 'market']:.2f}")  # predicted for the next date
    0.63

    Continue with later data; the covariance is then for the date after them:

    >>> risk = risk.partial_fit(demo.returns.iloc[500:520, :10], demo.factors.iloc[500:520])
    >>> print(risk.last_date_.date())
    2016-01-27
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
        horizon: int = 1,
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
        self.horizon = horizon
        self.min_observations = min_observations
        self.prefit = prefit

    def fit(self, returns: Any, factors: Any, tune_until: Any = None) -> Self:
        """Fit the loadings and estimate all parts of the covariance.

        Parameters
        ----------
        returns, factors : DataFrame
            As for `LoadingsModel.fit`. Factors may begin earlier: Omega then uses those dates too. Later dates of
            factors are ignored.
        tune_until : date, optional
            Hyper-parameters are tuned on data up to and including this date only.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If an option or the data are invalid, or no asset has a covariance.
        """
        check_risk_options(self)
        self.__dict__.pop("last_date_", None)
        if self.prefit:
            self.model_ = copy_fitted_model(self.loadings, returns)
        else:
            model = KalmanLoadings() if self.loadings is None else clone(self.loadings)
            self.model_ = model.fit(returns, factors, tune_until=tune_until)
        names = self.model_.factors_[1:] if self.model_.intercept else self.model_.factors_
        self._record = TrackRecord.empty().updated(self.model_, returns)
        self._structure = make_structure(self)
        self._structure.fit(standardised_innovations(self.model_, self._record.mean_square), tune_until)
        self._long_run = LongRunVariance.empty(len(self.model_.assets_)).updated(capped_innovations(self.model_))
        self._forecast = make_forecast(self, names).updated(factors, self.model_.last_date_)
        self._assemble()
        return self

    def partial_fit(self, new_returns: Any, new_factors: Any) -> Self:
        """Continue over later dates with the same hyper-parameters; the result equals fitting all dates at once.

        Parameters
        ----------
        new_returns, new_factors : DataFrame
            As for `LoadingsModel.partial_fit`. Assets may join.

        Returns
        -------
        self
        """
        self._check_fitted()
        check_risk_options(self)
        before, model, structure = self.__dict__.copy(), copy.copy(self.model_), copy.deepcopy(self._structure)
        try:
            self.model_, self._structure = model, structure
            last = model.last_date_
            model.partial_fit(new_returns, new_factors)
            self._record = self._record.updated(model, new_returns)
            structure.partial_fit(standardised_innovations(model, self._record.mean_square))
            joined = len(model.assets_) - len(self._long_run.weight)
            self._long_run = self._long_run.with_new_assets(joined).updated(capped_innovations(model))
            self._forecast = self._forecast.updated(new_factors, model.last_date_, since=last)
            self._assemble()
        except BaseException:
            self.__dict__ = before
            raise
        return self

    def over(self, horizon: int) -> Self:
        """Return a copy whose covariance is the mean over the next `horizon` dates, per date; see the option `horizon`.

        The model itself does not change, and `over(1)` has the covariance of the next date.

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> risk = sf.FactorRisk().fit(demo.returns.iloc[:500, :5], demo.factors.iloc[:500])
        >>> month = risk.over(21)
        >>> bool((month.loading_uncertainty_ > risk.loading_uncertainty_).all())
        True
        """
        self._check_fitted()
        found = copy.copy(self)
        found.horizon = horizon
        check_risk_options(found)
        if horizon != self.horizon:
            found._assemble()
        return found

    def covariance_frame(self) -> pd.DataFrame:
        """Return Sigma as a DataFrame (asset x asset) of N x N numbers."""
        self._check_fitted()
        return pd.DataFrame(self.covariance_.dense(), index=self.assets_, columns=self.assets_)

    def __sklearn_is_fitted__(self) -> bool:
        """Report to scikit-learn whether `fit` was called."""
        return hasattr(self, "last_date_")

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise NotFittedError("FactorRisk has not been fitted. Call fit first.")

    def _assemble(self) -> None:
        parts = compute_parts(
            self, self.model_, self._forecast, self._structure.loadings_, self._long_run, self._record
        )
        self.covariance_ = parts.covariance
        self.assets_, self.factors_ = parts.assets, self._forecast.names
        self.exposures_ = parts.exposures
        self.residual_loadings_ = parts.residual_loadings
        self.factor_covariance_ = parts.factor_covariance
        self.factor_mean_ = parts.factor_mean
        self.idiosyncratic_variance_ = parts.idiosyncratic_variance
        self.loading_uncertainty_ = parts.loading_uncertainty
        self.excluded_ = parts.excluded
        self.last_date_ = self.model_.last_date_
        warn_of_implausible(self.excluded_)
