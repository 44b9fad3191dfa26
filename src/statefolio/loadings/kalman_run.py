"""Runs a copy of a model's filter and collects its results, most of which are computed when first read."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio.kalman.blocks import count_observed
from statefolio.kalman.errors import of_errors
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
from statefolio.kalman.specification import AssetParameters, FilterPaths, FilterState, Specification
from statefolio.kalman.start import OF_A_START, Start, goes_on, with_rows
from statefolio.loadings.observed_returns import ConstantAssets
from statefolio.loadings.results import ByDates, Forecast, RunResults


class Unknown(NamedTuple):
    """Loadings that are not identified, and the assets that have any on some date of the run."""

    before: NDArray[np.bool_]  # (N, K) before the run
    always: NDArray[np.bool_]  # (N, K) on all dates: held apart by a prior alone
    ever: NDArray[np.bool_]  # (N,)


def copy_for_run(filter_: Filter, count: int) -> Filter:
    """Copy the arrays that a run over `count` assets changes, so that the given filter stays unchanged."""
    start, state = filter_.start, filter_.state
    if not filter_.begun[:count].all() or filter_.partly_unknown.any():
        rows = goes_on(start.stage, start.rows)  # the others have no start yet, or need it no more
        rest = {name: getattr(start, name).copy() for name in ("stage", "rows", "size")}
        a, P, A, U = (with_rows(getattr(start, name)[rows], rows, len(start.stage)) for name in OF_A_START)
        start = start._replace(**rest, a=a, P=P, A=A, U=U)
    copied = {name: values.copy() for name, values in state._asdict().items()}
    return replace(filter_, start=start, state=FilterState(**copied))


def collect_results(
    before: Filter,
    after: Filter,
    paths: FilterPaths,
    common: Array,
    next_common: float,
    returns: Array,
    constant: ConstantAssets,
    unknown: Unknown,
) -> RunResults:
    """Collect the results of a run that took the filter from `before` to `after`.

    Parameters
    ----------
    before, after : Filter
        The filter before and after the run; both must stay unchanged from now on.
    paths : FilterPaths
        Arrays that the run wrote.
    common : (T,) array
        Factor on every observation variance by date; `next_common` is that of the next date.
    returns : (T, N) array
        Observed returns.
    constant : ConstantAssets
        Assets whose returns are constant; their filters have not begun, but their loadings are known.
    unknown : Unknown
    """
    (spec, assets, _), count = of_errors(after.spec, after.assets, after.state), returns.shape[1]
    constant.fill_filtered(paths)
    entry = partial(
        _entry,
        spec,
        assets,
        _without_arrays(before.start),
        of_errors(before.spec, before.assets, before.state)[2],
        after.state,
        len(common),
    )
    innovation, variance = paths.innovation[:, :count], paths.innovation_variance[:, :count]
    seen = count_observed(returns, after.begun[:count]) > 0
    return RunResults(
        filtered=partial(by_asset, paths.mean, count),
        filtered_variance=partial(by_asset, paths.variance, count),
        predicted=ByDates(partial(_predicted_mean, paths.mean, assets, entry, constant), len(common)),
        predicted_variance=ByDates(
            partial(_predicted_variance, spec, paths.variance, paths.level, assets, entry, constant, unknown),
            len(common),
        ),
        innovation=innovation,
        innovation_variance=variance,
        forecast=partial(forecast_next, after, next_common, constant.alpha_now()),
        observation_variance=partial(observation_variance, paths, common, count),
        log_likelihood=np.where(seen, paths.log_likelihood[:count], np.nan),
        log_density=partial(_log_density, spec, paths, before.state.worth[:count]),
        partly_unknown=unknown.ever if unknown.ever.any() else None,
    )


def run_covariances(filter_: Filter, X: Array, Y: Array, common: Array, count: int) -> tuple[Array, Array]:
    """Run from the first date; return predicted and filtered covariances as packed lower triangles (T, N, K(K+1)/2)."""
    start, state = filter_.start, filter_.state
    spec, assets, shown = of_errors(filter_.spec, filter_.assets, state)
    before = before_run(spec, start, shown)
    paths = filter_.run(X, Y, common, store="covariances")
    entry = entry_of(spec, assets, start, state, before, len(Y))
    predicted = predicted_covariance(spec, paths.covariance, paths.level, assets, entry, count)
    return predicted, by_asset(paths.covariance, count)


def by_asset(values: Array, count: int) -> Array:
    """Turn (T, K, lanes) into (T, N, K) without copying."""
    return values[:, :, :count].transpose(0, 2, 1)


def _without_arrays(start: Start) -> Start:
    """Drop the large arrays of a start, because results may be kept for long."""
    empty = np.zeros(0)
    return start._replace(a=empty, P=empty, A=empty, U=empty)


def _entry(
    spec: Specification, assets: AssetParameters, start: Start, before: FilterState, after: FilterState, dates: int
) -> Entry:
    return entry_of(spec, assets, start, after, before_run(spec, start, before), dates)


def forecast_next(after: Filter, common: float, alpha: Array) -> Forecast:
    """Forecast the next date."""
    return with_known_alphas(after.forecast(common), alpha)


def with_known_alphas(forecast: Forecast, alpha: Array) -> Forecast:
    """Cut off the padding; an asset that is constant so far has a known alpha (N,), NaN for others, and no more."""
    mean, covariance, noise = (part[: alpha.size] for part in forecast)
    known = np.isfinite(alpha)
    mean[known], covariance[known], noise[known] = 0.0, 0.0, 0.0
    if known.any():
        mean[known, 0] = alpha[known]
    return mean, covariance, noise


def _log_density(spec: Specification, paths: FilterPaths, worth: Array) -> Array:
    count = worth.size
    return log_density(spec, paths.innovation[:, :count], paths.innovation_variance[:, :count], worth)


def _predicted_mean(
    mean: Array, assets: AssetParameters, entry: Callable[[], Entry], constant: ConstantAssets, pieces: list[range]
) -> Iterator[Array]:
    known = entry()
    for rows in pieces:
        yield constant.fill_mean(predicted_mean(mean, assets, known, constant.assets, rows), rows)


def _predicted_variance(
    spec: Specification,
    variance: Array,
    level: Array,
    assets: AssetParameters,
    entry: Callable[[], Entry],
    constant: ConstantAssets,
    unknown: Unknown,
    pieces: list[range],
) -> Iterator[Array]:
    known = entry()
    for rows in pieces:
        found = predicted_variance(spec, variance, level, assets, known, constant.assets, rows)
        found = constant.fill_variance(found, rows)
        found[:, unknown.always] = np.inf
        if rows.start == 0:
            found[0, unknown.before] = np.inf
        yield found
