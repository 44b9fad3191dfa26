"""One run of a model's filter: on a copy of where it stood, with results that are made when first looked at."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio.kalman.law import Assets, Law, State
from statefolio.kalman.law import Paths as Found
from statefolio.kalman.panel import Filter
from statefolio.kalman.paths import (
    Entry,
    before_run,
    entry_of,
    log_density,
    observation_variance,
    predicted_covariance,
    predicted_mean,
    predicted_variance,
)
from statefolio.kalman.start import UNDERWAY, Start
from statefolio.loadings.results import Ahead, Paths


def to_run(filter_: Filter, count: int) -> Filter:
    """The filter with arrays of its own wherever a run over `count` assets writes: the one that came stays as it is."""
    start, state = filter_.start, filter_.state
    if not filter_.begun[:count].all():
        rows = np.flatnonzero(start.stage == UNDERWAY)  # others have no start yet, or no more need of it
        a, P, A, U = (_copied(part, rows) for part in (start.a, start.P, start.A, start.U))
        start = start._replace(stage=start.stage.copy(), a=a, P=P, A=A, U=U)
    moved = {name: values.copy() for name, values in state._asdict().items()}
    return replace(filter_, start=start, state=State(**moved))


def _copied(values: Array, rows: NDArray[np.intp]) -> Array:
    """A copy of some rows, zeros for the others."""
    copied = np.zeros(values.shape)
    copied[rows] = values[rows]
    return copied


def paths_of(before: Filter, after: Filter, found: Found, common: Array, common_ahead: float, returns: Array) -> Paths:
    """What a run found, which took the filter from `before` to `after`.

    Parameters
    ----------
    before, after : Filter
        The filter on either side of the run; neither is written to from now on.
    found : Paths
        What the run wrote down.
    common : (T,) array
        Factor on every observation variance by date; `common_ahead` is that of the date after.
    returns : (T, N) array
        What was observed.
    """
    law, own, count = after.law, after.assets, returns.shape[1]
    entry = partial(_entry, law, own, _given(before.start), before.state, after.state, len(common))
    innovation, variance = found.innovation[:, :count], found.innovation_variance[:, :count]
    seen = ~np.isnan(np.fmax.reduce(returns, axis=0)) & after.begun[:count]
    return Paths(
        filtered=by_asset(found.mean, count),
        filtered_variance=by_asset(found.variance, count),
        predicted=partial(_predicted_mean, found.mean, own, entry, count),
        predicted_variance=partial(_predicted_variance, law, found.variance, found.level, own, entry, count),
        innovation=innovation,
        innovation_variance=variance,
        ahead=partial(_ahead, after, common_ahead, count),
        observation_variance=partial(observation_variance, found, common, count),
        log_likelihood=np.where(seen, found.log_likelihood[:count], np.nan),
        log_density=partial(log_density, law, innovation, variance, before.state.worth[:count]),
    )


def covariances_of(filter_: Filter, X: Array, Y: Array, common: Array, count: int) -> tuple[Array, Array]:
    """Run from the first date on: predicted and filtered covariances, packed lower triangles (T, N, K(K+1)/2)."""
    law, own, start, state = filter_.law, filter_.assets, filter_.start, filter_.state
    before = before_run(law, start, state)
    found = filter_.run(X, Y, common, store="covariances")
    entry = entry_of(law, own, start, state, before, len(Y))
    predicted = predicted_covariance(law, found.covariance, found.level, own, entry, count)
    return predicted, by_asset(found.covariance, count)


def by_asset(values: Array, count: int) -> Array:
    """(T, K, lanes) as (T, N, K), without copying."""
    return values[:, :, :count].transpose(0, 2, 1)


def _given(start: Start) -> Start:
    """Only what a start was told and who had begun, for results that may be kept long."""
    none = np.zeros(0)
    return start._replace(a=none, P=none, A=none, U=none)


def _entry(law: Law, own: Assets, start: Start, before: State, after: State, dates: int) -> Entry:
    return entry_of(law, own, start, after, before_run(law, start, before), dates)


def _ahead(after: Filter, common: float, count: int) -> Ahead:
    mean, covariance, noise = after.forecast(common)
    return mean[:count], covariance[:count], noise[:count]


def _predicted_mean(mean: Array, own: Assets, entry: Callable[[], Entry], count: int) -> Array:
    return predicted_mean(mean, own, entry(), count)


def _predicted_variance(
    law: Law, variance: Array, level: Array, own: Assets, entry: Callable[[], Entry], count: int
) -> Array:
    return predicted_variance(law, variance, level, own, entry(), count)
