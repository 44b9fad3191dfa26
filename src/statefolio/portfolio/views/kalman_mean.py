"""Estimates expected returns with a Kalman filter, as hidden states that revert to a level."""

import warnings
from typing import Any, Self

import numpy as np
import pandas as pd
import sklearn.utils.validation as skv
from skfolio.moments import BaseMu

from statefolio._arrays.dates import rows_until
from statefolio._arrays.text import listed, show, span
from statefolio._arrays.types import Array
from statefolio._plausible.reading import read_returns
from statefolio.adapters.frames import as_pandas, labelled_frames
from statefolio.exceptions import InputError, NotFittedError, StatefolioWarning
from statefolio.portfolio.views.level_error import LevelError, level_error
from statefolio.portfolio.views.mean_options import check_mean_options, make_filter
from statefolio.portfolio.views.mean_posterior import Filter, posterior, run
from statefolio.portfolio.views.observation_noise import Noise, joined_noise, low_rank, observation_noise, variances
from statefolio.portfolio.views.ratio_filter import RatioFilter
from statefolio.portfolio.views.view import Forecast
from statefolio.risk.factor_risk import FactorRisk

NO_SIGNAL = "no signal found in expected returns: all views are the long-run mean"

_LEARNED = ("mu_", "signal_found_", "predicted_", "predicted_variance_", "_filter", "last_date_")


