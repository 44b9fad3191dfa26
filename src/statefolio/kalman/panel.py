"""The panel filter from Python: arrays in, arrays out, blocks of assets shared among threads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.blocks import check_padded, over_blocks, pad_last, padded
from statefolio.kalman.lanes import WIDTH
from statefolio.kalman.law import (
    DISCOUNT,
    PRIOR_OBSERVATIONS,
    Assets,
    Floats,
    Law,
    Paths,
    State,
    diagonal,
    triangle,
    unpack,
)
from statefolio.kalman.memory import aligned_empty
from statefolio.kalman.start import BEGUN, DIFFUSE, GIVEN, WAITING, Start, begin_block
from statefolio.kalman.sweep import sweep


@dataclass(frozen=True)
class Filter:
    """A panel of filters between two dates: the law, each asset's own parameters, start and state.

    Build one with `new_filter`; `run` moves it on and returns what it saw.
    """

    law: Law
    assets: Assets
    start: Start
    state: State

    @property
    def count(self) -> int:
        """Assets, padding included."""
        return int(self.state.level.shape[0])

    @property
    def begun(self) -> NDArray[np.bool_]:
        """Assets whose state is an ordinary one by now."""
        return np.equal(self.start.stage, BEGUN)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that changes from date to date, as copies; `take` is the way back."""
        return {name: getattr(where, name).copy() for where, names in self._changing() for name in names}

    def take(self, arrays: Mapping[str, NDArray[Any]], count: int) -> None:
        """Take over the first `count` assets of another filter's arrays; the others stay as they are."""
        for where, names in self._changing():
            for name in names:
                mine, other = getattr(where, name), arrays[name]
                if isinstance(where, State):
                    mine[..., :count] = other[..., :count]
                else:
                    mine[:count] = other[:count]

    def _changing(self) -> tuple[tuple[State | Start, tuple[str, ...]], ...]:
        return (self.state, ("mean", "covariance", "level", "worth")), (
            self.start,
            ("stage", "a", "P", "A", "U"),
        )

    def forecast(self, common: float) -> tuple[Floats, Floats, Floats]:
        """Mean (N, K), covariance (N, K, K) and observation variance (N,) of the next date; NaN if not begun."""
        law, assets, state = self.law, self.assets, self.state
        conjugate = law.noise == DISCOUNT
        mean = assets.mean + assets.phi * (state.mean - assets.mean)
        covariance = unpack(state.covariance) * (assets.phi.T[:, :, None] * assets.phi.T[:, None, :] / law.discount)
        unit = state.level if law.scales and not conjugate else 1.0
        j = np.arange(mean.shape[0])
        covariance[:, j, j] += (assets.state_variance * unit).T
        noise = state.level * common
        if conjugate:
            freedom = law.memory * state.worth
            variance_of_t = freedom / (freedom - 2.0)
            noise = noise * variance_of_t
            covariance *= (state.level * variance_of_t)[:, None, None]
        waiting = ~self.begun
        mean[:, waiting], covariance[waiting] = np.nan, np.nan
        return mean.T, covariance, noise

    def run(
        self,
        X: Floats,
        Y: Floats,
        common: Floats | None = None,
        *,
        store: str = "paths",
        note_surprise: bool = False,
    ) -> Paths:
        """Filter the dates of Y and move the state past them.

        Parameters
        ----------
        X : (T, K) or (T, K, N) array
            Regressors of each date, shared or each asset its own (N padded; finite, see `own_regressors`).
        Y : (T, N) array
            Observations, NaN where there is none; N padded to whole blocks (`pad_last`).
        common : (T,) array, optional
            Factor on every asset's observation variance; one where it is not given.
        store : {"covariances", "paths", "innovations", "likelihood", "state"}
            What to write down: everything; all but full covariances; innovations and log-likelihood; the latter
            alone; nothing.
        note_surprise : bool
            Whether to add up each block's squared standardised innovations.

        Returns
        -------
        Paths
            Arrays with the lanes still padded.
        """
        check_padded(X, Y, self.count)
        dates, states = X.shape[:2]
        common = np.ones(dates) if common is None else common
        paths = _empty_paths(dates, states, self.count, store, note_surprise)
        log_likelihood = paths.log_likelihood if store != "state" else np.zeros(self.count)

        def work(first: int, last: int) -> None:
            begin_block(
                self.law,
                X,
                common,
                Y,
                self.assets,
                self.start,
                self.state,
                log_likelihood,
                first * WIDTH,
                last * WIDTH,
            )
            entries = _entries(self.law, self.state, dates, first * WIDTH, last * WIDTH)
            sweep(self.law, states, X, common, Y, self.assets, self.state, paths, first, last)
            if paths.mean.shape[0]:
                _write_entries(paths, entries)

        over_blocks(work, self.count // WIDTH, float(dates) * self.count)
        return paths


def new_filter(
    law: Law,
    state_variance: Floats,
    observation_variance: Floats,
    *,
    phi: Floats | None = None,
    mean: Floats | None = None,
    start: tuple[Floats, Floats] | None = None,
    kind: np.ndarray | None = None,
    before_prediction: bool = False,
) -> Filter:
    """A filter that has seen nothing yet.

    Parameters
    ----------
    law : Law
    state_variance : (K, N) array
        Variance of each loading's daily step, or signal-to-noise where `law.scales`.
    observation_variance : (N,) array
        Observation variance, the starting level where it is learned.
    phi, mean : (K, N) arrays, optional
        Persistence and mean of each loading; one and zero where not given.
    start : (mean (N, K), covariance (N, K, K)), optional
        Law of the state on an asset's first observed date. Without it every state is diffuse.
    kind : (K,) array of DIFFUSE, GIVEN or STATIONARY, optional
        How each state starts; by default all GIVEN where there is a `start`, else all DIFFUSE.
    before_prediction : bool
        The start is the law of the state one prediction earlier.
    """
    states, count = state_variance.shape
    lanes = padded(count)
    assets = Assets(
        phi=pad_last(np.ones((states, count)) if phi is None else phi, 1.0),
        mean=pad_last(np.zeros((states, count)) if mean is None else mean, 0.0),
        state_variance=pad_last(state_variance, 0.0),
        start_level=pad_last(observation_variance, 1.0),
    )
    if kind is None:
        kind = np.full(states, DIFFUSE if start is None else GIVEN)
    first_mean, first_covariance = np.zeros((lanes, states)), np.zeros((lanes, states, states))
    if start is not None:
        first_mean[:count], first_covariance[:count] = start
    first_mean[:, kind != GIVEN] = 0.0
    first_covariance[:, kind != GIVEN] = 0.0
    first_covariance[:, :, kind != GIVEN] = 0.0
    square = (lanes, states, states)
    return Filter(
        law,
        assets,
        Start(
            kind=kind,
            before_prediction=before_prediction,
            mean=first_mean,
            covariance=first_covariance,
            stage=np.full(lanes, WAITING),
            a=np.zeros((lanes, states)),
            P=np.zeros(square),
            A=np.zeros(square),
            U=np.zeros((lanes, states, states + 1)),
        ),
        State(
            mean=np.zeros((states, lanes)),
            covariance=np.zeros((triangle(states), lanes)),
            level=assets.start_level.copy(),
            worth=np.full(lanes, PRIOR_OBSERVATIONS),
            began=np.full(lanes, np.inf),
            predicted=np.zeros(lanes, dtype=bool),
        ),
    )


def _empty_paths(dates: int, states: int, count: int, store: str, note_surprise: bool) -> Paths:
    covariances = dates if store == "covariances" else 0
    full = dates if store in ("covariances", "paths") else 0
    shown = dates if store in ("covariances", "paths", "innovations") else 0
    blocks = count // WIDTH if note_surprise else 0
    return Paths(
        mean=aligned_empty((full, states, count)),
        variance=aligned_empty((full, states, count)),
        innovation=aligned_empty((shown, count)),
        innovation_variance=aligned_empty((shown, count)),
        level=aligned_empty((shown, count)),
        covariance=aligned_empty((covariances, triangle(states), count)),
        log_likelihood=np.zeros(count if store != "state" else 0),
        surprise=np.zeros((blocks, dates)),
        surprised=np.zeros((blocks, dates)),
    )


class _Entries(NamedTuple):
    """Assets whose state becomes an ordinary one within the dates of a run."""

    row: NDArray[np.intp]  # (n,) the date, after its update
    asset: NDArray[np.intp]  # (n,)
    mean: Floats  # (n, K) filtered
    covariance: Floats  # (n, K(K+1)/2)


def _entries(law: Law, state: State, dates: int, first: int, last: int) -> _Entries:
    """The entries among the assets [first, last), before the sweep moves them on."""
    began = state.began[first:last]
    asset = first + np.flatnonzero((began >= 1) & (began <= dates) & ~state.predicted[first:last])
    unit = state.level[asset] if law.noise == DISCOUNT else 1.0
    covariance = state.covariance[:, asset] * unit
    return _Entries(state.began[asset].astype(np.intp) - 1, asset, state.mean[:, asset].T, covariance.T)


def _write_entries(paths: Paths, entries: _Entries) -> None:
    paths.mean[entries.row, :, entries.asset] = entries.mean
    paths.variance[entries.row, :, entries.asset] = entries.covariance[:, diagonal(paths.mean.shape[1])]
    if paths.covariance.shape[0]:
        paths.covariance[entries.row, :, entries.asset] = entries.covariance
