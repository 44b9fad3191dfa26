"""Predictions, observation variances and log densities of every date, computed from the stored results of a run."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.density import LOG_2PI
from statefolio.kalman.specification import DISCOUNT, AssetParameters, FilterPaths, FilterState, Floats, Specification
from statefolio.kalman.start import BEGUN, GIVEN, STATIONARY, Start
from statefolio.kalman.triangles import diagonal


class Entry(NamedTuple):
    """Predictions that the filtered date before does not give: those of the first date, or of an asset's start."""

    row: NDArray[np.int64]  # (N,) the date, -1 for none
    mean: Floats  # (K, N)
    covariance: Floats  # (K(K+1)/2, N)


class Before(NamedTuple):
    """The state before a run."""

    begun: NDArray[np.bool_]  # (N,)
    mean: Floats  # (K, N)
    covariance: Floats  # (K(K+1)/2, N)
    level: Floats  # (N,)
    worth: Floats  # (N,)


def before_run(spec: Specification, start: Start, state: FilterState) -> Before:
    """Copy what `entry_of` needs of the state before a run changes it."""
    unit = state.level if spec.noise == DISCOUNT else 1.0
    covariance = state.covariance * unit
    return Before(start.stage == BEGUN, state.mean.copy(), covariance, state.level.copy(), state.worth.copy())


def entry_of(
    spec: Specification, own: AssetParameters, start: Start, state: FilterState, before: Before, dates: int
) -> Entry:
    """Return the first predictions of a run: from the state before it, or from an asset's start."""
    unit = before.level if spec.scales or spec.noise == DISCOUNT else 1.0
    mean, covariance = before.mean.copy(), before.covariance.copy()
    rows, columns = np.tril_indices(len(mean))
    fresh = np.flatnonzero(~before.begun)
    mean[:, fresh] = start.mean[fresh].T
    packed = start.covariance[fresh][:, rows, columns].T
    covariance[:, fresh] = packed * (before.level[fresh] if spec.noise == DISCOUNT else 1.0)
    for j in np.flatnonzero(start.kind == STATIONARY):
        settled = (own.state_variance * unit)[j, fresh] / np.maximum(1.0 - own.phi[j, fresh] ** 2, 1e-300)
        mean[j, fresh], covariance[diagonal(len(mean))[j], fresh] = own.mean[j, fresh], settled
    given = (start.kind == GIVEN).all() | (np.diagonal(start.covariance, axis1=1, axis2=2) > 0.0).all(axis=1)
    moved = before.begun | (start.before_prediction & given)
    ahead = own.mean + own.phi * (mean - own.mean)
    wider = covariance * (own.phi[rows] * own.phi[columns] / spec.discount)
    wider[diagonal(len(mean))] += own.state_variance * unit
    own_row = (state.began < dates) & state.predicted
    row = np.where(before.begun, 0, np.where(own_row, np.minimum(state.began, dates), -1)).astype(np.int64)
    return Entry(row, np.where(moved, ahead, mean), np.where(moved, wider, covariance))


def predicted_mean(mean: Floats, own: AssetParameters, entry: Entry, count: int, rows: range) -> Floats:
    """Return loadings given the date before (t, N, K) on some dates, from filtered ones (T, K, N)."""
    phi, centre = own.phi[:, :count], own.mean[:, :count]
    ahead, later, before = _new_predictions(rows, phi.shape)
    np.subtract(mean[before, :, :count], centre, out=later)
    later *= phi
    later += centre
    return _with_entries(ahead, entry.row[:count] - rows.start, entry.mean)


def predicted_variance(
    spec: Specification, variance: Floats, level: Floats, own: AssetParameters, entry: Entry, count: int, rows: range
) -> Floats:
    """Return variances of `predicted_mean`, from filtered ones (T, K, N) and the levels (T, N) before each update."""
    state_variance = own.state_variance[:, :count]
    ahead, later, before = _new_predictions(rows, state_variance.shape)
    np.multiply(variance[before, :, :count], own.phi[:, :count] ** 2 / spec.discount, out=later)
    if spec.scales or spec.noise == DISCOUNT:
        later += state_variance * level[rows.stop - len(later) : rows.stop, None, :count]
    else:
        later += state_variance
    return _with_entries(ahead, entry.row[:count] - rows.start, entry.covariance[diagonal(len(state_variance))])


def predicted_covariance(
    spec: Specification, covariance: Floats, level: Floats, own: AssetParameters, entry: Entry, count: int
) -> Floats:
    """Return covariances of `predicted_mean`, (T, N, K(K+1)/2), from filtered ones (T, K(K+1)/2, N) and the levels."""
    states = len(own.phi)
    rows, columns = np.tril_indices(states)
    unit = level[1:, None, :count] if spec.scales or spec.noise == DISCOUNT else 1.0
    ahead = np.full_like(covariance[:, :, :count], np.nan)
    ahead[1:] = covariance[:-1, :, :count] * (own.phi[rows] * own.phi[columns] / spec.discount)[:, :count]
    ahead[1:, diagonal(states)] += own.state_variance[:, :count] * unit
    return _with_entries(ahead, entry.row[:count], entry.covariance)


def _new_predictions(rows: range, shape: tuple[int, ...]) -> tuple[Floats, Floats, slice]:
    """Return an array of predictions, those that have a date before, and these dates; NaN for the first date of all."""
    ahead = np.empty((len(rows), *shape))
    first = 0 if rows.start else 1
    ahead[:first] = np.nan
    return ahead, ahead[first:], slice(rows.start - 1 + first, rows.stop - 1)


def _with_entries(ahead: Floats, row: NDArray[np.int64], values: Floats) -> Floats:
    assets = np.flatnonzero((row >= 0) & (row < len(ahead)))
    ahead[row[assets], :, assets] = values[:, assets].T
    return ahead.transpose(0, 2, 1)


def observation_variance(paths: FilterPaths, common: Floats, count: int) -> Floats:
    """Return the part of the observation noise in every innovation variance, (T, N)."""
    noise = paths.level[:, :count] * common[:, None]
    return np.where(np.isfinite(paths.innovation_variance[:, :count]), noise, np.nan)


def log_density(spec: Specification, innovation: Floats, variance: Floats, worth: Floats) -> Floats:
    """Return the log density of every observation given the date before, (T, N): Gaussian or Student-t.

    `worth` (N,) is the weight of the learned level, in observations, before the first date.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        u = innovation**2 / variance
        if spec.noise != DISCOUNT and not np.isfinite(spec.tails):
            return np.asarray(-0.5 * (LOG_2PI + np.log(variance) + u))
        nu = freedom(spec.memory, np.isfinite(innovation), worth) if spec.noise == DISCOUNT else spec.tails
        from scipy.special import gammaln

        constant = gammaln(0.5 * (nu + 1.0)) - gammaln(0.5 * nu) - 0.5 * np.log((nu - 2.0) * np.pi)
        return np.asarray(constant - 0.5 * np.log(variance) - 0.5 * (nu + 1.0) * np.log1p(u / (nu - 2.0)))


def freedom(memory: float, observed: NDArray[np.bool_], worth: Floats) -> Floats:
    """Return the degrees of freedom before every date under West and Harrison's learning, (T, N)."""
    found = np.empty(observed.shape)
    for t, seen in enumerate(observed):
        found[t] = memory * worth
        worth = np.where(seen, found[t] + 1.0, worth)
    return found