class KalmanMean(BaseMu):
    """Expected returns by Kalman filter, with the covariance of their error.

        r_t = m_t + e_t,  e_t ~ N(0, H)        m_t+1 = c + phi (m_t - c) + w_t,  w_t ~ N(0, Q)

    `mu_` is the mean of m on the next date, given all data so far, and `covariance_` its covariance. An optimiser adds
    it to that of the returns, so that an uncertain view leads to a small position.

    If Q is a multiple of H (`signal_to_noise`, given or learned), the posterior covariance remains a multiple of H, the
    gain is one number, and thousands of assets need no matrix: see `ratio_filter.py`.

    Parameters
    ----------
    phi : float or None
        Persistence of means per date, at most 1; 0.99 halves a deviation in 69 dates. None: learned together with the
        signal-to-noise.
    tuning : {"pooled", "mle", "shrunk"}
        The source of Q = q H if it is not given: one signal-to-noise q for all assets, by composite maximum likelihood;
        each asset's own maximum likelihood; or constant means (`phi` is ignored) with a normal prior around `mean`,
        whose variance James and Stein's shrinkage estimates.
    signal_to_noise : float, optional
        q, given.
    spread : float, optional
        Variance of means around `mean` divided by that of the noise, q / (1 - phi^2), given instead of q: the square of
        a typical Sharpe ratio per date. (0.4 a year: 0.4**2 / 252.)
    state_covariance : float, Series or array (N,), or covariance (N, N), optional
        Q, given. The filter uses matrices unless H and Q are diagonal.
    observation_covariance : optional
        H: number, Series, array (N,) or (N, N), DataFrame, `LowRankCovariance`, or a covariance estimator of skfolio.
        Default: that of `risk` in `forecast`, else sample variances (of noise and means together) with shrunken
        correlations.
    mean : "pooled", "own", float, Series or array (N,)
        c, the level that means revert to: the mean of all returns of all assets, each asset's own mean, or given
        numbers. Given ones count as known; the error of an estimated one is part of the covariance if Q is a multiple
        of H.
    start : (mean, covariance), optional
        Distribution of m on the first date before its update. Default: the stationary one, N(c, Q / (1 - phi^2)).
    before_prediction : bool
        The start is the distribution one prediction earlier.

    Attributes
    ----------
    mu_ : (N,) array
        In the order of `assets_`.
    covariance_ : (N, N) array or LowRankCovariance
        Of `mu_`; of low rank if H is. If assets differ in gain (gaps, late listings, "mle"), its diagonal is exact and
        its correlations are those of H.
    predicted_, predicted_variance_ : DataFrame (date x asset)
        For the dates of the last call, each from the dates before it. Without look-ahead if hyper-parameters are.
    parameters_ : DataFrame
        By asset: mean, phi, signal_to_noise (NaN if Q is a matrix) and observation_variance.
    observation_covariance_ : (N,) array, (N, N) array or LowRankCovariance
        H.
    signal_found_ : bool
        False if neither returns nor options move any mean: every forecast is then the long-run mean (`mean`).
    assets_, last_date_, tuned_until_, n_features_in_, feature_names_in_
        Assets and dates of the data.

    Warns
    -----
    StatefolioWarning
        If `fit` learns a signal-to-noise of zero for all assets, as it often does from daily returns.

    Notes
    -----
    The covariance is that of one date's mean. Over h dates the sum of returns has variance h H from noise, but about
    h^2 times that of the mean, whose error persists. A problem over h dates therefore adds h times this covariance to
    each date's.

    References
    ----------
    Durbin and Koopman (2012), Time Series Analysis by State Space Methods, section 4.3. Conrad and Kaul (1988),
    Journal of Business 61, on expected returns as an autoregressive state. Efron and Morris (1973), JASA 68. Jorion
    (1986), Journal of Financial and Quantitative Analysis 21, on shrinkage for portfolios.

    Examples
    --------
    With typical Sharpe ratios of 0.4 a year, two years of returns leave large standard errors:

    >>> import statefolio as sf
    >>> returns = sf.load_demo().returns.iloc[-504:, :3]
    >>> view = sf.portfolio.KalmanMean(spread=0.4**2 / 252).fit(returns)
    >>> for asset, mean, variance in zip(view.assets_, view.mu_, view.covariance_.diagonal()):
    ...     print(f"{asset}: {252 * 100 * mean:.1f} % a year, standard error {252 * 100 * variance**0.5:.1f}")
    AAPL: -0.1 % a year, standard error 23.8
    AMD: -0.6 % a year, standard error 29.1
    BAC: 1.3 % a year, standard error 23.4
    """

    def __init__(
        self,
        phi: float | None = 0.99,
        tuning: str = "pooled",
        signal_to_noise: float | None = None,
        spread: float | None = None,
        state_covariance: Any = None,
        observation_covariance: Any = None,
        mean: Any = "pooled",
        start: Any = None,
        before_prediction: bool = False,
    ) -> None:
        self.phi = phi
        self.tuning = tuning
        self.signal_to_noise = signal_to_noise
        self.spread = spread
        self.state_covariance = state_covariance
        self.observation_covariance = observation_covariance
        self.mean = mean
        self.start = start
        self.before_prediction = before_prediction

    def fit(self, X: Any, y: Any = None, *, risk: FactorRisk | None = None, tune_until: Any = None) -> Self:  # noqa: ARG002
        """Learn hyper-parameters and filter all dates.

        Parameters
        ----------
        X : DataFrame or array (T, N)
            Excess returns in decimals, NaN where not observed.
        y
            Not used.
        risk : FactorRisk, optional
            `forecast` uses its covariance as H, so that none is estimated here: `covariance_` then has sample variances
            alone. The means are the same.
        tune_until : date, optional
            Hyper-parameters use data up to and including this date only.

        Raises
        ------
        InputError, DataTypeError
            If options or data are invalid.
        """
        options = self.get_params(deep=False)
        check_mean_options(options)
        for name in _LEARNED:
            self.__dict__.pop(name, None)
        X = as_pandas(X, "X")
        returns, dates, assets = self._read(X, 0)
        skv.validate_data(self, X, reset=True, skip_check_array=True)
        rows = rows_until(dates, tune_until)
        noise = observation_noise(self.observation_covariance, returns[:rows], assets, correlated=risk is None)
        filter_ = make_filter(options, returns[:rows], assets, noise)
        self.signal_found_ = _moves(filter_)
        if not self.signal_found_ and self.signal_to_noise is None and self.spread is None:
            _warn_of_no_signal(self.phi)
        self.tuned_until_, self._rows = dates[rows - 1], 0
        self._store(filter_, noise, level_error(self.mean, returns[:rows]), pd.DataFrame(returns, dates, assets))
        return self

    def partial_fit(self, X: Any, y: Any = None, *, risk: FactorRisk | None = None) -> Self:
        """Continue over later dates with hyper-parameters fixed; this equals, to the last bit, all dates at once.

        The first call fits. Assets may join unless Q is a matrix: they get the median signal-to-noise and variance. An
        asset that is absent counts as not observed.

        Parameters
        ----------
        X, y, risk
            As for `fit`, of dates after the last one seen.
        """
        if not self.__sklearn_is_fitted__():
            return self.fit(X, y, risk=risk)
        values, dates, names = self._read(as_pandas(X, "X"), self._rows)
        if dates[0] <= self.last_date_:
            raise InputError(
                f"X must start after {show(self.last_date_)}, the last date seen, got dates {span(dates)}. Pass only "
                "later dates."
            )
        joining = names[~names.isin(self.assets_)]
        filter_, noise, error = self._filter, self.observation_covariance_, self._level_error
        if len(joining):
            filter_, noise = self._joined(joining), joined_noise(noise, len(joining))
            error = error.joined(len(joining))
        assets = self.assets_.append(joining)
        self._store(filter_, noise, error, pd.DataFrame(values, dates, names).reindex(columns=assets))
        return self

    def forecast(self, risk: FactorRisk) -> Forecast:
        """Return the next date's mean and its covariance for the assets of `risk`.

        Unless `observation_covariance` or `state_covariance` was given, the covariance is a ratio times that of `risk`
        on this date. An asset of `risk` that X lacked has the mean that assets revert to.
        """
        self._check_fitted()
        places = self.assets_.get_indexer(risk.assets_)
        if self.observation_covariance is None and self._open and isinstance(self._filter, RatioFilter):
            places = np.where(places < 0, len(self.assets_), places)
            covariance = posterior(self._filter, risk.covariance_, self._level_error, places)
            mean = pd.Series(self._filter.mean[places], index=risk.assets_)
            return Forecast(mean, low_rank(covariance, risk.covariance_.diagonal))
        known = places[places >= 0]
        whole = low_rank(self.covariance_, variances(self.observation_covariance_))
        return Forecast(pd.Series(self.mu_[known], index=self.assets_[known]), whole.select(known))

    @property
    def covariance_(self) -> Noise:
        """Covariance of `mu_`."""
        self._check_fitted()
        found = posterior(self._filter, self.observation_covariance_, self._level_error, np.arange(len(self.assets_)))
        return np.diag(found) if isinstance(found, np.ndarray) and found.ndim == 1 else found

    @property
    def parameters_(self) -> pd.DataFrame:
        """Hyper-parameters, one row per asset."""
        self._check_fitted()
        count, filter_ = len(self.assets_), self._filter
        ratio = filter_.step[:count] if isinstance(filter_, RatioFilter) else np.full(count, np.nan)
        table = {"mean": filter_.level[:count], "phi": filter_.phi[:count], "signal_to_noise": ratio}
        table |= {"observation_variance": variances(self.observation_covariance_)}
        return pd.DataFrame(table, index=self.assets_.rename("asset"))

    def __sklearn_is_fitted__(self) -> bool:
        """Tell scikit-learn whether `fit` was called."""
        return hasattr(self, "last_date_")

    @property
    def _open(self) -> bool:
        """Return whether assets can join: their distribution follows from the learned parameters."""
        return self.state_covariance is None and self.start is None

    def _joined(self, joining: pd.Index) -> Filter:
        """The filter with assets never observed; its last place has the distribution of such an asset."""
        if not self._open or not isinstance(self._filter, RatioFilter):
            raise InputError(
                f"X must have only assets of the fit where state_covariance or start is given, got {listed(joining)} "
                "too. Leave them out, or fit again."
            )
        last = np.append(np.arange(len(self.assets_)), np.full(len(joining) + 1, -1))
        return self._filter.select(last)

    def _read(self, X: Any, seen: int) -> tuple[Array, pd.DatetimeIndex, pd.Index]:
        return read_returns(labelled_frames(X, X, seen)[0], "X")

    def _store(self, filter_: Filter, noise: Noise, error: LevelError, X: pd.DataFrame) -> None:
        count, dates, assets = X.shape[1], X.index, X.columns
        after, means, spread = run(filter_, X.to_numpy(), variances(noise), error)
        self._filter, self._level_error = after, error
        self.observation_covariance_, self.assets_ = noise, assets
        self._rows += len(dates)
        self.predicted_ = pd.DataFrame(means, index=dates, columns=assets)
        self.predicted_variance_ = pd.DataFrame(spread, index=dates, columns=assets)
        self.mu_ = after.mean[:count].copy()
        self.n_features_in_ = count
        if hasattr(self, "feature_names_in_"):
            self.feature_names_in_ = assets.to_numpy(dtype=object)
        self.last_date_ = dates[-1]

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise NotFittedError(f"{type(self).__name__} must be fitted before its results are read. Call fit first.")


def _moves(filter_: Filter) -> bool:
    """Whether returns can move any mean away from its level."""
    return not isinstance(filter_, RatioFilter) or bool((filter_.ratio + filter_.step > 0.0).any())


def _warn_of_no_signal(phi: float | None) -> None:
    """Warn without numbers of the data: a walk that fits anew repeats only warnings that differ."""
    persistence = ", phi=0.99" if phi is None else ""
    warnings.warn(
        f"KalmanMean: {NO_SIGNAL}. Pass spread=0.4**2 / 252{persistence} (Sharpe ratios of about 0.4 a year) or "
        f"signal_to_noise=1e-5{persistence}, or use FactorPremia.",
        StatefolioWarning,
        stacklevel=3,
    )
