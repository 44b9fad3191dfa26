"""Defines models of loadings by least squares: rolling, exponentially weighted, and over all data so far."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from statefolio._arrays.panel import Panel
from statefolio._arrays.types import Array
from statefolio._options import Number, Rule, Whole, check_options
from statefolio.exceptions import InputError
from statefolio.kalman.weighted_least_squares import Fits, RegressionMemory, Scheme, empty_memory, joined, least_squares
from statefolio.loadings.array_layout import Form, with_prefix
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.results import ByDates, RunResults
from statefolio.loadings.unidentified import Directions, direction_forms, unidentified_reasons

ROLLING_RULES: dict[str, Rule] = {
    "window": Whole(at_least=1, example=250),
    "min_observations": Whole(at_least=1, example=125) | None,
}
EXPONENTIAL_RULES: dict[str, Rule] = {"half_life": Number(above=0.0, example=120.0, unit=" of dates")}


class LeastSquaresLoadings(LoadingsModel):
    """Base of the least-squares models, which have no hyper-parameters: `tune_until` only labels their results.

    At each date, with the weights w of the returns so far and x the regressors (the constant first):

        filtered = (sum w x x')^-1 sum w x r        variance = s^2 (sum w x x')^-1
        s^2 = sum w e^2 / (W1 - K W2 / W1)          W1 = sum w, W2 = sum w^2

    With equal weights the divisor is the number of observations less K. Predicted loadings at t are the
    filtered ones at t-1, with the same variance: they see data up to t-1 only. The innovation is
    r - x'b, its variance s^2 (1 + x' (sum w x x')^-1 x). An asset with too few observations gets NaN, and
    `parameters_` gives the reason. Where factors are collinear, loadings that the sums do not identify are NaN; the
    others, s^2 (K is then the rank) and predictions in the span of the factors so far are kept.
    """

    _memory: RegressionMemory
    _last: Array  # number of observations and observation variance at the last date
    _unknown: Directions  # at the last date

    def _scheme(self, states: int) -> Scheme:
        """Return the weights of past dates, and how many observations are needed."""
        raise NotImplementedError

    def _observations_needed(self) -> int:
        return self._scheme(len(self.factors_)).needed

    def _learn(self, panel: Panel, tune_rows: int) -> None:
        """Do nothing: there are no hyper-parameters."""

    def _run(self, panel: Panel, fresh: bool) -> tuple[RunResults, None]:
        states, assets = panel.regressors.shape[1], len(panel.assets)
        memory = empty_memory(states, assets) if fresh else self._memory
        fits, after = least_squares(self._scheme(states), panel.regressors, panel.returns, memory)
        self._memory = after
        self._last = np.stack([fits.last_count, fits.last_observation_variance])
        self._unknown = Directions(fits.directions.transpose(2, 0, 1), np.sqrt(np.fmax(fits.size.T, 0.0)))
        return _results_of(fits), None

    def _directions(self) -> Directions | None:
        return self._unknown if self._unknown.vectors.any() else None

    def _add_assets(self, count: int) -> None:
        self._memory = joined(self._memory, count)

    def _state(self) -> dict[str, np.ndarray[Any, Any]]:
        memory = self._memory
        seen = np.array(memory.seen)
        return {"sums": memory.sums, "X": memory.X, "Y": memory.Y, "seen": seen, "last": self._last} | {
            f"unknown_{name}": values for name, values in self._unknown.arrays().items()
        }

    def _state_forms(self, assets: int, states: int) -> tuple[dict[str, Form], frozenset[str]]:
        forms = {
            "sums": Form("f", (len(empty_memory(states, 0).sums), assets), -1),
            "X": Form("f", (None, states)),
            "Y": Form("f", (None, assets), -1),
            "seen": Form("i", ()),
            "last": Form("f", (2, assets), -1),
        }
        unknown = {f"unknown_{name}": form for name, form in direction_forms(assets, states).items()}
        return forms | unknown, frozenset(unknown)

    def _restore(self, state: dict[str, np.ndarray[Any, Any]]) -> None:
        if len(state["X"]) != len(state["Y"]):
            raise ValueError("the arrays X and Y must have as many rows")
        self._memory = RegressionMemory(state["sums"], state["X"], state["Y"], int(state["seen"]))
        self._last = state["last"]
        unknown = with_prefix(state, "unknown_")
        none = Directions.none(len(self.assets_), len(self.factors_))  # files of earlier versions
        self._unknown = Directions.from_arrays(unknown) if unknown else none

    def _parameters(self) -> Mapping[str, Any]:
        count, variance = self._last
        states = len(self.factors_)
        needed = self._scheme(states).needed
        known = ~np.isnan(self._next_date()[0]).any(axis=1)
        short = [f"{int(n)} observations, fewer than the {needed} needed" for n in count]
        hidden = self._hidden()
        collinear = unidentified_reasons(self.factors_, hidden, self._condition)
        return {
            "observation_variance": variance,
            "observations": count.astype(int),
            "converged": known & ~hidden.any(axis=1),
            "reason": np.where(known, collinear, short),
        }


class RollingLoadings(LeastSquaresLoadings):
    """Ordinary least squares over the last `window` dates.

    Parameters
    ----------
    window : int
        Number of dates, with or without a return. The first windows are shorter: all dates so far.
    min_observations : int, optional
        Returns that an asset needs in the window. Default: half the window, and at least the number of loadings.
    intercept : bool
        Add the constant 1 before the factors, as the factor "alpha".

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> model = sf.RollingLoadings(window=120).fit(demo.returns, demo.factors[["market"]])
    >>> beta = model.loadings_["predicted"].sel(factor="market", asset=["KO", "XOM"])
    >>> beta.sel(date=["2020-02-28", "2020-06-30"]).round(2).to_pandas()
    asset         KO   XOM
    date
    2020-02-28  0.59  1.20
    2020-06-30  0.82  1.11
    """

    def __init__(self, window: int = 250, min_observations: int | None = None, intercept: bool = True) -> None:
        self.window = window
        self.min_observations = min_observations
        self.intercept = intercept

    def _check_options(self) -> None:
        check_options(self, ROLLING_RULES)
        if self.min_observations is not None and self.min_observations > self.window:
            raise InputError(
                f"min_observations must be at most window={self.window}, got {self.min_observations}. "
                "Lower it, or use a longer window."
            )

    def _scheme(self, states: int) -> Scheme:
        if self.window <= states:
            raise InputError(
                f"window must be more than the number of loadings, {states}, got {self.window}. "
                "Use a longer window or fewer factors."
            )
        needed = (self.window + 1) // 2 if self.min_observations is None else self.min_observations
        return Scheme(int(self.window), 1.0, max(int(needed), states))


class ExponentialLoadings(LeastSquaresLoadings):
    """Least squares with weights that halve every `half_life` dates.

    Parameters
    ----------
    half_life : float
        Number of dates, with or without a return.
    intercept : bool
        Add the constant 1 before the factors, as the factor "alpha".

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> model = sf.ExponentialLoadings(half_life=60).fit(demo.returns, demo.factors[["market", "momentum"]])
    >>> model.next_["mean"].sel(asset=["AAPL", "CVX"], factor=["market", "momentum"]).round(2).to_pandas()
    factor  market  momentum
    asset
    AAPL      1.29     -0.32
    CVX       0.92      0.94
    """

    def __init__(self, half_life: float = 120.0, intercept: bool = True) -> None:
        self.half_life = half_life
        self.intercept = intercept

    def _check_options(self) -> None:
        check_options(self, EXPONENTIAL_RULES)

    def _scheme(self, states: int) -> Scheme:
        return Scheme(0, 0.5 ** (1.0 / float(self.half_life)), states)


class StaticLoadings(LeastSquaresLoadings):
    """Ordinary least squares over all data so far, for loadings that are constant over time.

    Parameters
    ----------
    intercept : bool
        Add the constant 1 before the factors, as the factor "alpha".

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> model = sf.StaticLoadings().fit(demo.returns, demo.factors)
    >>> model.fit_quality_.loc[["AAPL", "JPM", "PG"], ["r_squared_in_sample", "r_squared_one_step"]].round(2)
           r_squared_in_sample  r_squared_one_step
    asset
    AAPL                  0.63                0.62
    JPM                   0.69                0.68
    PG                    0.51                0.49
    """

    def __init__(self, intercept: bool = True) -> None:
        self.intercept = intercept

    def _scheme(self, states: int) -> Scheme:
        return Scheme(0, 1.0, states)


def _results_of(fits: Fits) -> RunResults:
    """Reorder the axes: the kernels have assets as the last axis, results have factors."""
    v, S = fits.innovation, fits.innovation_variance
    return RunResults(
        filtered=partial(_by_asset, fits.mean),
        filtered_variance=partial(_by_asset, fits.variance),
        predicted=ByDates(partial(_one_later, fits.first_mean, fits.mean), len(v)),
        predicted_variance=ByDates(partial(_one_later, fits.first_variance, fits.variance), len(v)),
        innovation=v,
        innovation_variance=S,
        observation_variance=fits.observation_variance,
        log_likelihood=_log_likelihood(v, S),
        forecast=(fits.mean[-1].T, fits.last_covariance.transpose(2, 0, 1), fits.last_observation_variance),
        partly_unknown=fits.collinear > 0.0 if fits.collinear.any() else None,
    )


def _by_asset(path: Array) -> Array:
    return path.swapaxes(1, 2)


def _one_later(first: Array, path: Array, pieces: list[range]) -> Iterator[Array]:
    """Move a path (T, K, N) one date later, and give it as (t, N, K) by pieces of dates."""
    for rows in pieces:
        if rows.start:
            yield path[rows.start - 1 : rows.stop - 1].swapaxes(1, 2)
            continue
        moved = np.empty((len(rows), *path.shape[1:]))
        moved[:1], moved[1:] = first, path[: rows.stop - 1]
        yield moved.swapaxes(1, 2)


def _log_likelihood(v: Array, S: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        density = -0.5 * (np.log(2.0 * np.pi * S) + v * v / S)
    return np.where(np.isnan(density).all(axis=0), np.nan, np.nansum(density, axis=0))
