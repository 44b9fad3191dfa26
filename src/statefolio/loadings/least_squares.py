"""Loadings by least squares: over a rolling window, exponentially weighted, or over all data so far."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from statefolio._arrays.panel import Panel
from statefolio._arrays.types import Array
from statefolio._options import is_number, is_whole
from statefolio.exceptions import InputError
from statefolio.kalman.least_squares import Fits, Memory, Scheme, empty_memory, joined, least_squares
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.results import Paths


class LeastSquaresLoadings(LoadingsModel):
    """What the three have in common: they learn nothing, so `tune_until` only labels their results.

    At each date, with the weights w of the returns so far and x the regressors (the constant first):

        filtered = (sum w x x')^-1 sum w x r        variance = s^2 (sum w x x')^-1
        s^2 = sum w e^2 / (W1 - K W2 / W1)          W1 = sum w, W2 = sum w^2

    With equal weights the divisor is the number of observations less K. Predicted loadings at t are the
    filtered ones at t-1, with the same variance: they see data to t-1 only. The innovation is
    r - x'b, its variance s^2 (1 + x' (sum w x x')^-1 x). An asset with too few observations gets NaN, and a
    reason in `parameters_`.
    """

    _memory: Memory
    _last: Array  # observations and their variance at the last date

    def _scheme(self, states: int) -> Scheme:
        raise NotImplementedError

    def _learn(self, panel: Panel, tune_rows: int) -> None:
        """Learn nothing: there are no hyper-parameters."""

    def _run(self, panel: Panel, fresh: bool) -> Paths:
        states, assets = panel.regressors.shape[1], len(panel.assets)
        memory = empty_memory(states, assets) if fresh else self._memory
        fits, after = least_squares(self._scheme(states), panel.regressors, panel.returns, memory)
        self._memory = after
        self._last = np.stack([fits.last_count, fits.last_observation_variance])
        return _paths(fits)

    def _join(self, count: int) -> None:
        self._memory = joined(self._memory, count)

    def _state(self) -> dict[str, np.ndarray[Any, Any]]:
        memory = self._memory
        seen = np.array(memory.seen)
        return {"sums": memory.sums, "X": memory.X, "Y": memory.Y, "seen": seen, "last": self._last}

    def _restore(self, state: dict[str, np.ndarray[Any, Any]]) -> None:
        self._memory = Memory(state["sums"], state["X"], state["Y"], int(state["seen"]))
        self._last = state["last"]

    def _parameters(self) -> Mapping[str, Any]:
        count, variance = self._last
        states = len(self.factors_)
        needed = self._scheme(states).needed
        known = ~np.isnan(self._next_date()[0]).any(axis=1)
        short = [f"{int(n)} observations, fewer than the {needed} needed" for n in count]
        reasons = np.where(count < needed, short, "collinear factors where the asset was observed")
        return {
            "observation_variance": variance,
            "observations": count.astype(int),
            "converged": known,
            "reason": np.where(known, "", reasons),
        }


class RollingLoadings(LeastSquaresLoadings):
    """Ordinary least squares over the last `window` dates.

    Parameters
    ----------
    window : int
        Dates, with or without a return.
    min_observations : int, optional
        Returns an asset needs among them; default half the window, and never fewer than there are loadings.
        Until `window` dates have passed the window is what there is.
    intercept : bool
        Put the constant 1 before the factors, under the name "alpha".
    """

    def __init__(self, window: int = 250, min_observations: int | None = None, intercept: bool = True) -> None:
        self.window = window
        self.min_observations = min_observations
        self.intercept = intercept

    def _check_options(self) -> None:
        _check_whole(self.window, "window")
        if self.min_observations is None:
            return
        _check_whole(self.min_observations, "min_observations")
        if self.min_observations > self.window:
            raise InputError(
                f"min_observations={self.min_observations}; at most window={self.window} was expected. "
                "Lower it, or take a longer window."
            )

    def _scheme(self, states: int) -> Scheme:
        if self.window <= states:
            raise InputError(
                f"window={self.window} for {states} loadings; more dates than loadings were expected. "
                "Take a longer window or fewer factors."
            )
        asked = (self.window + 1) // 2 if self.min_observations is None else self.min_observations
        return Scheme(int(self.window), 1.0, max(int(asked), states))


class ExponentialLoadings(LeastSquaresLoadings):
    """Least squares with weights that halve every `half_life` dates.

    Parameters
    ----------
    half_life : float
        In dates, with or without a return.
    intercept : bool
        Put the constant 1 before the factors, under the name "alpha".
    """

    def __init__(self, half_life: float = 120.0, intercept: bool = True) -> None:
        self.half_life = half_life
        self.intercept = intercept

    def _check_options(self) -> None:
        if not is_number(self.half_life) or not 0.0 < self.half_life < np.inf:
            raise InputError(f"half_life={self.half_life!r}; a positive number of dates was expected. Pass e.g. 120.")

    def _scheme(self, states: int) -> Scheme:
        return Scheme(0, 0.5 ** (1.0 / float(self.half_life)), states)


class StaticLoadings(LeastSquaresLoadings):
    """Ordinary least squares over all data so far: loadings that do not move, learned as the data come.

    Parameters
    ----------
    intercept : bool
        Put the constant 1 before the factors, under the name "alpha".
    """

    def __init__(self, intercept: bool = True) -> None:
        self.intercept = intercept

    def _scheme(self, states: int) -> Scheme:
        return Scheme(0, 1.0, states)


def _paths(fits: Fits) -> Paths:
    """Kernels keep assets innermost, results keep factors there."""
    v, S = fits.innovation, fits.innovation_variance
    return Paths(
        filtered=fits.mean.swapaxes(1, 2),
        filtered_variance=fits.variance.swapaxes(1, 2),
        predicted=partial(_one_later, fits.first_mean, fits.mean),
        predicted_variance=partial(_one_later, fits.first_variance, fits.variance),
        innovation=v,
        innovation_variance=S,
        observation_variance=fits.observation_variance,
        log_likelihood=_log_likelihood(v, S),
        ahead=(fits.mean[-1].T, fits.last_covariance.transpose(2, 0, 1), fits.last_observation_variance),
    )


def _one_later(first: Array, path: Array) -> Array:
    """A path (T, K, N) moved one date on, as (T, N, K)."""
    moved = np.empty_like(path)
    moved[:1], moved[1:] = first, path[:-1]
    return moved.swapaxes(1, 2)


def _log_likelihood(v: Array, S: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        density = -0.5 * (np.log(2.0 * np.pi * S) + v * v / S)
    return np.where(np.isnan(density).all(axis=0), np.nan, np.nansum(density, axis=0))


def _check_whole(value: Any, name: str) -> None:
    if not is_whole(value) or value < 1:
        raise InputError(f"{name}={value!r}; a whole number above zero was expected. Pass e.g. 250.")
