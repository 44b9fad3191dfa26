"""Outputs of a panel run: allocates them, and writes the dates that belong to the start of an asset."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.allocation import aligned_empty
from statefolio.kalman.lanes import WIDTH
from statefolio.kalman.specification import DISCOUNT, FilterPaths, FilterState, Floats, Specification
from statefolio.kalman.triangles import diagonal, triangle


def empty_paths(
    dates: int, states: int, count: int, store: str, note_surprise: bool, *, learns: bool = True
) -> FilterPaths:
    """Allocate the outputs that `store` asks for (see `Filter.run`); without levels unless a filter `learns` them."""
    covariances = dates if store == "covariances" else 0
    full = dates if store in ("covariances", "paths") else 0
    shown = dates if store in ("covariances", "paths", "innovations") else 0
    blocks = count // WIDTH if note_surprise else 0
    return FilterPaths(
        mean=aligned_empty((full, states, count)),
        variance=aligned_empty((full, states, count)),
        innovation=aligned_empty((shown, count)),
        innovation_variance=aligned_empty((shown, count)),
        level=aligned_empty((shown if learns else 0, count)),
        covariance=aligned_empty((covariances, triangle(states), count)),
        log_likelihood=np.zeros(count if store != "state" else 0),
        surprise=np.zeros((blocks, dates)),
        surprised=np.zeros((blocks, dates)),
    )


def with_level(paths: FilterPaths, level: Floats) -> FilterPaths:
    """Return outputs with one level (N,) for all dates, stored once."""
    return paths._replace(level=np.broadcast_to(level.copy(), paths.innovation.shape))


def concat_paths(parts: list[FilterPaths]) -> FilterPaths:
    """Join the outputs of successive dates."""
    if len(parts) == 1:
        return parts[0]
    along = {"surprise": 1, "surprised": 1}
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts], axis=along.get(name, 0))
        for name in FilterPaths._fields
        if name != "log_likelihood"
    }
    return FilterPaths(**joined, log_likelihood=np.add.reduce([part.log_likelihood for part in parts]))


def write_block(paths: FilterPaths, block: int, found: FilterPaths) -> None:
    """Write the outputs of one block of lanes among those of all blocks."""
    here = slice(block * WIDTH, (block + 1) * WIDTH)
    for name, whole, part in zip(FilterPaths._fields, paths, found, strict=True):
        if name in ("surprise", "surprised"):
            whole[block : block + 1] = part
        elif whole.size and whole.flags.writeable:  # `with_level` is the same in both
            whole[..., here] = part


class StartedAssets(NamedTuple):
    """Assets whose start (start.py) ends within the dates of a run, with the state after it."""

    row: NDArray[np.intp]  # (n,) the date, after its update
    asset: NDArray[np.intp]  # (n,)
    mean: Floats  # (n, K) filtered
    covariance: Floats  # (n, K(K+1)/2)


def started_assets(spec: Specification, state: FilterState, dates: int, first: int, last: int) -> StartedAssets:
    """Find those among the assets [first, last), before the sweep moves their state on."""
    began = state.began[first:last]
    asset = first + np.flatnonzero((began >= 1) & (began <= dates) & ~state.predicted[first:last])
    unit = state.level[asset] if spec.noise == DISCOUNT else 1.0
    covariance = state.covariance[:, asset] * unit
    return StartedAssets(state.began[asset].astype(np.intp) - 1, asset, state.mean[:, asset].T, covariance.T)


def write_started(paths: FilterPaths, started: StartedAssets) -> None:
    """Write the filtered state of the date on which a start ended; the sweep begins one date later."""
    paths.mean[started.row, :, started.asset] = started.mean
    paths.variance[started.row, :, started.asset] = started.covariance[:, diagonal(paths.mean.shape[1])]
    if paths.covariance.shape[0]:
        paths.covariance[started.row, :, started.asset] = started.covariance
