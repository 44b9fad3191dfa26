"""Realised risk contributions as a filtered state with bands, against the budget."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy.optimize import minimize_scalar
from sklearn.base import BaseEstimator

from statefolio._arrays.dates import rows_until
from statefolio._arrays.frames import read_values
from statefolio._arrays.text import listed, show
from statefolio._arrays.types import Array
from statefolio._options import is_number, is_whole
from statefolio.exceptions import DataTypeError, InputError, NotFittedError
from statefolio.loadings.results import HALF_BAND
from statefolio.portfolio.budgets.lines import read_budget
from statefolio.portfolio.budgets.share_filter import Filtered, Law, ShareFilter, Windows
from statefolio.risk.weights import dated_weights

_GRID = np.concatenate([[0.0], np.logspace(-4.0, 1.0, 16)])
_FEWEST_DATES = 5


class RiskContributionTracker(BaseEstimator):
    """What each asset (or group) really contributed to a portfolio's risk, filtered, against its budget.

    Dates are cut into windows that do not overlap. Over each, the realised share of line i is the slope of what it
    earned (weight held times return) on what the portfolio earned; the sampling error of that regression is the
    observation's covariance H, averaged over the windows so far. The true shares s move from window to window:

        observed_t = s_t + e_t,  e_t ~ N(0, H_t)         s_t+1 = m + phi (s_t - m) + w_t,  w_t ~ N(0, q H_t)

    with m the budget. They add up to one throughout: the filter runs on the L - 1 coordinates that are free.

    Parameters
    ----------
    budget : Series or mapping, optional
        The share wanted of each line; all the same where not given.
    window : int
        Dates in a window, 5 at least.
    signal_to_noise : float, optional
        q. Where not given, that of maximum likelihood.
    phi : float
        1: shares walk (and start anywhere); from 0 to below 1: they revert to the budget (and start stationary).
    groups : Series, optional
        The group of each asset: lines are then groups.
    noise_half_life : float
        Windows after which one counts half in H.

    Attributes
    ----------
    tracking_ : Dataset
        By the last date of each window, and line: observed, observed_error (its standard error), filtered,
        filtered_error, lower, upper (95 %), target. By date: tracking_error, the root mean square of filtered less
        target; observed_tracking_error, the same of observed; noise, what sampling error alone would make that of a
        portfolio that is on target.
    signal_to_noise_ : float
    log_likelihood_ : Series
        By window.
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
        """Track shares through all whole windows; the dates of the last one wait until it is full.

        Parameters
        ----------
        returns : DataFrame (date x asset)
            Simple returns; a missing one counts as 0.
        weights : DataFrame (date x asset) or Series
            Held into each date, e.g. `BacktestResult.weights`; on more dates than returns, or the same on all.
        tune_until : date, optional
            Signal to noise is learned from windows that end by then.

        Raises
        ------
        InputError, UnknownNameError
            For options, budgets, returns or weights that cannot be used, or fewer dates than a window.
        """
        self._check_options()
        earned, dates, lines = self._earned(returns, weights)
        if len(dates) < self.window:
            raise InputError(
                f"returns has {len(dates)} dates; one window of {self.window} at least was expected. Pass more dates, "
                "or a shorter window."
            )
        target = np.full(len(lines), 1.0 / len(lines))
        if self.budget is not None:
            target = read_budget(self.budget, lines, "groups" if self.groups is not None else "assets")
        self.lines_, self._target, self._pending = lines, target, (earned[:0], dates[:0])
        windows = self._cut(earned, dates, Windows.none(len(lines), self.window, self.noise_half_life))
        end = windows.ends[rows_until(windows.ends, tune_until) - 1]
        self.signal_to_noise_ = self._tune(windows.until(end))
        self.tuned_until_ = end
        self._filter = ShareFilter.start(Law(target, float(self.phi), self.signal_to_noise_))
        self._take(windows, fresh=True)
        return self

    def partial_fit(self, returns: Any, weights: Any) -> "RiskContributionTracker":
        """Go on with later dates; what was tuned is held. The result holds the windows that were filled by them."""
        if not self.__sklearn_is_fitted__():
            return self.fit(returns, weights)
        earned, dates, lines = self._earned(returns, weights)
        if not lines.equals(self.lines_):
            odd = lines.symmetric_difference(self.lines_)
            which = listed(list(odd)) if len(odd) else "their order"
            raise InputError(
                f"returns has other lines than before ({which}); those of the fit were expected. Select the same "
                "columns."
            )
        if dates[0] <= self.last_date_:
            raise InputError(
                f"returns begins on {show(dates[0])}; a date after {show(self.last_date_)}, the last one seen, was "
                "expected. Pass new dates alone."
            )
        self._take(self._cut(earned, dates, self._windows), fresh=False)
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_filter")

    @property
    def tracking_(self) -> xr.Dataset:
        """Shares by window and line, with bands."""
        if not self.__sklearn_is_fitted__():
            raise NotFittedError("tracking_ was asked of a tracker that is not fitted; call fit first.")
        return self._tracking

    @property
    def last_date_(self) -> pd.Timestamp:
        """The last date seen, in a whole window or waiting."""
        return self._pending[1][-1] if len(self._pending[1]) else self._windows.ends[-1]

    def _check_options(self) -> None:
        if not is_whole(self.window):
            raise DataTypeError(f"window={self.window!r}; a whole number of dates was expected. Pass e.g. 21.")
        if self.window < _FEWEST_DATES:
            raise InputError(f"window={self.window}; {_FEWEST_DATES} dates at least were expected. Pass e.g. 21.")
        ranges = {"phi": (0.0, 1.0), "signal_to_noise": (0.0, np.inf), "noise_half_life": (1e-3, np.inf)}
        for name, (least, most) in ranges.items():
            value = getattr(self, name)
            if name == "signal_to_noise" and value is None:
                continue
            if not is_number(value) or not least <= value <= most or (name == "signal_to_noise" and np.isinf(value)):
                raise InputError(f"{name}={value!r}; a number from {least:g} to {most:g} was expected.")

    def _earned(self, returns: Any, weights: Any) -> tuple[Array, pd.DatetimeIndex, pd.Index]:
        """What each line earned on each date."""
        values, dates, assets = read_values(returns, "returns", units=True)
        values = np.nan_to_num(values)
        earned = dated_weights(weights, dates, assets, values) * values
        if self.groups is None:
            return earned, dates, assets
        if not isinstance(self.groups, pd.Series):
            raise DataTypeError(
                f"groups is a {type(self.groups).__name__}; a Series by asset was expected. Label them."
            )
        group = self.groups.reindex(assets)
        if group.isna().any():
            raise InputError(
                f"groups lacks {listed(list(assets[group.isna()]))}; a group for each asset was expected. Name them."
            )
        code, lines = pd.factorize(group, sort=True)
        together = np.zeros((len(dates), len(lines)))
        for asset, place in enumerate(code):
            together[:, place] += earned[:, asset]
        return together, dates, pd.Index(lines)

    def _cut(self, earned: Array, dates: pd.DatetimeIndex, before: Windows) -> Windows:
        """Windows filled by these dates and those that waited; the rest waits."""
        if len(self.lines_) < 2:
            raise InputError("returns has one line; two at least were expected, for shares to be shared. Pass more.")
        earned, dates = np.vstack([self._pending[0], earned]), pd.DatetimeIndex(self._pending[1].append(dates))
        whole = len(dates) - len(dates) % self.window
        self._pending = earned[whole:], dates[whole:]
        return before.then(earned[:whole], dates[:whole])

    def _tune(self, windows: Windows) -> float:
        if self.signal_to_noise is not None:
            return float(self.signal_to_noise)
        if not len(windows.ends):
            raise InputError("tune_until leaves no whole window; one at least was expected. Pass a later date.")

        def lack(ratio: float) -> float:
            law = Law(self._target, float(self.phi), float(ratio))
            return -float(ShareFilter.start(law).run(windows)[0].log_likelihood.sum())

        values = [lack(ratio) for ratio in _GRID]
        best = int(np.argmin(values))
        around = (_GRID[max(best - 1, 0)], _GRID[min(best + 1, len(_GRID) - 1)])
        found = minimize_scalar(lack, bounds=around, method="bounded", options={"xatol": 1e-4 * around[1]})
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
