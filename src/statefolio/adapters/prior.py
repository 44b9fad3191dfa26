"""Defines `KalmanFactorPrior`: factor risk with time-varying loadings as a prior for skfolio's optimisers."""

from copy import copy
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import sklearn.utils.validation as skv
from skfolio.prior import BasePrior, ReturnDistribution

from statefolio._estimator import clone
from statefolio._options import Kind, OneOf, Whole, check, check_options
from statefolio.adapters.distribution import distribution_of
from statefolio.adapters.frames import as_pandas, dated_frames, observations_of
from statefolio.adapters.listing import Counts, dates_without, listed_only, not_investable
from statefolio.adapters.scenarios import History, history_of
from statefolio.exceptions import InputError
from statefolio.risk.factor_risk import FactorRisk

_REQUESTS = {"factors": True, "active_mask": True}
RULES = {
    "scenarios": OneOf("residuals", "factors"),
    "absent_after": Whole(at_least=1, example=21) | None,
    "max_history": Whole(at_least=1, example=1260) | None,
}
_LEARNED = ("return_distribution_", "risk_", "excluded_", "_history", "_absent", "_seen")


class KalmanFactorPrior(BasePrior):
    """Factor risk with time-varying loadings as a prior for skfolio's optimisers.

    The distribution is that of the first date not yet seen: mu = alpha + B mu_f, Sigma = B Omega B' + G G' + D + U
    (see `FactorRisk`). skfolio's risk measures read the factor model and not `covariance`, so the factor model's
    `idio_covariance` includes the loadings' uncertainty U too, and both give the same Sigma.

    Assets may be listed late, have gaps and be delisted. An asset that cannot be held is NaN in the distribution, so
    that skfolio leaves it out of the optimisation, and `excluded_` gives the reason.

    Parameters
    ----------
    risk : FactorRisk, optional
        The risk model, unfitted; it is cloned. It defines loadings, factor covariance, factor mean and idiosyncratic
        variances. Default: ``FactorRisk()``.
    alpha : bool
        Expected returns and scenarios include the assets' predicted alphas.
    scenarios : {"residuals", "factors"}
        Content of the distribution's `returns`. "factors": each past date's factor returns times today's loadings, as
        in skfolio's `TimeSeriesFactorModel`, which understates CVaR and similar measures. "residuals": the same plus
        the asset's standardised innovation of that date times its idiosyncratic volatility of today; missing
        innovations are filled with the asset's other ones.
    factor_families : array-like of text (K,), optional
        Family of each factor, for constraints and attribution.
    absent_after : int or None
        An asset without a return on at least this many of the latest dates counts as delisted. None: never. Not used
        where `active_mask` is given.
    tune_until : date, optional
        Hyper-parameters see data up to and including this date only.
    max_history : int, optional
        Number of dates in `returns`. Default: all.

    Attributes
    ----------
    return_distribution_ : ReturnDistribution
        Distribution of all assets in `X`, with its `factor_model`; residual factors come last.
    risk_ : FactorRisk
        The fitted risk model.
    excluded_ : DataFrame
        Reason for each asset that cannot be held, by asset.
    n_features_in_, feature_names_in_
        Number of assets, and their names where they are text.

    Notes
    -----
    With ``sklearn.set_config(enable_metadata_routing=True)`` `factors` and `active_mask` are requested by default.
    The first `partial_fit` tunes hyper-parameters as `fit` does; later calls keep them and equal a `fit` on all
    dates with the same hyper-parameters.

    Examples
    --------
    Weights of a long-only minimum-variance portfolio:

    >>> from skfolio.optimization import MeanRisk
    >>> import statefolio as sf
    >>> from statefolio.adapters import KalmanFactorPrior
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.loc["2021":, ["JNJ", "KO", "XOM"]], demo.factors.loc["2021":, ["market"]]
    >>> prior = KalmanFactorPrior(sf.FactorRisk(sf.RollingLoadings(window=250)))
    >>> model = MeanRisk(prior_estimator=prior).fit(returns, factors=factors)
    >>> dict(zip(returns.columns, model.weights_.round(2).tolist()))
    {'JNJ': 0.56, 'KO': 0.31, 'XOM': 0.14}
    """

    __metadata_request__fit: ClassVar[dict[str, bool]] = _REQUESTS
    __metadata_request__partial_fit: ClassVar[dict[str, bool]] = _REQUESTS

    return_distribution_: ReturnDistribution
    risk_: FactorRisk
    excluded_: pd.DataFrame
    _history: History
    _absent: Counts
    _seen: int

    def __init__(
        self,
        risk: FactorRisk | None = None,
        alpha: bool = True,
        scenarios: str = "residuals",
        factor_families: Any = None,
        absent_after: int | None = 21,
        tune_until: Any = None,
        max_history: int | None = None,
    ) -> None:
        self.risk = risk
        self.alpha = alpha
        self.scenarios = scenarios
        self.factor_families = factor_families
        self.absent_after = absent_after
        self.tune_until = tune_until
        self.max_history = max_history

    def fit(self, X: Any, y: Any = None, *, factors: Any, active_mask: Any = None) -> Self:  # noqa: ARG002
        """Learn hyper-parameters and run over all dates.

        Parameters
        ----------
        X : DataFrame or array (T, N)
            Returns of the assets in decimals, NaN where not observed.
        y : None
            Not used.
        factors : DataFrame or array (T, K)
            Returns of the factors, known on every date of `X`.
        active_mask : array-like of bool (T, N), optional
            True where an asset is listed. Returns of other dates are dropped, and an asset that is not listed on the
            last date cannot be held.

        Returns
        -------
        self

        Raises
        ------
        InputError, DataTypeError
            For invalid options or data, or if no asset can be held.
        """
        check_options(self, RULES)
        for name in _LEARNED:
            self.__dict__.pop(name, None)
        return self._update(X, factors, active_mask)

    def partial_fit(self, X: Any, y: Any = None, *, factors: Any, active_mask: Any = None) -> Self:
        """Continue over later dates with the same hyper-parameters. The first call fits.

        Parameters
        ----------
        X, y, factors, active_mask
            As for `fit`, of dates after the last one seen; the same assets.

        Returns
        -------
        self
        """
        if not self.__sklearn_is_fitted__():
            return self.fit(X, y, factors=factors, active_mask=active_mask)
        return self._update(X, factors, active_mask)

    def __sklearn_is_fitted__(self) -> bool:
        """Tell scikit-learn whether `fit` was called."""
        return hasattr(self, "return_distribution_")

    def _update(self, X: Any, factors: Any, active_mask: Any) -> Self:
        first = not self.__sklearn_is_fitted__()
        X, factors = as_pandas(X, "X"), as_pandas(factors, "factors")
        skv.validate_data(self, X, reset=first, skip_check_array=True)
        seen = 0 if first else self._seen
        returns, rows = dated_frames(X, factors, seen)
        returns, inactive = listed_only(returns, active_mask)
        absent = dates_without(returns, None if first else self._absent)
        if first:
            risk = self._unfitted().fit(returns, rows, tune_until=self.tune_until)
        else:
            risk = copy(self.risk_).partial_fit(returns, rows)
        history = history_of(risk, rows, observations_of(X, factors, seen))
        if not first:
            history = self._history.followed_by(history)
        history = history.last(self.max_history)
        limit = self.absent_after if active_mask is None else None
        excluded = not_investable(risk.excluded_, risk.model_.assets_, inactive, absent, limit)
        self.return_distribution_ = self._distribution(risk, history, excluded)
        self.risk_, self.excluded_ = risk, excluded
        self._history, self._absent, self._seen = history, absent, seen + len(returns)
        return self

    def _distribution(self, risk: FactorRisk, history: History, excluded: pd.DataFrame) -> ReturnDistribution:
        universe = risk.model_.assets_
        return distribution_of(
            risk,
            history,
            universe[~universe.isin(excluded.index)],
            universe,
            alpha=self.alpha,
            residuals=self.scenarios == "residuals",
            families=self._families(len(risk.factors_)),
        )

    def _unfitted(self) -> FactorRisk:
        if self.risk is None:
            return FactorRisk()
        check("risk", self.risk, Kind(FactorRisk, "a FactorRisk", "FactorRisk()"))
        if self.risk.prefit:
            raise InputError(
                "risk must not have prefit=True, got a fitted model. skfolio clones its priors, and a clone is not "
                "fitted: leave prefit out; tune_until limits the data of the hyper-parameters."
            )
        risk: FactorRisk = clone(self.risk)
        return risk

    def _families(self, count: int) -> Any:
        if self.factor_families is None:
            return None
        families = np.asarray(self.factor_families, dtype=object)
        if families.shape != (count,):
            raise InputError(
                f"factor_families must be one text for each of the {count} factors, got shape {families.shape}. "
                "List them in the order of factors."
            )
        return families
