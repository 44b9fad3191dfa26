"""Defines statefolio's entries in the benchmark.

Each function does one job on the work. The log-likelihoods must equal those of `work.plain_log_likelihood`. The first
call, which fills compilation and disk caches, is not timed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pandas as pd
from work import Work

import statefolio as sf
from statefolio.kalman.blocks import pad_last
from statefolio.kalman.panel import new_filter
from statefolio.kalman.specification import CONSTANT, EWMA, Specification
from statefolio.kalman.tuning import tune
from statefolio.kalman.tuning_spec import TuningSpec

GAUSSIAN = Specification(CONSTANT, scales=False, reverts=False, tails=np.inf, memory=1.0, discount=1.0)
LEARNED = Specification(EWMA, scales=True, reverts=False, tails=6.0, memory=0.97, discount=1.0)
NEW_DAYS = 1_000


def loglik(work: Work) -> np.ndarray:
    """Compute the log-likelihood by asset at the given variances, without storing results."""
    return _loglik(work, GAUSSIAN, work.Q)


def default_loglik(work: Work) -> np.ndarray:
    """Compute one log-likelihood of the default model without storing results: the unit of `pooled_tuning`."""
    return _loglik(work, LEARNED, work.Q / work.R)


def _loglik(work: Work, spec: Specification, state_variance: np.ndarray) -> np.ndarray:
    start = (
        np.zeros((work.assets, work.states)),
        np.broadcast_to(np.diag(work.start_variance), (work.assets, work.states, work.states)),
    )
    filter_ = new_filter(spec, state_variance, work.R, start=start)
    return filter_.run(work.X, pad_last(work.Y, np.nan), store="likelihood").log_likelihood[: work.assets]


def filter_stored(work: Work) -> None:
    """Compute filtered means and variances of all assets and dates with the public `fit`."""
    _model(work, noise="constant", tails="gaussian", state_variance=_by_asset(work, work.Q)).fit(*frames(work))


def default_stored(work: Work) -> None:
    """Filter the default model (learned variance, Student-t) with fixed hyper-parameters; store means and variances."""
    _model(work, state_variance=_by_asset(work, work.Q / work.R)).fit(*frames(work))


def smoother(work: Work) -> None:
    """Compute smoothed means and variances of all assets and dates."""
    _fitted_gaussian(work).smooth(*frames(work))


def maximum_likelihood(work: Work) -> np.ndarray:
    """Maximise the exact-diffuse likelihood of all assets from all starts; return the log-likelihoods."""
    options = TuningSpec(tuning="mle", noise=CONSTANT, gaussian=True, scales=False, reverts=False, common=False)
    learned = tune(options, work.X, work.Y)
    found = new_filter(GAUSSIAN, learned.state_variance[:, :-1], learned.level[:-1])
    return found.run(work.X, pad_last(work.Y, np.nan), store="likelihood").log_likelihood[: work.assets]


def pooled_tuning(work: Work) -> None:
    """Run the pooled tuning of the default model on the whole panel."""
    tune(
        TuningSpec(tuning="pooled", noise=EWMA, gaussian=False, scales=True, reverts=False, common=True), work.X, work.Y
    )


def new_day(work: Work) -> None:
    """Add one new date by `partial_fit` to a model fitted on all previous dates.

    The fit and the new dates' frames belong to the preparation, so only `partial_fit` is timed; every call moves on
    to a date after.
    """
    model = _fitted_gaussian(work)
    model.partial_fit(*next(_new_days(work)))


def _model(work: Work, **options: object) -> sf.KalmanLoadings:
    start = (np.zeros(work.states), np.diag(work.start_variance))
    return sf.KalmanLoadings(
        tuning="fixed", observation_variance=pd.Series(work.R, _names(work)), start=start, **options
    )


@lru_cache(maxsize=4)
def _fitted_gaussian(work: Work) -> sf.KalmanLoadings:
    model = _model(work, noise="constant", tails="gaussian", state_variance=_by_asset(work, work.Q))
    return model.fit(*frames(work))


@lru_cache(maxsize=4)
def _new_days(work: Work) -> Iterator[tuple[pd.DataFrame, ...]]:
    """Yield DataFrames of one date each, after those of the work."""
    days = pd.bdate_range(frames(work)[0].index[-1], periods=NEW_DAYS + 1)[1:]
    return iter([tuple(frame.iloc[-1:].set_axis([day]).copy() for frame in frames(work)) for day in days])


@lru_cache(maxsize=4)
def frames(work: Work) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the work's returns and factors as DataFrames."""
    dates = pd.bdate_range("2010-01-01", periods=work.dates)
    factors = pd.DataFrame(work.X[:, 1:], dates, [f"factor{k}" for k in range(1, work.states)])
    return pd.DataFrame(work.Y, dates, _names(work)), factors


@lru_cache(maxsize=4)
def _names(work: Work) -> pd.Index:
    return pd.Index([f"asset{i}" for i in range(work.assets)])


def _by_asset(work: Work, state_variance: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(state_variance.T, _names(work), ["alpha", *frames(work)[1].columns])
