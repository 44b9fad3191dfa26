"""Tunes and runs the Kalman filters of a panel: the part of `KalmanLoadings` between its options and its results."""

import warnings
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.frequency import infer_periods_per_year
from statefolio._arrays.panel import Panel
from statefolio._arrays.text import show
from statefolio._arrays.types import Array
from statefolio._plausible.reading import read_panel
from statefolio._plausible.warn import warn_caller
from statefolio.exceptions import StatefolioWarning
from statefolio.kalman.ahead import forecast_average
from statefolio.kalman.blocks import pad_last
from statefolio.kalman.horizon_weights import HORIZONS, weights_at, without_leaning
from statefolio.kalman.identified import Unidentified, find_unidentified
from statefolio.kalman.lanes import WIDTH
from statefolio.kalman.observations import Observations, Observed
from statefolio.kalman.panel import Filter
from statefolio.kalman.panel_start import LEAST_ASSETS
from statefolio.kalman.separation import patience_of
from statefolio.kalman.slow_average import SlowAverage, average_after, lean_forecast, no_average
from statefolio.kalman.stale_returns import Marks, Watch, new_watch
from statefolio.kalman.tuned_before import tune_once
from statefolio.kalman.tuning_spec import EVERYBODY, NOBODY, Learned, TuningSpec, build, build_pilot
from statefolio.kalman.volatility import Common, Moments, common_levels, move_sizes, no_moments, scenario_sizes
from statefolio.loadings.alignment import find_positions, order_factors
from statefolio.loadings.array_layout import Form, with_prefix
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.kalman_options import (
    ESTIMATED_EACH,
    Progress,
    check_kalman_options,
    counts_uncertainty,
    make_tuning_spec,
)
from statefolio.loadings.kalman_run import (
    Unknown,
    collect_results,
    copy_for_run,
    forecast_next,
    with_known_alphas,
)
from statefolio.loadings.kalman_state import (
    kalman_forms,
    learned_from_arrays,
    learned_to_arrays,
    parameter_columns,
)
from statefolio.loadings.observed_returns import Unobserved, find_constants, find_unobserved, observed_returns
from statefolio.loadings.results import Forecast, RunResults
from statefolio.loadings.saved import forecast_forms
from statefolio.loadings.unidentified import Directions, start_reasons, unidentified_reasons, warn_of_later_separation

_NO_VALUES = {
    "state_variance": None,
    "observation_variance": None,
    "phi": None,
    "mean": None,
    "start": "diffuse",
}
"""Options without the values that `_learn` has used already."""


