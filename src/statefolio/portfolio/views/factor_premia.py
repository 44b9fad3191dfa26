"""Estimates expected returns from factor premia and loadings, with the covariance of their error."""

from copy import copy
from typing import Any, Self

import numpy as np
import pandas as pd
import sklearn.utils.validation as skv
from skfolio.moments import BaseMu

from statefolio._arrays.text import shown
from statefolio._estimator import clone
from statefolio._options import HasMethod, Number, OneOf, check_options
from statefolio.adapters.frames import as_pandas, labelled_frames
from statefolio.exceptions import DataTypeError, InputError, NotFittedError
from statefolio.loadings.alignment import check_names
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.portfolio.views.kalman_mean import KalmanMean
from statefolio.portfolio.views.premia_moments import PremiaMoments, premia_moments
from statefolio.portfolio.views.view import Forecast
from statefolio.risk.factor_risk import FactorRisk
from statefolio.risk.low_rank import LowRankCovariance

PRIOR_SHARPE = 0.4
_DATES_PER_YEAR = 252
_LEARNED = ("mu_", "premia_", "model_", "assets_", "alpha_", "last_date_")

RULES = {
    "alpha": OneOf("none", "both", "long", "short"),
    "alpha_prior": OneOf("zero", "cross_section"),
    "alpha_confidence": Number(at_least=0.5, below=1.0, example=0.8),
    "loadings": HasMethod("get_params", "an estimator of loadings", "KalmanLoadings()") | None,
    "premia": HasMethod("get_params", "an estimator of expected returns", "KalmanMean()") | None,
}


