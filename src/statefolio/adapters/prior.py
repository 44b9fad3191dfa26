"""FactorRisk as a prior of skfolio's optimisers."""

from copy import copy
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import sklearn.utils.validation as skv
from skfolio.prior import BasePrior, ReturnDistribution
from sklearn.base import clone

from statefolio._options import is_whole
from statefolio.adapters.distribution import distribution_of
from statefolio.adapters.frames import dated_frames, observations_of
from statefolio.adapters.listing import Counts, dates_without, listed_only, not_investable
from statefolio.adapters.scenarios import History, history_of
from statefolio.exceptions import DataTypeError, InputError
from statefolio.risk.factor_risk import FactorRisk

_REQUESTS = {"factors": True, "active_mask": True}
_LEARNED = ("return_distribution_", "risk_", "excluded_", "_history", "_silent", "_seen")


class KalmanFactorPrior(BasePrior):
    """Factor risk with time-varying loadings as a prior for skfolio's optimisers.

    The distribution is that of the first date not yet seen: mu = alpha + B mu_f, Sigma = B Omega B' + G G' + D + U
    (see `FactorRisk`). Where
    a factor model is set, skfolio's risk measures read it and not `covariance`; the loadings' uncertainty U
    therefore stands in the factor model's `idio_covariance` too, and both say the same.

    Assets may be listed late, have gaps and be delisted. One that cannot be held is NaN in the distribution, which is
    how skfolio leaves it out of the optimisation, and is named in `excluded_`.

    Parameters
    ----------
    risk : FactorRisk, optional
        Unfitted; it is cloned. It says which loadings, factor covariance, factor mean and idiosyncratic variances
        are used. Default: ``FactorRisk()``.
    alpha : bool
        Expected returns and scenarios hold the assets' predicted alphas.
    scenarios : {"residuals", "factors"}
        What `returns` of the distribution are: each past date's factor returns times the loadings of today, with the
        asset's standardised innovation of that date times its idiosyncratic volatility of today, or without, as in
        skfolio's `TimeSeriesFactorModel`, which takes risk away from CVaR and its like. An asset's missing
        innovations are filled with its others.
    factor_families : array-like of text (K,), optional
        Family of each factor, for constraints and attribution.
    absent_after : int or None
        An asset without a return on this many of the latest dates, or more, counts as delisted. None: never. Left
        aside where `active_mask` says who is listed.
    tune_until : date, optional
        Hyper-parameters see data up to and including this date only.
    max_history : int, optional
        Dates that `returns` keeps. Default: all.

    Attributes
    ----------
    return_distribution_ : ReturnDistribution
        Of all assets in `X`, with its `factor_model`; residual factors come after the others.
    risk_ : FactorRisk
        Fitted.
    excluded_ : DataFrame
        Assets that cannot be held, by asset: reason.
    n_features_in_, feature_names_in_
        Number of assets, and their names where they are text.

    Notes
    -----
    With ``sklearn.set_config(enable_metadata_routing=True)`` `factors` and `active_mask` are requested by default.
    The first `partial_fit` tunes hyper-parameters as `fit` does; later ones hold them and give what `fit` on all
    dates would give with the same hyper-parameters.
    """

    __metadata_request__fit: ClassVar[dict[str, bool]] = _REQUESTS
    __metadata_request__partial_fit: ClassVar[dict[str, bool]] = _REQUESTS

    return_distribution_: ReturnDistribution
    risk_: FactorRisk
    excluded_: pd.DataFrame
    _history: History
    _silent: Counts
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
            Whether an asset is listed on a date; its returns elsewhere are left aside, and one that is not listed on
            the last date cannot be held.

        Returns
        -------
        self

        Raises
        ------
        InputError, DataTypeError
            If options or data cannot be used, or no asset is left.
        """
        self._check_options()
        for name in _LEARNED:
            self.__dict__.pop(name, None)
        return self._update(X, factors, active_mask)

    def partial_fit(self, X: Any, y: Any = None, *, factors: Any, active_mask: Any = None) -> Self:
        """Go on over later dates, hyper-parameters held. The first call fits.

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
        skv.validate_data(self, X, reset=first, skip_check_array=True)
        seen = 0 if first else self._seen
        returns, rows = dated_frames(X, factors, seen)
        returns, inactive = listed_only(returns, active_mask)
        silent = dates_without(returns, None if first else self._silent)
        if first:
            risk = self._unfitted().fit(returns, rows, tune_until=self.tune_until)
        else:
            risk = copy(self.risk_).partial_fit(returns, rows)
        history = history_of(risk, rows, observations_of(X, factors, seen))
        if not first:
            history = self._history.followed_by(history)
        history = history.last(self.max_history)
        most = self.absent_after if active_mask is None else None
        excluded = not_investable(risk.excluded_, risk.model_.assets_, inactive, silent, most)
        self.return_distribution_ = self._distribution(risk, history, excluded)
        self.risk_, self.excluded_ = risk, excluded
        self._history, self._silent, self._seen = history, silent, seen + len(returns)
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
        if not isinstance(self.risk, FactorRisk):
            raise DataTypeError(
                f"risk is a {type(self.risk).__name__}; a FactorRisk was expected. Pass e.g. FactorRisk()."
            )
        if self.risk.prefit:
            raise InputError(
                "risk has prefit=True; an unfitted one was expected, since skfolio clones its priors and a clone has "
                "learned nothing. Leave prefit out; tune_until holds hyper-parameters."
            )
        risk: FactorRisk = clone(self.risk)
        return risk

    def _families(self, count: int) -> Any:
        if self.factor_families is None:
            return None
        families = np.asarray(self.factor_families, dtype=object)
        if families.shape != (count,):
            raise InputError(
                f"factor_families has shape {families.shape}; one for each of the {count} factors was expected. "
                "List them in the order of factors."
            )
        return families

    def _check_options(self) -> None:
        if self.scenarios not in ("residuals", "factors"):
            raise InputError(f"scenarios={self.scenarios!r}; 'residuals' or 'factors' was expected. Pass one of them.")
        for name in ("absent_after", "max_history"):
            value = getattr(self, name)
            whole = is_whole(value)
            if value is not None and not (whole and value > 0):
                raise InputError(f"{name}={value!r}; a whole number above zero, or None, was expected. Pass e.g. 252.")
