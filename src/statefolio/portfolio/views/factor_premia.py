"""Expected returns from what factors are expected to earn, and how unsure that is."""

from copy import copy
from typing import Any, Self

import numpy as np
import pandas as pd
import sklearn.utils.validation as skv
from skfolio.moments import BaseMu
from sklearn.base import clone

from statefolio.adapters.frames import dated_frames
from statefolio.exceptions import DataTypeError, InputError, NotFittedError
from statefolio.loadings.alignment import check_names
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.portfolio.views.alpha_posterior import check_alpha
from statefolio.portfolio.views.kalman_mean import KalmanMean
from statefolio.portfolio.views.premia_moments import PremiaMoments, premia_moments
from statefolio.portfolio.views.view import Forecast
from statefolio.risk.factor_risk import FactorRisk
from statefolio.risk.low_rank import LowRankCovariance

PRIOR_SHARPE = 0.4
_DATES_A_YEAR = 252
_LEARNED = ("mu_", "premia_", "model_", "assets_", "alpha_", "last_date_")


class FactorPremia(BaseMu):
    """Expected returns as factor premia times predicted loadings, plus what is left of alpha.

        mu_i = b_i' l + a_i        l = E[premia],  b_i = E[loadings of i on the next date],  a_i = E[alpha_i]

    With premia ~ N(l, L) and loadings ~ N(b_i, P_i) independent of them and of each other, the covariance of what mu
    is not sure of is, by the law of total variance and exactly,

        B L B' + diag(l' P_i l + trace(P_i L) + 2 l' P_i,alpha + P_alpha,alpha)

    of low rank: B L B' errs together, the diagonal asset by asset. Without alpha the last two terms are away.

    Alpha is the loading on the constant, a random walk by default, and enters only as its posterior mean under a prior
    that the cross-section of alphas suggests (`alpha_posterior.py`): where the alphas are no further apart than their
    errors, nothing is left of them. `alpha` takes those that are expected to be positive, negative, or both, and
    `alpha_confidence` asks that their sign be that probable.

    Parameters
    ----------
    loadings : LoadingsModel, optional
        Unfitted; it is cloned. Default: `KalmanLoadings()`.
    premia : BaseMu, optional
        Unfitted; of the factors. Default: constant premia whose Sharpe ratios were drawn around zero with a standard
        deviation of `PRIOR_SHARPE` a year. ``KalmanMean(tuning="shrunk", mean=0.0)`` takes James and Stein's shrinkage
        instead, and ``KalmanMean(mean=0.0)`` lets premia move. Those of an estimator without `covariance_` count as
        known.
    alpha : {"none", "both", "long", "short"}
    alpha_prior : {"zero", "cross_section"}
        What alphas are drawn towards: zero, or their mean.
    alpha_confidence : float
        Least probability that an alpha used has its sign; at least .5.

    Attributes
    ----------
    mu_ : (N,) array
        Of `model_.assets_`; NaN for an asset whose loadings are not known yet.
    assets_ : Index
        Assets with a mean.
    covariance_ : LowRankCovariance
        Of the means of `assets_`.
    premia_ : Series
        By factor.
    premia_covariance_ : DataFrame (factor x factor)
    alpha_ : Series
        Posterior mean, by asset; 0 where not taken.
    alpha_prior_ : (mean, variance) of the prior, (0, 0) without alpha.
    model_, premia_model_, last_date_
        What was fitted.

    References
    ----------
    Pastor and Stambaugh (1999), Journal of Finance 54, and Pastor (2000), ibid. 55, on alphas under a prior;
    Black and Litterman (1992), Financial Analysts Journal 48, on adding the mean's covariance to that of returns.
    """

    def __init__(
        self,
        loadings: LoadingsModel | None = None,
        premia: BaseMu | None = None,
        alpha: str = "none",
        alpha_prior: str = "zero",
        alpha_confidence: float = 0.5,
    ) -> None:
        self.loadings = loadings
        self.premia = premia
        self.alpha = alpha
        self.alpha_prior = alpha_prior
        self.alpha_confidence = alpha_confidence

    def fit(
        self, X: Any, y: Any = None, *, risk: FactorRisk | LoadingsModel | None = None, tune_until: Any = None
    ) -> Self:
        """Learn premia and loadings.

        Parameters
        ----------
        X : DataFrame or array (T, N)
            Excess returns of the assets in decimals, NaN where not observed.
        y : DataFrame or array (dates, K)
            Returns of the factors. Earlier dates than those of X teach premia; later ones are left aside.
        risk : FactorRisk or LoadingsModel, optional
            Fitted on the same dates: its loadings are taken, and none are fitted here.
        tune_until : date, optional
            Hyper-parameters see data up to and including this date only.
        """
        self._check_options()
        for name in _LEARNED:
            self.__dict__.pop(name, None)
        returns, factors = self._frames(X, y, 0)
        skv.validate_data(self, X, reset=True, skip_check_array=True)
        if risk is None:
            model = KalmanLoadings() if self.loadings is None else clone(self.loadings)
            model.fit(returns, factors, tune_until=tune_until)
        else:
            model = _model_of(risk)
        premia = _usual_premia() if self.premia is None else clone(self.premia)
        until = {"tune_until": tune_until} if isinstance(premia, KalmanMean) else {}
        premia.fit(self._known(factors, returns), **until)
        self._seen, self._lent = len(returns), risk is not None
        self._store(model, premia, returns)
        return self

    def partial_fit(self, X: Any, y: Any = None, *, risk: FactorRisk | LoadingsModel | None = None) -> Self:
        """Continue over later dates, hyper-parameters held. The first call fits.

        Parameters
        ----------
        X, y
            As for `fit`, of dates after the last one seen.
        risk : FactorRisk or LoadingsModel
            Where `fit` was given one, the same continued over these dates.
        """
        if not self.__sklearn_is_fitted__():
            return self.fit(X, y, risk=risk)
        if self._lent != (risk is not None):
            came, wanted = ("one", "none") if risk is not None else ("none", "the one it was fitted with, continued,")
            raise InputError(f"{came} came as risk; {wanted} was expected, as for fit.")
        returns, factors = self._frames(X, y, self._seen)
        if not hasattr(self.premia_model_, "partial_fit"):
            raise DataTypeError(
                f"premia is a {type(self.premia_model_).__name__}, which cannot continue; one with partial_fit was "
                "expected. Pass a KalmanMean, or fit again."
            )
        model = copy(self.model_).partial_fit(returns, factors) if risk is None else _model_of(risk)
        known = self._known(factors, returns)
        premia = copy(self.premia_model_).partial_fit(known[known.index > self.last_date_])
        self._seen += len(returns)
        self._store(model, premia, returns)
        return self

    def forecast(self, risk: FactorRisk | None = None) -> Forecast:
        """Return the next date's mean and its covariance for the assets of `risk`, with its loadings as they now are.

        U of `risk`, if it is part of its covariance, holds what the loadings (alpha among them) are not sure of at the
        premia expected; only what unsure premia add is counted beside it: B L B' + diag(trace(P_i L)).

        Parameters
        ----------
        risk : FactorRisk, optional
            Default: the loadings of the fit, all of the covariance counted.
        """
        if not self.__sklearn_is_fitted__():
            raise NotFittedError("FactorPremia has not been fitted; a fitted one was expected. Call fit first.")
        if risk is None:
            return Forecast(pd.Series(self.mu_, self.model_.assets_)[self.assets_], self.covariance_)
        parts = self._parts(risk.model_)
        places = parts.assets.get_indexer(risk.assets_)
        added = parts.from_premia if risk.uncertainty else parts.diagonal
        covariance = LowRankCovariance(parts.loadings, self.premia_covariance_.to_numpy(), added).select(places)
        return Forecast(pd.Series(parts.mean[places], index=risk.assets_), covariance)

    def __sklearn_is_fitted__(self) -> bool:
        """Tell scikit-learn whether `fit` was called."""
        return hasattr(self, "last_date_")

    def _parts(self, model: LoadingsModel) -> PremiaMoments:
        return premia_moments(
            model, self.premia_, self.premia_covariance_.to_numpy(), self.alpha, self.alpha_prior, self.alpha_confidence
        )

    def _store(self, model: LoadingsModel, premia: Any, returns: pd.DataFrame) -> None:
        names = model.factors_[int(model.intercept) :]
        mean = np.asarray(premia.mu_, dtype=np.float64)
        spread = getattr(premia, "covariance_", np.zeros((len(mean), len(mean))))
        spread = spread.dense() if isinstance(spread, LowRankCovariance) else np.asarray(spread)
        self.premia_model_ = premia
        self.premia_ = pd.Series(mean, index=self._factors)[names]
        self.premia_covariance_ = pd.DataFrame(spread, self._factors, self._factors).loc[names, names]
        parts = self._parts(model)
        self.model_, self.assets_ = model, parts.assets
        self.covariance_ = LowRankCovariance(parts.loadings, self.premia_covariance_.to_numpy(), parts.diagonal)
        self.mu_ = pd.Series(parts.mean, index=parts.assets).reindex(model.assets_).to_numpy(dtype=np.float64)
        self.alpha_ = pd.Series(parts.alpha, index=parts.assets)
        self.alpha_prior_ = parts.alpha_prior
        self.n_features_in_ = len(model.assets_)
        if hasattr(self, "feature_names_in_"):
            self.feature_names_in_ = model.assets_.to_numpy(dtype=object)
        self.last_date_ = returns.index[-1]

    def _frames(self, X: Any, y: Any, seen: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        if y is None:
            raise InputError("y is None; the factors' returns were expected. Pass fit(X, y=factors).")
        returns, factors = dated_frames(X, y, seen)
        if not seen:
            self._factors = factors.columns
        else:
            check_names(factors.columns, self._factors, "y")
            factors = factors[self._factors]
        return returns, factors

    def _known(self, factors: pd.DataFrame, returns: pd.DataFrame) -> pd.DataFrame:
        """Factor returns up to the last date of X, whole rows."""
        known: pd.DataFrame = factors[factors.index <= returns.index[-1]].dropna()
        return known

    def _check_options(self) -> None:
        check_alpha(self.alpha, self.alpha_prior, self.alpha_confidence)
        for name, wanted in (("loadings", "KalmanLoadings()"), ("premia", "KalmanMean()")):
            given = getattr(self, name)
            if given is not None and not hasattr(given, "get_params"):
                raise DataTypeError(f"{name} is {given!r}; an estimator was expected. Pass e.g. {wanted}.")


def _usual_premia() -> KalmanMean:
    return KalmanMean(tuning="shrunk", spread=PRIOR_SHARPE**2 / _DATES_A_YEAR, mean=0.0)


def _model_of(risk: Any) -> LoadingsModel:
    if isinstance(risk, LoadingsModel):
        return risk
    if isinstance(risk, FactorRisk):
        return risk.model_
    raise DataTypeError(f"risk is a {type(risk).__name__}; a fitted FactorRisk or LoadingsModel was expected.")
