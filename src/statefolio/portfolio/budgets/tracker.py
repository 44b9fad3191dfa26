"""Tracks realised risk contributions with a Kalman filter and compares them with the budget."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy.optimize import minimize_scalar
from sklearn.base import BaseEstimator

from statefolio._arrays.dates import rows_through
from statefolio._arrays.text import listed, show, shown
from statefolio._arrays.types import Array
from statefolio._options import Kind, Number, Whole, check_options
from statefolio._plausible.reading import read_returns
from statefolio.exceptions import InputError, NotFittedError
from statefolio.loadings.results import HALF_BAND
from statefolio.portfolio.budgets.read_budget import read_budget
from statefolio.portfolio.budgets.share_filter import Filtered, ShareDynamics, ShareFilter, Windows
from statefolio.portfolio.showing import ShownTracker
from statefolio.risk.weights import dated_weights

_GRID = np.concatenate([[0.0], np.logspace(-4.0, 1.0, 16)])

RULES = {
    "window": Whole(at_least=5, example=21),
    "phi": Number(at_least=0.0, at_most=1.0, example=1.0),
    "signal_to_noise": Number(at_least=0.0, example=0.1) | None,
    "noise_half_life": Number(at_least=1e-3, infinite=True, example=24),
    "groups": Kind(pd.Series, "a Series of groups by asset", "pd.Series({'AAPL': 'tech'})") | None,
}


class RiskContributionTracker(ShownTracker, BaseEstimator):
    """Realised risk contributions of assets or groups, filtered, with 95 % bands.

    Dates are cut into consecutive windows. In each, the realised share of an asset or group is the slope of its return
    contribution (weight held times return) on the portfolio's return. The sampling error of that regression is the
    observation covariance H, averaged over the windows so far. The true shares s move from window to window:

        observed_t = s_t + e_t,  e_t ~ N(0, H_t)         s_t+1 = m + phi (s_t - m) + w_t,  w_t ~ N(0, q H_t)

    with m the budget. They always sum to one: the filter runs on L - 1 free coordinates.

    Parameters
    ----------
    budget : Series or mapping, optional
        The target share of each asset or group; by default all the same.
    window : int
        Dates in a window, at least 5.
    signal_to_noise : float, optional
        q. By default that of maximum likelihood.
    phi : float
        1: shares follow a random walk and start anywhere; from 0 to below 1: they revert to the budget and start
        stationary.
    groups : Series, optional
        The group of each asset; contributions are then by group.
    noise_half_life : float
        Half-life of the average of H, in windows.

    Attributes
    ----------
    tracking_ : Dataset
        By the last date of each window, and `line` (asset or group): observed, observed_error (its standard error),
        filtered, filtered_error, lower, upper (95 %), target. By date: tracking_error, the root mean square of filtered
        minus target; observed_tracking_error, the same of observed; noise, the expected observed_tracking_error of a
        portfolio that meets its target, from sampling errors alone.
    signal_to_noise_ : float
    log_likelihood_ : Series
        By window.

    Examples
    --------
    An equally weighted portfolio of a calm and a volatile stock: the volatile one contributes more than half of the
    risk.

    >>> import statefolio as sf
    >>> returns = sf.load_demo().returns[["JNJ", "AMD"]].iloc[-504:]
    >>> tracker = sf.portfolio.RiskContributionTracker(window=63).fit(returns, {"JNJ": 0.5, "AMD": 0.5})
    >>> last = tracker.tracking_.isel(date=-1)
    >>> for name in ("JNJ", "AMD"):
    ...     row = last.sel(line=name)
    ...     print(f"{name}: {row.filtered:.2f}, 95 % band {row.lower:.2f} to {row.upper:.2f}, target {row.target:.2f}")
    JNJ: 0.11, 95 % band 0.08 to 0.14, target 0.50
    AMD: 0.89, 95 % band 0.86 to 0.92, target 0.50
    """

    def __init__(
        self,
        budget: Any = None,
        window: int = 21,
        signal_to_noise: float | None = None,
        phi: float = 1.0,
        groups: Any = None,
        noise_half_life: float = 24.0,
    ):
        self.budget = budget
        self.window = window
        self.signal_to_noise = signal_to_noise
        self.phi = phi
        self.groups = groups
        self.noise_half_life = noise_half_life

    def fit(self, returns: Any, weights: Any, *, tune_until: Any = None) -> "RiskContributionTracker":
        """Track shares through all complete windows; the dates of an incomplete last window wait for more.

        Parameters
        ----------
        returns : DataFrame (date x asset)
            Simple returns; a missing one counts as 0.
        weights : DataFrame (date x asset), Series or mapping
            Weights held into each date, e.g. `BacktestResult.weights`, on at least the dates of returns; or one Series
            for all dates.
        tune_until : date, optional
            Signal to noise is learned from windows that end by then.

        Raises
        ------
        InputError, UnknownNameError
            If options, budgets, returns or weights are invalid, or there are fewer dates than a window has.
        """
        check_options(self, RULES)
        earned, dates, lines = self._earned(returns, weights)
        if len(dates) < self.window:
            raise InputError(
                f"returns must have at least window={self.window} dates, got {len(dates)}. Pass more dates or a "
                "shorter window."
            )
        target = np.full(len(lines), 1.0 / len(lines))
        if self.budget is not None:
            target = read_budget(self.budget, lines, "groups" if self.groups is not None else "assets")
        self.lines_, self._target, self._pending = lines, target, (earned[:0], dates[:0])
        windows = self._cut(earned, dates, Windows.none(len(lines), self.window, self.noise_half_life))
        tuned = rows_through(windows.ends, tune_until, "tune_until")
        if tuned == 0:
            raise InputError(
                f"tune_until must not be before {show(windows.ends[0])}, the end of the first window, got "
                f"{shown(tune_until)}. Pass a later date."
            )
        end = windows.ends[tuned - 1]
        self.signal_to_noise_ = self._tune(windows.until(end))
        self.tuned_until_ = end
        self._filter = ShareFilter.start(ShareDynamics(target, float(self.phi), self.signal_to_noise_))
        self._take(windows, fresh=True)
        return self

    def partial_fit(self, returns: Any, weights: Any) -> "RiskContributionTracker":
        """Continue over later dates with tuned values fixed; the result has the windows that these dates complete."""
        if not self.__sklearn_is_fitted__():
            return self.fit(returns, weights)
        earned, dates, lines = self._earned(returns, weights)
        if not lines.equals(self.lines_):
            odd = lines.symmetric_difference(self.lines_)
            which = listed(odd) if len(odd) else "order"
            raise InputError(
                f"returns must have the assets or groups of the fit in the same order, got a difference in {which}. "
                "Select the same columns."
            )
        if dates[0] <= self.last_date_:
            raise InputError(
                f"returns must start after {show(self.last_date_)}, the last date seen, got {show(dates[0])}. Pass "
                "only later dates."
            )
        self._take(self._cut(earned, dates, self._windows), fresh=False)
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_filter")

    @property
    def tracking_(self) -> xr.Dataset:
        """Shares by window and asset or group, with bands."""
        if not self.__sklearn_is_fitted__():
            raise NotFittedError("RiskContributionTracker must be fitted before tracking_ is read. Call fit first.")
        return self._tracking

    @property
    def last_date_(self) -> pd.Timestamp:
        """The last date seen, in a complete window or waiting."""
        return self._pending[1][-1] if len(self._pending[1]) else self._windows.ends[-1]

    def _earned(self, returns: Any, weights: Any) -> tuple[Array, pd.DatetimeIndex, pd.Index]:
        """Return contributions of each asset or group on each date."""
        values, dates, assets = read_returns(returns, "returns")
        values = np.nan_to_num(values)
        earned = dated_weights(weights, dates, assets, values) * values
        if self.groups is None:
            return earned, dates, assets
        group = self.groups.reindex(assets)
        if group.isna().any():
            raise InputError(
                f"groups must have every asset of returns, got none for {listed(assets[group.isna()])}. Add their "
                "groups."
            )
        code, lines = pd.factorize(group, sort=True)
        together = np.zeros((len(dates), len(lines)))
        for asset, place in enumerate(code):
            together[:, place] += earned[:, asset]
        return together, dates, pd.Index(lines)

    def _cut(self, earned: Array, dates: pd.DatetimeIndex, before: Windows) -> Windows:
        """Windows that these dates complete, with earlier dates that waited; the remaining dates wait."""
        if len(self.lines_) < 2:
            raise InputError("returns must have at least 2 assets or groups, got 1. Pass more columns.")
        earned, dates = np.vstack([self._pending[0], earned]), pd.DatetimeIndex(self._pending[1].append(dates))
        whole = len(dates) - len(dates) % self.window
        self._pending = earned[whole:], dates[whole:]
        return before.following(earned[:whole], dates[:whole])

    def _tune(self, windows: Windows) -> float:
        if self.signal_to_noise is not None:
            return float(self.signal_to_noise)

        def minus_log_likelihood(ratio: float) -> float:
            dynamics = ShareDynamics(self._target, float(self.phi), float(ratio))
            return -float(ShareFilter.start(dynamics).run(windows)[0].log_likelihood.sum())

        values = [minus_log_likelihood(ratio) for ratio in _GRID]
        best = int(np.argmin(values))
        around = (_GRID[max(best - 1, 0)], _GRID[min(best + 1, len(_GRID) - 1)])
        found = minimize_scalar(
            minus_log_likelihood, bounds=around, method="bounded", options={"xatol": 1e-4 * around[1]}
        )
        return float(found.x) if found.fun < values[best] else float(_GRID[best])

    def _take(self, windows: Windows, fresh: bool) -> None:
        found, self._filter = self._filter.run(windows)
        self._windows = windows
        if fresh or len(windows.ends):
            self._tracking, self.log_likelihood_ = self._label(windows, found)

    def _label(self, windows: Windows, found: Filtered) -> "tuple[xr.Dataset, pd.Series[float]]":
        both, error = ("date", "line"), np.sqrt(np.maximum(found.variance, 0.0))
        noise = np.sqrt(np.einsum("tii->ti", windows.noise))

        def distance(shares: Array) -> tuple[str, Array]:
            return "date", np.sqrt(np.mean((shares - self._target) ** 2, axis=1))

        tracking = xr.Dataset(
            {
                "observed": (both, windows.observed),
                "observed_error": (both, noise),
                "filtered": (both, found.mean),
                "filtered_error": (both, error),
                "lower": (both, found.mean - HALF_BAND * error),
                "upper": (both, found.mean + HALF_BAND * error),
                "target": (both, np.tile(self._target, (len(windows.ends), 1))),
                "tracking_error": distance(found.mean),
                "observed_tracking_error": distance(windows.observed),
                "noise": ("date", np.sqrt(np.mean(noise**2, axis=1))),
            },
            {"date": windows.ends, "line": self.lines_, "first": ("date", windows.starts)},
            {"window": int(self.window), "tuned_until": show(self.tuned_until_)},
        )
        return tracking, pd.Series(found.log_likelihood, index=windows.ends, name="log_likelihood")
