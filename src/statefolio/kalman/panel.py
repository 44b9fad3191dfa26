"""Runs the filters of a panel from Python: arrays in, arrays out, blocks of assets shared among threads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.blocks import check_padded, count_observed, over_blocks, pad_last, padded
from statefolio.kalman.errors import error_rows, of_errors, robustness, start_errors
from statefolio.kalman.lanes import WIDTH
from statefolio.kalman.panel_outputs import (
    concat_paths,
    empty_paths,
    started_assets,
    with_level,
    write_block,
    write_started,
)
from statefolio.kalman.separation import (
    hide_unidentified,
    next_separation,
    note_regressors,
    reopen,
    separating_blocks,
)
from statefolio.kalman.specification import (
    CONSTANT,
    DISCOUNT,
    PRIOR_OBSERVATIONS,
    AssetParameters,
    FilterPaths,
    FilterState,
    Floats,
    Specification,
)
from statefolio.kalman.start import (
    BEGUN,
    DIFFUSE,
    ENDLESS,
    GIVEN,
    OF_A_START,
    WAITING,
    Start,
    begin_block,
    goes_on,
)
from statefolio.kalman.sweep import sweep
from statefolio.kalman.triangles import triangle, unpack

_OF_START = ("stage", "rows", "size", *OF_A_START)
"""Fields of `Start` that change from date to date."""

_OF_A_STATE = ("mean", "covariance", "level", "fast", "worth", "error")


@dataclass(frozen=True)
class Filter:
    """A panel of filters between two dates: model specification, parameters, start and state of the assets.

    Build one with `new_filter`; `run` filters more dates and returns the results.
    """

    spec: Specification
    assets: AssetParameters
    start: Start
    state: FilterState

    @property
    def count(self) -> int:
        """Number of assets, padding included."""
        return int(self.state.level.shape[0])

    @property
    def begun(self) -> NDArray[np.bool_]:
        """Assets whose start is over, so that the state has a finite covariance."""
        return np.equal(self.start.stage, BEGUN)

    @property
    def partly_unknown(self) -> NDArray[np.bool_]:
        """Assets whose start is over, with directions of the state that no observation has identified."""
        return self.begun & (self.start.rows > 0)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Copy the arrays that change from date to date; `take` reads them back.

        Those of a start (N, ...) have rows for the assets whose start goes on alone, in their order.
        """
        state, start = self.state, self.start
        copied = {name: getattr(state, name).copy() for name in _OF_A_STATE if len(getattr(state, name))}
        copied |= {name: getattr(start, name).copy() for name in ("stage", "rows", "size")}
        going_on = goes_on(start.stage, start.rows)
        return copied | {name: getattr(start, name)[going_on] for name in OF_A_START}

    def take(self, arrays: Mapping[str, NDArray[Any]], count: int) -> None:
        """Take the first `count` assets from the arrays of another filter; the other assets stay unchanged."""
        for name in _OF_A_STATE:
            if name in arrays:  # files of earlier versions have no fast part, and errors are there only where asked for
                getattr(self.state, name)[..., :count] = arrays[name][..., :count]
        for name in ("stage", "rows", "size"):
            if name in arrays:  # not in files of the first version
                getattr(self.start, name)[:count] = arrays[name][:count]
        going_on = goes_on(arrays["stage"], arrays.get("rows", np.zeros(len(arrays["stage"]))))
        for name in OF_A_START:
            values = arrays[name]
            if len(values) == len(arrays["stage"]):  # files of earlier versions have a row for every asset
                values = values[going_on]
            if len(values) != len(going_on):
                raise ValueError(f"{name} has {len(values)} rows for {len(going_on)} assets")
            getattr(self.start, name)[going_on] = values

    def forecast(self, common: float, *, own: bool = False) -> tuple[Floats, Floats, Floats]:
        """Return mean (N, K), covariance (N, K, K) and observation variance (N,) of the next date; NaN if not begun.

        `own` asks for the filter's covariance, which its innovation variances have, where the errors' is another.
        """
        spec, assets, state = self.spec, self.assets, self.state
        if not own:
            spec, assets, state = of_errors(spec, assets, state)
        conjugate = spec.noise == DISCOUNT
        mean = assets.mean + assets.phi * (state.mean - assets.mean)
        covariance = unpack(state.covariance) * (assets.phi.T[:, :, None] * assets.phi.T[:, None, :] / spec.discount)
        unit = state.level if spec.scales and not conjugate else 1.0
        j = np.arange(mean.shape[0])
        covariance[:, j, j] += (assets.state_variance * unit).T
        noise = state.level * common
        if conjugate:
            freedom = spec.memory * state.worth
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
    ) -> FilterPaths:
        """Filter the dates of Y and move the state past them.

        Parameters
        ----------
        X : (T, K) or (T, K, N) array
            Regressors of each date, shared or one set per asset (N padded; finite, see `own_regressors`).
        Y : (T, N) array
            Observations, NaN where missing; N padded to whole blocks (`pad_last`).
        common : (T,) array, optional
            Factor on every observation variance. Default: one.
        store : {"covariances", "paths", "innovations", "likelihood", "state"}
            Outputs to keep: all; all but full covariances; innovations and log-likelihood; log-likelihood only;
            none.
        note_surprise : bool
            Add up the squared standardised innovations of each block.

        Returns
        -------
        FilterPaths
            Arrays of the padded assets.
        """
        check_padded(X, Y, self.count)
        common = np.ones(len(X)) if common is None else common
        endless = self.start.patience == ENDLESS
        if endless or not ((self.start.rows > 0).any() or count_observed(Y, ~self.begun).any()):
            return self._sweep(X, Y, common, store, note_surprise)
        before = self._lanes(slice(None))
        paths = self._sweep(X, Y, common, store, note_surprise)
        separating = separating_blocks(self.start, self.state, X, Y)
        note_regressors(self.start, self.state, X, Y)
        hide_unidentified(self.start, self.state, paths)
        for block in separating:  # alone, so that no block depends on another one
            here = slice(block * WIDTH, (block + 1) * WIDTH)
            part = before._lanes(here)
            own = X if X.ndim == 2 else np.ascontiguousarray(X[:, :, here])
            write_block(
                paths, block, part._run_in_parts(own, np.ascontiguousarray(Y[:, here]), common, store, note_surprise)
            )
            for whole, found in zip(self._by_lane(), part._by_lane(), strict=True):
                whole[here] = found
        return paths

    def _by_lane(self) -> tuple[NDArray[Any], ...]:
        """Return views of all arrays of the state and the start, assets along the first axis."""
        return (*(values.T for values in self.state), *(getattr(self.start, name) for name in _OF_START))

    def _lanes(self, here: slice) -> "Filter":
        """Copy the filters of some lanes."""
        start = {name: getattr(self.start, name)[here].copy() for name in (*_OF_START, "mean", "covariance")}
        return Filter(
            self.spec,
            AssetParameters(*(np.ascontiguousarray(values[..., here]) for values in self.assets)),
            self.start._replace(**start),
            FilterState(**{name: values[..., here].copy() for name, values in self.state._asdict().items()}),
        )

    def _run_in_parts(self, X: Floats, Y: Floats, common: Floats, store: str, note_surprise: bool) -> FilterPaths:
        """Run in parts that end where more of an asset's state becomes known."""
        parts = []
        while True:
            kept = self.arrays()
            paths = self._sweep(X, Y, common, store, note_surprise)
            row, assets = next_separation(self.start, self.state, X, Y)
            if row < len(X):  # the dates from there on are run again
                self.take(kept, self.count)
                paths = self._sweep(X[:row], Y[:row], common[:row], store, note_surprise)
            note_regressors(self.start, self.state, X[:row], Y[:row])
            hide_unidentified(self.start, self.state, paths)
            parts.append(paths)
            if row == len(X):
                return concat_paths(parts)
            reopen(self.start, self.state, assets)
            X, Y, common = X[row:], Y[row:], common[row:]

    def _sweep(self, X: Floats, Y: Floats, common: Floats, store: str, note_surprise: bool) -> FilterPaths:
        """Filter dates on which nothing that is unknown about an asset that has begun becomes known."""
        dates, states = X.shape[:2]
        learns = self.spec.noise != CONSTANT
        paths = empty_paths(dates, states, self.count, store, note_surprise, learns=learns)
        log_likelihood = paths.log_likelihood if store != "state" else np.zeros(self.count)
        robust = robustness(self.spec.tails) if len(self.state.error) else None
        begun = self.begun

        def work(first: int, last: int) -> None:
            begin_block(
                self.spec,
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
            started = started_assets(self.spec, self.state, dates, first * WIDTH, last * WIDTH)
            if robust is not None:
                here = np.arange(first * WIDTH, last * WIDTH)
                start_errors(self.state, here[self.begun[here] & ~begun[here]], states)
            sweep(self.spec, states, X, common, Y, self.assets, self.state, paths, first, last, robust)
            if paths.mean.shape[0]:
                write_started(paths, started)

        over_blocks(work, self.count // WIDTH, float(dates) * self.count)
        return paths if learns else with_level(paths, self.state.level)


def new_filter(
    spec: Specification,
    state_variance: Floats,
    observation_variance: Floats,
    *,
    phi: Floats | None = None,
    mean: Floats | None = None,
    start: tuple[Floats, Floats] | None = None,
    kind: np.ndarray | None = None,
    known: NDArray[np.bool_] | None = None,
    before_prediction: bool = False,
    patience: int = ENDLESS,
    error_variance: Floats | None = None,
) -> Filter:
    """Build a filter before its first date.

    Parameters
    ----------
    spec : Specification
    state_variance : (K, N) array
        Variance of each loading's step, or signal-to-noise where `spec.scales`.
    observation_variance : (N,) array
        Observation variance, the starting level where it is learned.
    phi, mean : (K, N) arrays, optional
        Persistence and mean of each loading. Default: one and zero.
    start : (mean (N, K), covariance (N, K, K)), optional
        Distribution of the state on an asset's first observed date. Default: every state is diffuse.
    kind : (K,) array of DIFFUSE, GIVEN or STATIONARY, optional
        How each state starts. Default: all GIVEN with a `start`, else all DIFFUSE.
    known : (N,) array, optional
        Assets whose states start from `start`, of positive variances, where the others' are DIFFUSE.
    before_prediction : bool
        The start is the distribution of the state one prediction earlier.
    patience : int
        Observations after which an asset begins although its regressors are collinear (see partial_start.py).
    error_variance : (K, N) array, optional
        State variances of the errors, whose covariances the filter then returns for its own (see errors.py).
    """
    states, count = state_variance.shape
    lanes = padded(count)
    assets = AssetParameters(
        phi=pad_last(np.ones((states, count)) if phi is None else phi, 1.0),
        mean=pad_last(np.zeros((states, count)) if mean is None else mean, 0.0),
        state_variance=pad_last(state_variance, 0.0),
        start_level=pad_last(observation_variance, 1.0),
        error_variance=np.zeros((0, lanes)) if error_variance is None else pad_last(error_variance, 0.0),
    )
    if kind is None:
        kind = np.full(states, DIFFUSE if start is None else GIVEN)
    first_mean, first_covariance = np.zeros((lanes, states)), np.zeros((lanes, states, states))
    if start is not None:
        given = (kind == GIVEN) | (np.zeros((count, 1), dtype=bool) if known is None else known[:, None])
        first_mean[:count] = np.where(given, start[0], 0.0)
        first_covariance[:count] = np.where(given[:, :, None] & given[:, None, :], start[1], 0.0)
    square = (lanes, states, states)
    return Filter(
        spec,
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
            patience=patience,
            rows=np.zeros(lanes, dtype=np.int64),
            size=np.zeros((lanes, states)),
        ),
        FilterState(
            mean=np.zeros((states, lanes)),
            covariance=np.zeros((triangle(states), lanes)),
            level=assets.start_level.copy(),
            fast=assets.start_level.copy(),
            worth=np.full(lanes, PRIOR_OBSERVATIONS),
            began=np.full(lanes, np.inf),
            predicted=np.zeros(lanes, dtype=bool),
            error=np.zeros((0 if error_variance is None else error_rows(states), lanes)),
        ),
    )
