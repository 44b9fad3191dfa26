"""Expected returns in which a short needs more evidence than a long."""

from copy import copy
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from statefolio._arrays.types import Array
from statefolio._estimator import clone
from statefolio._options import Number, OneOf, check_options
from statefolio.adapters.frames import as_pandas, labelled_frames
from statefolio.exceptions import NotFittedError
from statefolio.portfolio.views.alpha_sides import Side, gains, probabilities, remaining_share, supported
from statefolio.portfolio.views.alpha_sources import Alphas, alpha_paths, alphas_ahead, check_source
from statefolio.portfolio.views.borrow_fees import borrow_rates, check_borrow
from statefolio.portfolio.views.factor_premia import FactorPremia
from statefolio.portfolio.views.side_half_lives import (
    HALF_LIVES,
    PRIOR,
    half_life_weights,
    lagged_sums,
    lags_of,
    remaining_shares,
)
from statefolio.portfolio.views.side_scales import side_scales, side_sums
from statefolio.portfolio.views.squeeze_risk import SqueezeRisk
from statefolio.portfolio.views.view import Forecast

_SCALE = OneOf("learned") | Number(at_least=0.0, example=0.5)
_HALF_LIFE = OneOf("learned") | Number(above=0.0, example=63, unit=" of dates") | None
_CONFIDENCE = Number(at_least=0.5, below=1.0, example=0.8)
RULES = {
    "long_scale": _SCALE,
    "short_scale": _SCALE,
    "long_half_life": _HALF_LIFE,
    "short_half_life": _HALF_LIFE,
    "long_confidence": _CONFIDENCE,
    "short_confidence": _CONFIDENCE,
    "squeeze": Number(at_least=0.0, example=0.05),
    "holding_period": Number(at_least=1.0, example=21, unit=" of dates"),
    "periods_per_year": Number(above=0.0, example=252),
}