class FactorPremia(BaseMu):
    """Expected returns as factor premia times predicted loadings, plus shrunken alphas.

        mu_i = b_i' l + a_i        l = E[premia],  b_i = E[loadings of i on the next date],  a_i = E[alpha_i]

    With premia ~ N(l, L) and loadings ~ N(b_i, P_i), independent of them and of each other, the covariance of the error
    of mu is exactly, by the law of total variance,

        B L B' + diag(l' P_i l + trace(P_i L) + 2 l' P_i,alpha + P_alpha,alpha)

    of low rank: B L B' is the common error, the diagonal that of each asset. Without alpha the last two terms are
    absent.

    Alpha is the loading on the constant, a random walk by default. Only its posterior mean is used, under a prior
    estimated from the cross-section of alphas (`alpha_posterior.py`): if the alphas are no further apart than their
    errors, they are shrunk to the prior mean. `alpha` selects positive alphas, negative ones, or both;
    `alpha_confidence` is the least probability of their sign.

    Parameters
    ----------
    loadings : LoadingsModel, optional
        Unfitted; it is cloned. Default: `KalmanLoadings()`.
    premia : BaseMu, optional
        Unfitted; an estimator of the factors' expected returns. Default: constant premia whose annual Sharpe ratios
        have a normal prior around zero with standard deviation `PRIOR_SHARPE`. ``KalmanMean(tuning="shrunk",
        mean=0.0)`` uses James and Stein's shrinkage instead, and ``KalmanMean(mean=0.0)`` lets premia move. Premia of
        an estimator without `covariance_` count as known.
    alpha : {"none", "both", "long", "short"}
    alpha_prior : {"zero", "cross_section"}
        Shrink alphas towards zero, or towards their mean.
    alpha_confidence : float
        Least probability that an alpha in use has its sign; at least 0.5.

    Attributes
    ----------
    mu_ : (N,) array
        In the order of `model_.assets_`; NaN for an asset without known loadings.
    assets_ : Index
        Assets with a mean.
    covariance_ : LowRankCovariance
        Of the means of `assets_`.
    premia_ : Series
        By factor.
    premia_covariance_ : DataFrame (factor x factor)
    alpha_ : Series
        Posterior mean, by asset; 0 where not used.
    alpha_prior_ : (mean, variance) of the prior, (0, 0) without alpha.
    model_, premia_model_, last_date_
        The fitted models, and the last date.

    References
    ----------
    Pastor and Stambaugh (1999), Journal of Finance 54, and Pastor (2000), ibid. 55, on alphas under a prior;
    Black and Litterman (1992), Financial Analysts Journal 48, on adding the mean's covariance to that of returns.

    Examples
    --------
    Expected returns and their standard errors, per year in percent:

    >>> import numpy as np
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> view = sf.portfolio.FactorPremia(sf.RollingLoadings(252))
    >>> view = view.fit(demo.returns.iloc[:, :3], demo.factors)
    >>> error = np.sqrt(view.covariance_.asset_variance)
    >>> for asset, mean, deviation in zip(view.assets_, view.mu_, error):
    ...     print(f"{asset}: {252 * 100 * mean:.1f} +- {252 * 100 * deviation:.1f}")
    AAPL: 4.9 +- 6.8
    AMD: 7.4 +- 9.0
    BAC: 3.3 +- 6.2
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
            Returns of the factors. Dates before those of X are used for the premia; later ones are ignored.
        risk : FactorRisk or LoadingsModel, optional
            Fitted on the same dates: its loadings are used, and none are fitted here.
        tune_until : date, optional
            Hyper-parameters use data up to and including this date only.
        """
        check_options(self, RULES)
        for name in _LEARNED:
            self.__dict__.pop(name, None)
        X, y = as_pandas(X, "X"), as_pandas(y, "y")
        returns, factors = self._frames(X, y, 0)
        skv.validate_data(self, X, reset=True, skip_check_array=True)
        if risk is None:
            model = KalmanLoadings() if self.loadings is None else clone(self.loadings)
            model.fit(returns, factors, tune_until=tune_until)
        else:
            model = _model_of(risk)
        premia = _default_premia() if self.premia is None else clone(self.premia)
        until = {"tune_until": tune_until} if isinstance(premia, KalmanMean) else {}
        premia.fit(self._known(factors, returns), **until)
        self._seen, self._given_risk = len(returns), risk is not None
        self._store(model, premia, returns)
        return self

    def partial_fit(self, X: Any, y: Any = None, *, risk: FactorRisk | LoadingsModel | None = None) -> Self:
        """Continue over later dates with hyper-parameters fixed. The first call fits.

        Parameters
        ----------
        X, y
            As for `fit`, of dates after the last one seen.
        risk : FactorRisk or LoadingsModel
            If `fit` got one, the same model continued over these dates.
        """
        if not self.__sklearn_is_fitted__():
            return self.fit(X, y, risk=risk)
        if self._given_risk != (risk is not None):
            wanted, advice = (
                ("the model of fit, continued", "Pass risk=risk.partial_fit(X, y)")
                if self._given_risk
                else ("None, as for fit", "Leave risk out, or fit again with it")
            )
            raise InputError(f"risk must be {wanted}, got {shown(risk)}. {advice}.")
        returns, factors = self._frames(X, y, self._seen)
        if not hasattr(self.premia_model_, "partial_fit"):
            raise DataTypeError(
                f"premia must have partial_fit to continue, got {shown(self.premia_model_)}. Pass a KalmanMean, or fit "
                "again."
            )
        model = copy(self.model_).partial_fit(returns, factors) if risk is None else _model_of(risk)
        known = self._known(factors, returns)
        premia = copy(self.premia_model_).partial_fit(known[known.index > self.last_date_])
        self._seen += len(returns)
        self._store(model, premia, returns)
        return self

    def forecast(self, risk: FactorRisk | None = None) -> Forecast:
        """Return the next date's mean and its covariance for the assets of `risk`, with its current loadings.

        If the covariance of `risk` includes the uncertainty of loadings (alpha among them) at the expected premia, only
        the effect of uncertain premia is added: B L B' + diag(trace(P_i L)).

        Parameters
        ----------
        risk : FactorRisk, optional
            Default: the loadings of the fit, with the whole covariance.
        """
        if not self.__sklearn_is_fitted__():
            raise NotFittedError("FactorPremia must be fitted before forecast is called. Call fit first.")
        if risk is None:
            return Forecast(pd.Series(self.mu_, self.model_.assets_)[self.assets_], self.covariance_)
        parts = self.parts(risk.model_)
        places = parts.assets.get_indexer(risk.assets_)
        added = parts.from_premia if risk.uncertainty else parts.diagonal
        covariance = LowRankCovariance(parts.loadings, self.premia_covariance_.to_numpy(), added).select(places)
        return Forecast(pd.Series(parts.mean[places], index=risk.assets_), covariance)

    def __sklearn_is_fitted__(self) -> bool:
        """Tell scikit-learn whether `fit` was called."""
        return hasattr(self, "last_date_")

    def parts(self, model: LoadingsModel) -> PremiaMoments:
        """Return the means and their parts with the current loadings of a fitted model."""
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
        parts = self.parts(model)
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
            raise InputError("y must be the factors' returns, got None. Pass fit(X, y=factors).")
        returns, factors = labelled_frames(as_pandas(X, "X"), as_pandas(y, "y"), seen)
        if not seen:
            self._factors = factors.columns
        else:
            check_names(factors.columns, self._factors, "y")
            factors = factors[self._factors]
        return returns, factors

    def _known(self, factors: pd.DataFrame, returns: pd.DataFrame) -> pd.DataFrame:
        """Factor returns up to the last date of X, complete rows only."""
        known: pd.DataFrame = factors[factors.index <= returns.index[-1]].dropna()
        return known


def _default_premia() -> KalmanMean:
    return KalmanMean(tuning="shrunk", spread=PRIOR_SHARPE**2 / _DATES_PER_YEAR, mean=0.0)


def _model_of(risk: Any) -> LoadingsModel:
    if isinstance(risk, LoadingsModel):
        return risk
    if isinstance(risk, FactorRisk):
        return risk.model_
    raise DataTypeError(
        f"risk must be a fitted FactorRisk or LoadingsModel, got {shown(risk)}. Pass e.g. FactorRisk().fit(X, y)."
    )