class KalmanModel(LoadingsModel):
    """Base of `KalmanLoadings`: the methods that tune, run, continue and restore its filters."""

    progress: Progress | None
    parameter_uncertainty: bool
    start: Any
    _options: TuningSpec
    _learned: Learned
    _filter: Filter
    _pilot: Filter
    _levels: Array  # (J,) the common levels of the next date
    _moments: Moments  # of the regressors
    _watch: Watch
    _average: SlowAverage  # of the filtered loadings, where forecasts over several dates lean on it
    _alpha: Array  # (N,) of the assets that are constant so far, else NaN
    _observed: tuple[Array, Marks, Watch]  # from `_learn` to `_run`
    _known_levels: Array  # (T + 1, J) paths of the common levels, where the assets of a run are only some of a panel's
    _tuned: Directions  # along which the loadings were unknown while tuning
    _watches = True

    def _check_options(self) -> None:
        check_kalman_options(self.get_params(deep=False))

    def _observations_needed(self) -> NDArray[np.intp]:
        needed = len(self.factors_) if self._options.start is None else 0
        return np.where(self._from_panel(), 0, needed)

    def _from_panel(self) -> NDArray[np.bool_]:
        """Return the assets (N,) whose loadings start as those of the panel suggest."""
        found = self._learned.from_panel
        return np.zeros(self._learned.level.size - 1, dtype=bool) if found is None else found[:-1]

    def _learn(self, panel: Panel, tune_rows: int) -> None:
        count, watch = len(panel.assets), new_watch(len(panel.assets))
        Y, marks = observed_returns(pad_last(panel.padded, np.nan), watch)
        found = find_unidentified(panel.regressors[:tune_rows], Y[:tune_rows])
        unknown = Unidentified(found.combinations[:count], found.directions[:count], found.size[:count])
        self._learn_from(panel, tune_rows, unknown, Observed(Y[:tune_rows], count))
        self._observed = (Y, marks, watch)

    def _learn_from(self, panel: Panel, tune_rows: int, unknown: Unidentified, observed: Observations) -> None:
        """Learn hyper-parameters from observations that may lie elsewhere; the returns of the panel are not needed."""
        options = make_tuning_spec(self.get_params(deep=False), panel.assets, panel.factors)
        self._options = replace(options, dates_per_year=infer_periods_per_year(panel.dates))
        self._tuned = Directions(unknown.directions, unknown.size)
        X = panel.regressors[:tune_rows]
        self._learned = tune_once(self._options, X, observed, unknown.combinations, self.progress)
        if self._options.from_panel == EVERYBODY and self._learned.origin is None:
            warn_caller(
                f"start should be 'diffuse' without {LEAST_ASSETS} assets of a long history and factors that tell "
                "their loadings apart, got 'panel'. The loadings start diffuse. Pass more assets, or leave start out."
            )
        if self._tuned.vectors.any() and self._has_prior() and self._tuned.off(panel.regressors[tune_rows:]).any():
            warn_of_later_separation(panel, self._tuned, panel.dates[tune_rows - 1])

    def _has_prior(self) -> bool:
        """Tell whether the loadings start from a stationary distribution, which holds collinear ones apart."""
        return self._options.settled and self._options.start is None

    def _build_filters(self, count: int) -> None:
        """Build the filters of `count` assets, before their first date."""
        newcomers = count + 1 - self._learned.level.size
        self._learned = self._learned.with_newcomers(newcomers)
        if self._options.start is not None:
            mean, covariance = (np.append(part, part[[-1] * newcomers], axis=0) for part in self._options.start)
            self._options = replace(self._options, start=(mean, covariance))
        self._filter = with_patience(build(self._options, self._learned))
        self._pilot = with_patience(build_pilot(self._options, self._learned))
        self._levels = np.ones(self._learned.exponents.size)
        self._moments = no_moments(len(self._learned.phi))
        self._average = no_average(len(self._learned.phi), self._filter.count)
        self._watch = new_watch(count)

    def _common_factor(
        self, pilot: Filter, X: Array, Y: Array, first: Array, moments: Moments
    ) -> tuple[Array, Array, Moments]:
        """Return the factor on every observation variance by date; the levels and the moments for the next date."""
        if not self._options.common:
            return np.ones(len(X)), first, moments
        teaches = pad_last(self._learned.teaches[:-1].astype(float), 0.0) > 0.0
        Y = Y if teaches.all() else np.where(teaches, Y, np.nan)
        levels = self.__dict__.pop("_known_levels", None)
        if levels is None:
            levels = common_levels(pilot, X, Y, first)
        else:
            pilot.run(X, Y, store="state")
        moves = np.zeros(0)
        if self._options.moves:
            moves, moments = move_sizes(X, moments)
        factor = Common(np.log(levels[:-1]), moves).factor(self._learned.exponents, self._learned.rise)
        return factor, levels[-1], moments

    def _noise_factor(self, x: Array) -> Array:
        rise = self._learned.rise
        sizes = scenario_sizes(x, self._moments) if self._options.moves else np.ones(len(x))
        return np.asarray((1.0 + rise * sizes) / (1.0 + rise))

    def _next_returns(self) -> Forecast:
        return with_known_alphas(self._filter.forecast(self._next_factor(), own=True), self._alpha)

    def _average_ahead(self, horizon: int) -> Forecast:
        learned = self._learned
        found = forecast_average(self._filter, self._levels, learned.exponents, learned.rise, horizon)
        if learned.lean is not None:
            found = lean_forecast(found, self._average, self._filter.assets.mean, weights_at(learned.lean, horizon))
        return with_known_alphas(found, self._alpha)

    @property
    def ahead_weights_(self) -> pd.DataFrame:
        """How far forecasts over 21, 63 and 252 dates (`ahead`) lean on what is not the filter, by horizon and factor.

        Columns past_year, the weight of a loading's average over the past year; panel, that of the mean to which the
        panel's loadings revert; and error_left, the share of the expected squared error that is left on the tuning
        dates, by which covariances are scaled. Between these horizons the logarithm of the number of dates interpolates
        them, from zero for one date. The weights are zero where a forecast is the filter's.
        """
        self._check_fitted()
        lean = self._learned.lean
        lean = without_leaning(len(self.factors_)) if lean is None else lean
        index = pd.MultiIndex.from_product([HORIZONS, self.factors_], names=["horizon", "factor"])
        return pd.DataFrame(lean.transpose(0, 2, 1).reshape(-1, 3), index, ["past_year", "panel", "error_left"])

    def _next_factor(self) -> float:
        """Return the common factor of the next date, whose factor returns are taken as of their usual size."""
        common = Common(np.log(self._levels)[None], np.ones(1))
        return float(common.factor(self._learned.exponents, self._learned.rise)[0])

    def _run(self, panel: Panel, fresh: bool) -> tuple[RunResults, Unobserved]:
        count = len(panel.assets)
        if fresh:
            self._build_filters(count)
        X = panel.regressors
        if fresh:
            Y, marks, watch = self.__dict__.pop("_observed")
        else:
            watch = self._watch.copy()
            Y, marks = observed_returns(pad_last(panel.padded, np.nan), watch)
        before, after = self._filter, copy_for_run(self._filter, count)
        pilot = copy_for_run(self._pilot, count) if self._options.common else self._pilot
        common, levels, moments = self._common_factor(pilot, X, Y, self._levels, self._moments)
        paths = after.run(X, Y, common)
        begun = before.begun[:count]
        known = self._from_panel()
        unknown = self._unknown_in_run(before, after)
        for i in np.flatnonzero(unknown.always.any(axis=1)):
            paths.variance[:, unknown.always[i], i] = np.inf
        constant = find_constants(marks, self._watch, begun, known, paths, panel.returns, self.intercept)
        self._filter, self._pilot, self._watch = after, pilot, watch
        if self._learned.lean is not None:
            self._average = average_after(self._average, paths.mean)
        self._levels, self._moments, self._alpha = levels, moments, constant.alpha_now()
        ahead = self._next_factor()
        results = collect_results(before, after, paths, common, ahead, Y[:, :count], constant, unknown)
        return results, find_unobserved(panel, marks, self._learned)

    def _unknown_in_run(self, before: Filter, after: Filter) -> Unknown:
        """Return the loadings that are not identified before and in a run."""
        count = self._learned.level.size - 1
        none = np.zeros((count, len(self._learned.phi)), dtype=bool)
        if self._has_prior():
            always = self._tuned.loadings()
            return Unknown(none, always, np.logical_or.reduce(always, axis=1))
        known = _directions_of(before, count)
        ever = (after.start.rows != 0)[:count] & after.begun[:count]
        return Unknown(none if known is None else known.loadings(), none, ever)

    def _add_assets(self, count: int) -> None:
        arrays, pilot, watch = self._filter.arrays(), self._pilot.arrays(), self._watch
        levels, moments, average = self._levels, self._moments, self._average
        before = len(self.assets_)
        self._build_filters(before + count)
        self._watch = watch.with_new_assets(count)
        self._tuned = self._tuned.with_new_assets(count)
        self._filter.take(arrays, before)
        self._pilot.take(pilot, before)
        self._levels, self._moments = levels, moments
        self._average = self._average.take(average, before)

    def _parameters(self) -> dict[str, Any]:
        names = [str(name) for name in self.factors_]
        table = parameter_columns(self._learned, names, len(self.assets_), with_means=self._options.reverts)
        known = ~np.isnan(self._next_date()[0]).any(axis=1)
        needed = (
            f"no loadings: they need {len(names)} observations on dates that tell the factors apart, or "
            f"{patience_of(len(names))} where they are collinear"
        )
        collinear = unidentified_reasons(self.factors_, self._hidden(), self._condition)
        if self._options.start is not None:
            collinear = start_reasons(self.factors_, self._tuned.loadings())
        said = np.where(known, collinear, needed)
        table["reason"] = [f"{a}; {b}" if b else a for a, b in zip(table["reason"], said, strict=True)]
        return table

    def _directions(self) -> Directions | None:
        if self._has_prior():
            return self._tuned if self._tuned.vectors.any() else None
        return _directions_of(self._filter, self._learned.level.size - 1)

    def _state(self) -> dict[str, np.ndarray[Any, Any]]:
        state: dict[str, np.ndarray[Any, Any]] = {"levels": self._levels}
        if self._options.moves:
            state |= {f"moments_{name}": np.asarray(value) for name, value in self._moments._asdict().items()}
        state |= {f"filter_{name}": values for name, values in self._filter.arrays().items()}
        if self._options.common:
            state |= {f"pilot_{name}": values for name, values in self._pilot.arrays().items()}
        state |= {f"watch_{name}": values for name, values in self._watch._asdict().items()}
        if self._learned.lean is not None:
            state |= {f"average_{name}": values for name, values in self._average._asdict().items()}
        state |= {f"tuned_{name}": values for name, values in self._tuned.arrays().items()}
        state |= learned_to_arrays(self._learned)
        if self._options.start is not None:
            state |= {"start_mean": self._options.start[0], "start_covariance": self._options.start[1]}
        return state

    def _state_forms(self, assets: int, states: int) -> tuple[dict[str, Form], frozenset[str]]:
        return kalman_forms(assets, states)

    def _restore(self, state: dict[str, np.ndarray[Any, Any]]) -> None:
        self._learned = learned_from_arrays(state)
        options, learned = self.get_params(deep=False), self._learned
        counted = (learned.likeliest if options["tuning"] in ESTIMATED_EACH else learned.error_variance) is not None
        if counts_uncertainty(options) != counted:  # files of earlier versions lack the option, or its meaning
            self.parameter_uncertainty = counted
        start = with_prefix(state, "start_")
        options = {**self.get_params(deep=False), **_NO_VALUES}
        tuning_spec = make_tuning_spec(options, pd.Index([]), pd.Index([]))
        given = (start["mean"], start["covariance"]) if start else None
        from_panel = EVERYBODY if isinstance(self.start, str) and self.start == "panel" else NOBODY
        reverts = self._learned.spec.reverts
        to_panel = reverts and bool((self._learned.phi[:, -1] == 1.0).all())  # a newcomer to a panel walks
        self._options = replace(tuning_spec, start=given, from_panel=from_panel, reverts=reverts, to_panel=to_panel)
        count = self._learned.level.size - 1
        self._build_filters(count)
        self._filter.take(with_prefix(state, "filter_"), count)
        if self._options.common:
            self._pilot.take(with_prefix(state, "pilot_"), count)
        levels = state["levels"] if "levels" in state else np.atleast_1d(state["level"])  # files of earlier versions
        self._levels = levels[: self._learned.exponents.size]
        if moments := with_prefix(state, "moments_"):
            self._moments = Moments(moments["total"], moments["weight"].item(), moments["dates"].item())
        if self._learned.lean is not None:
            self._average = self._average.take(SlowAverage(**with_prefix(state, "average_")), count)
        tuned = with_prefix(state, "tuned_")
        none = Directions.none(count, len(self._learned.phi))  # files of earlier versions
        self._tuned = Directions.from_arrays(tuned) if tuned else none
        if watch := with_prefix(state, "watch_"):  # files of earlier versions have none
            self._watch = Watch(**watch)

    def _forecast_state(self) -> dict[str, np.ndarray[Any, Any]]:
        return {"alpha": self._alpha}

    def _forecast_forms(self, assets: int, states: int) -> tuple[dict[str, Form], frozenset[str]]:
        forms = forecast_forms(assets, states)
        return forms | {"alpha": Form("f", (assets,), 0)}, frozenset({*forms, "alpha"})

    def _restore_forecast(self, ahead: dict[str, np.ndarray[Any, Any]]) -> None:
        if "alpha" not in ahead:  # files of earlier versions have the forecast itself
            super()._restore_forecast(ahead)
            self._alpha = np.where(self._filter.begun[: len(self.assets_)], np.nan, ahead["mean"][:, 0])
            return
        self._alpha = ahead["alpha"]
        self._forecast = partial(forecast_next, self._filter, self._next_factor(), self._alpha)

    def _never_identified(self, panel: Panel, Y: Array) -> NDArray[np.bool_]:
        """Return the loadings (N, K) of a panel's assets that none of its dates identifies."""
        if self._options.start is not None:
            return np.zeros((len(panel.assets), len(panel.factors)), dtype=bool)
        _, vectors, size = find_unidentified(panel.regressors, Y)
        return Directions(vectors, size).loadings()[: len(panel.assets)]

    def _rewind(self, returns: Any, factors: Any) -> tuple[Panel, Filter, Array, Array]:
        """Return data to run over again, the filter before their first date, and the common factor by date."""
        self._check_fitted()
        panel = read_panel(returns, factors, self.intercept, fit=False, width=WIDTH, watched=True)
        panel = order_factors(panel, self.factors_)
        if panel.dates[0] > self.first_date_:
            warnings.warn(
                f"returns should begin on {show(self.first_date_)}, the first date of the fit, got "
                f"{show(panel.dates[0])}. "
                "The loadings start again on that date. Pass all dates, and cut the result instead.",
                StatefolioWarning,
                stacklevel=3,
            )
        columns = np.append(find_positions(self.assets_, panel.assets, "asset"), -1)
        learned, options = self._learned.select(columns), self._options
        if options.start is not None:
            options = replace(options, start=(options.start[0][columns], options.start[1][columns]))
        if options.common and len(panel.assets) < len(self.assets_):
            warnings.warn(
                f"returns should have all {len(self.assets_)} assets of the fit, which share a common volatility "
                f"level, got {len(panel.assets)}. The level is computed from these alone. Pass all assets.",
                StatefolioWarning,
                stacklevel=3,
            )
        Y, _ = observed_returns(pad_last(panel.padded, np.nan), new_watch(len(panel.assets)))
        filter_ = build(options, learned)
        first = np.ones(learned.exponents.size), no_moments(len(learned.phi))
        common, *_ = self._common_factor(build_pilot(options, learned), panel.regressors, Y, *first)
        return panel, filter_, Y, common


def with_patience(filter_: Filter) -> Filter:
    """Return a filter that begins with what collinear factors identify."""
    return replace(filter_, start=filter_.start._replace(patience=patience_of(len(filter_.assets.phi))))


def _directions_of(filter_: Filter, count: int) -> Directions | None:
    """Return the directions along which the loadings of the first assets of a filter are unknown, if there are any."""
    partly = filter_.partly_unknown[:count]
    if not partly.any():
        return None
    start = filter_.start
    return Directions(np.where(partly[:, None, None], start.A[:count], 0.0), start.size[:count])