class AsymmetricAlpha(BaseEstimator):
    """A view whose long and short alphas have their own evidence, scale, decay and charges.

    Each alpha of another view has a posterior, alpha ~ N(a, v). A unit of a long earns k_L d_L alpha per date, and a
    unit of a short -k_S d_S alpha - q, where k is the share of forecast alphas that was realised in the past, d the
    mean share that remains over the holding period, and q = borrow + squeeze risk. The alpha in use is

        k_L d_L a          where P(alpha > 0) is above long_confidence
        k_S d_S a + q      where P(-k_S d_S alpha > q) is above short_confidence
        0                  elsewhere

    so that a short needs more evidence: it has to earn its charges, and with the defaults with a probability of 80 %.
    The part of the mean that factors explain and the covariance of the mean's error are those of the other view.
    With equal sides, scales of 1 and no charges the forecast is that of the other view, to the last bit.

    Parameters
    ----------
    view : FactorPremia or KalmanMean, optional
        Unfitted; it is cloned. Default: ``FactorPremia(alpha="both")``. The alpha of a `KalmanMean` is its whole mean.
    long_scale, short_scale : "learned" or float
        k. Learned at every date from the dates before, by a regression of realised on forecast alphas on each side,
        with a prior around 1 that pools both (`side_scales.py`); at least 0.
    long_half_life, short_half_life : "learned" or float, optional
        Dates in which half of an alpha decays. Default: it does not. Learned at every date from the dates before, by
        regressions of realised on earlier alphas (`side_half_lives.py`): the mean remaining share d over the posterior
        of half-lives, of which no decay has a prior probability of one half.
    long_confidence, short_confidence : float
        Least probability of a gain; at least 0.5.
    borrow : float, Series by asset, or DataFrame (date x asset)
        Annual fee on a unit short. Of a DataFrame, the last row known at each date counts.
    squeeze : float
        Price of squeeze risk: times s E[z; z > 2], the loss per date of a unit short on days when the asset rises by
        more than two standard deviations s of its idiosyncratic return (`squeeze_risk.py`). 0.05 is about 1 % a year
        for a large stock.
    holding_period : float
        Dates over which alphas decay until the next decision.
    periods_per_year : float
        Dates per year of `borrow`.

    Attributes
    ----------
    view_
        The other view, fitted.
    scales_ : DataFrame (long, short) x (scale, error)
        Those in use, with standard errors; 0 for a given scale.
    half_lives_ : DataFrame (half-life) x (long, short)
        Posterior probabilities of half-lives in dates, inf for no decay; where they are learned.
    last_date_

    Notes
    -----
    An expected return belongs to an asset, not to a position: an asset without alpha can still be sold short as a
    hedge, and then pays its borrow fee in the account alone. Learned scales use all dates seen so far, also those after
    `tune_until`: they are filtered, not tuned. Those up to `tune_until` are forecast with hyper-parameters that know
    them.

    References
    ----------
    Miller (1977), Journal of Finance 32, and Stambaugh, Yu and Yuan (2012), Journal of Financial Economics 104, on
    short legs; D'Avolio (2002), ibid. 66, on borrow fees.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.iloc[:, :6], demo.factors[["market", "value"]]
    >>> risk = sf.FactorRisk(sf.RollingLoadings(252), residual_structure=None).fit(returns, factors)
    >>> view = sf.portfolio.AsymmetricAlpha(sf.portfolio.KalmanMean(mean=0.0, spread=0.4**2 / 252))
    >>> sides = view.fit(returns, factors, risk=risk).sides(risk)
    >>> sides[["alpha", "used"]].mul(252 * 100).round(1).assign(side=sides["side"])  # percent a year
          alpha  used  side
    AAPL   -2.2   0.0  none
    AMD    -2.7   0.0  none
    BAC    -0.7   0.0  none
    BBY     1.2   1.4  long
    CVX     2.1   2.4  long
    GE      1.0   1.1  long
    """

    last_date_: pd.Timestamp
    _past: pd.DataFrame | None

    def __init__(
        self,
        view: Any = None,
        long_scale: Any = "learned",
        short_scale: Any = "learned",
        long_half_life: Any = None,
        short_half_life: Any = None,
        long_confidence: float = 0.5,
        short_confidence: float = 0.8,
        borrow: Any = 0.005,
        squeeze: float = 0.05,
        holding_period: float = 21,
        periods_per_year: float = 252,
    ) -> None:
        self.view = view
        self.long_scale = long_scale
        self.short_scale = short_scale
        self.long_half_life = long_half_life
        self.short_half_life = short_half_life
        self.long_confidence = long_confidence
        self.short_confidence = short_confidence
        self.borrow = borrow
        self.squeeze = squeeze
        self.holding_period = holding_period
        self.periods_per_year = periods_per_year

    def fit(self, X: Any, y: Any = None, *, risk: Any = None, tune_until: Any = None) -> Self:
        """Fit the other view, and learn the scales and the right tails from its past forecasts.

        Parameters
        ----------
        X, y, risk, tune_until
            As the other view takes them.

        Raises
        ------
        InputError, DataTypeError
            If options or data are invalid.
        """
        check_options(self, RULES)
        view = FactorPremia(alpha="both") if self.view is None else clone(self.view)
        check_source(view)
        check_borrow(self.borrow)
        self.__dict__.pop("last_date_", None)
        view.fit(X, y, risk=risk, tune_until=tune_until)
        self._sums, self._squeeze, self._rows = np.zeros((0, 4)), SqueezeRisk.empty(), 0
        self._lagged, self._past = np.zeros((0, len(self._lags), 4)), None
        return self._store(view, X, risk)

    def partial_fit(self, X: Any, y: Any = None, *, risk: Any = None) -> Self:
        """Continue over later dates; the first call fits."""
        if not self.__sklearn_is_fitted__():
            return self.fit(X, y, risk=risk)
        return self._store(copy(self.view_).partial_fit(X, y, risk=risk), X, risk)

    def forecast(self, risk: Any) -> Forecast:
        """Return the next date's mean and its covariance for the assets of `risk`."""
        before, alphas, used, _ = self._now(risk)
        return Forecast(before.mean + (used - alphas.mean), before.covariance)

    def sides(self, risk: Any) -> pd.DataFrame:
        """Return by asset what speaks for a long and for a short on the next date.

        Parameters
        ----------
        risk : FactorRisk
            As for `forecast`.

        Returns
        -------
        DataFrame
            alpha and deviation: of the posterior, in decimals per date. long_gain and short_gain: E[max(alpha, 0)] and
            E[max(-alpha, 0)]; their difference is alpha. borrow and squeeze: charges per date of a unit short.
            long_probability and short_probability: of a gain after charges. side: "long", "short" or "none". used: the
            alpha in the forecast.
        """
        before, alphas, used, (borrow, squeeze) = self._now(risk)
        deviation = np.sqrt(alphas.variance)
        long_gain, short_gain = gains(alphas.mean, deviation)
        long_probability, short_probability = probabilities(
            alphas.mean, deviation, self._side("short"), borrow + squeeze
        )
        return pd.DataFrame(
            {
                "alpha": alphas.mean,
                "deviation": deviation,
                "long_gain": long_gain,
                "short_gain": short_gain,
                "borrow": borrow,
                "squeeze": squeeze,
                "long_probability": long_probability,
                "short_probability": short_probability,
                "side": np.where(used > 0.0, "long", np.where(used < 0.0, "short", "none")),
                "used": used,
            },
            index=before.assets,
        )

    @property
    def scales_(self) -> pd.DataFrame:
        """The scales in use, with their standard errors; 0 for a given scale."""
        error = np.sqrt(np.diagonal(self._scales.covariance))
        rows = {
            side: (self._side(side).scale, error[i] if self._given(side) is None else 0.0)
            for i, side in enumerate(("long", "short"))
        }
        return pd.DataFrame.from_dict(rows, orient="index", columns=["scale", "error"])

    @property
    def half_lives_(self) -> pd.DataFrame:
        """Posterior probabilities of half-lives, by side; the prior's where no half-life is learned."""
        index = pd.Index([*HALF_LIVES, np.inf], name="half_life")
        return pd.DataFrame(self._half_life_weights.T, index, ["long", "short"])

    @property
    def signal_found_(self) -> bool:
        """Whether the other view has a signal."""
        return bool(getattr(self.view_, "signal_found_", True))

    def __sklearn_is_fitted__(self) -> bool:
        """Tell scikit-learn whether `fit` was called."""
        return hasattr(self, "last_date_")

    def _store(self, view: Any, X: Any, risk: Any) -> Self:
        frame = as_pandas(X, "X")
        returns = labelled_frames(frame, frame, self._rows)[0]
        paths = alpha_paths(view, returns, risk)
        new = paths.dates <= view.last_date_
        if hasattr(self, "last_date_"):
            new &= paths.dates > self.last_date_
        sums = np.vstack([self._sums, side_sums(paths)[new]])
        lagged, past = self._lagged, self._past
        if self._lags:
            added, past = lagged_sums(paths, past, self._lags)
            lagged = np.concatenate([lagged, added[new]])
        weights = half_life_weights(lagged, self._lags) if self._lags else np.stack([PRIOR, PRIOR])
        scales, squeeze = side_scales(sums), self._squeeze.updated(paths.surprise[new], paths.assets)
        self._sums, self._scales, self._squeeze = sums, scales, squeeze
        self._lagged, self._past, self._half_life_weights = lagged, past, weights
        self._rows += len(returns)
        self.view_, self.last_date_ = view, view.last_date_
        return self

    def _now(self, risk: Any) -> tuple[Forecast, Alphas, Array, tuple[Array, Array]]:
        """The other view's forecast, its alphas, the ones in use, and the charges of shorts (borrow, squeeze)."""
        if not self.__sklearn_is_fitted__():
            raise NotFittedError("AsymmetricAlpha must be fitted before forecast is called. Call fit first.")
        before = self.view_.forecast(risk)
        alphas = alphas_ahead(self.view_, before, risk)
        borrow = borrow_rates(self.borrow, before.assets, self.last_date_) / self.periods_per_year
        squeeze = self.squeeze * np.sqrt(alphas.idiosyncratic) * self._squeeze.tails(before.assets)
        used = supported(
            alphas.mean, np.sqrt(alphas.variance), self._side("long"), self._side("short"), borrow + squeeze
        )
        return before, alphas, used, (borrow, squeeze)

    @property
    def _lags(self) -> tuple[int, ...]:
        """The lags that learned half-lives need; none where they are given."""
        learned = "learned" in (self.long_half_life, self.short_half_life)
        return lags_of(self.holding_period) if learned else ()

    def _remaining(self, side: str) -> float:
        """Mean share of an alpha that remains over the holding period."""
        given = getattr(self, f"{side}_half_life")
        if given != "learned":
            return remaining_share(given, self.holding_period)
        return float(remaining_shares(self._half_life_weights, self.holding_period)[0 if side == "long" else 1])

    def _given(self, side: str) -> float | None:
        scale = getattr(self, f"{side}_scale")
        return None if scale == "learned" else float(scale)

    def _side(self, side: str) -> Side:
        given, learned = self._given(side), float(self._scales.mean[0 if side == "long" else 1])
        return Side(
            max(learned, 0.0) if given is None else given,
            self._remaining(side),
            getattr(self, f"{side}_confidence"),
        )
