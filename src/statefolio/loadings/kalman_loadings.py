"""Loadings that move: a Kalman filter for every asset of a panel, tuned from the data."""

import warnings
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, Self

import numpy as np
import pandas as pd
import xarray as xr
from sklearn.base import clone

from statefolio._arrays.panel import Panel, make_panel
from statefolio._arrays.text import show
from statefolio._arrays.types import Array
from statefolio.exceptions import StatefolioWarning
from statefolio.kalman.blocks import pad_last
from statefolio.kalman.lanes import WIDTH
from statefolio.kalman.law import Law
from statefolio.kalman.panel import Filter
from statefolio.kalman.smoother import smooth_panel
from statefolio.kalman.tuning import Learned, build, build_pilot, tune
from statefolio.kalman.volatility import common_level
from statefolio.loadings.alignment import in_order, places
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.kalman_options import check_options, make_wish
from statefolio.loadings.kalman_run import by_asset, covariances_of, paths_of, to_run
from statefolio.loadings.results import Paths, covariances_dataset, smoothed_dataset

Progress = Callable[[str, int, int], None]


class KalmanLoadings(LoadingsModel):
    """Time-varying factor loadings of many assets by Kalman filter.

    For asset i on date t, with x_t = (1, f_t),

        r_it = x_t' beta_it + e_it,     beta_it = m_i + phi (beta_i,t-1 - m_i) + w_it,

    w_it with diagonal covariance Q_it and e_it with variance R_it. The defaults are what predicts best on real
    panels: signal-to-noise ratios pooled over assets, a learned variance, Student-t tails and a common
    volatility level.

    Parameters
    ----------
    dynamics : {"random_walk", "mean_reverting"}
        Mean-reverting loadings start from their stationary law.
    tuning : {"pooled", "mle", "shrunk", "discount", "fixed"}
        Where state variances come from: one signal-to-noise ratio a factor for the panel; each asset's maximum
        likelihood; between the two, by a strength the panel teaches; a discount factor; or `state_variance`.
    noise : {"ewma", "constant", "discount"}
        Observation variance: an exponentially weighted learned level, constant, or West and Harrison's
        conjugate learning, under which given state variances and start covariances are multiples of the level and
        reported variances are the squared scale of a Student-t.
    tails : {"student", "gaussian"}
    common_volatility : bool
        Multiply every observation variance by a common level of the panel. Only where the noise is learned.
    intercept : bool
        Add the constant, factor "alpha".
    start : "diffuse" or (mean, covariance)
        The law of the loadings on an asset's first observed date, before its update: exact diffuse, or given,
        for (alpha and) the factors in order; the covariance may be a number, its diagonal.
    before_prediction : bool
        A given start is the law one prediction earlier.
    state_variance : float, mapping by factor or DataFrame asset x factor, optional
        Given state variances (tuning="fixed"), signal-to-noise ratios where they scale.
    observation_variance : float or Series by asset, optional
        Given, or the level that learning starts from; by default the residual variance of least squares up to
        `tune_until`.
    state_variance_scales : bool, optional
        State variances are ratios to the learned level. By default where noise="ewma".
    phi : float or mapping by factor, optional
        Persistence of mean-reverting loadings; tuned where not given.
    mean : float, mapping by factor or DataFrame asset x factor, optional
        Their means; by default least squares up to `tune_until`, with tuning="mle" maximum likelihood.
    degrees_of_freedom, memory, volatility_exponent, discount_factor : float, optional
        nu of the Student-t, factor of the learned variance, power of the common level, and discount of the
        state covariance (tuning="discount"); tuned where not given, except where tuning="fixed", which takes
        6, .97 and .95.
    progress : callable (stage, done, total), optional
        Told how tuning goes on; total is 0 where nobody knows.

    References
    ----------
    Durbin and Koopman (2012), Time Series Analysis by State Space Methods. West and Harrison (1997), Bayesian
    Forecasting and Dynamic Models. Agamennoni, Nieto and Nebot (2012), IEEE Transactions on Signal Processing
    60, on the robust update.

    Examples
    --------
    >>> model = KalmanLoadings().fit(returns, factors, tune_until="2015-12-31")  # doctest: +SKIP
    >>> model.loadings_.predicted.sel(asset="AAPL", factor="market")  # doctest: +SKIP
    """

    def __init__(
        self,
        dynamics: str = "random_walk",
        tuning: str = "pooled",
        noise: str = "ewma",
        tails: str = "student",
        common_volatility: bool = True,
        intercept: bool = True,
        start: Any = "diffuse",
        before_prediction: bool = False,
        state_variance: Any = None,
        observation_variance: Any = None,
        state_variance_scales: bool | None = None,
        phi: Any = None,
        mean: Any = None,
        degrees_of_freedom: float | None = None,
        memory: float | None = None,
        volatility_exponent: float | None = None,
        discount_factor: float | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.dynamics = dynamics
        self.tuning = tuning
        self.noise = noise
        self.tails = tails
        self.common_volatility = common_volatility
        self.intercept = intercept
        self.start = start
        self.before_prediction = before_prediction
        self.state_variance = state_variance
        self.observation_variance = observation_variance
        self.state_variance_scales = state_variance_scales
        self.phi = phi
        self.mean = mean
        self.degrees_of_freedom = degrees_of_freedom
        self.memory = memory
        self.volatility_exponent = volatility_exponent
        self.discount_factor = discount_factor
        self.progress = progress

    def smooth(self, returns: Any, factors: Any) -> xr.Dataset:
        """Loadings given all data: for study, never for trading.

        Parameters
        ----------
        returns, factors : DataFrame
            The data of `fit`; the model keeps none. Hyper-parameters are held.

        Returns
        -------
        Dataset
            By date, asset and factor: smoothed, smoothed_variance and lag_one_covariance, a loading's covariance
            with itself a date earlier. NaN before an asset's first observation.
        """
        panel, filter_, Y, common = self._before_the_first_date(returns, factors)
        smoothed = smooth_panel(filter_, panel.regressors, Y, common)
        return smoothed_dataset(panel, *(by_asset(part, len(panel.assets)) for part in smoothed))

    def covariances(self, returns: Any, factors: Any) -> xr.Dataset:
        """Full covariances of the loadings on every date; `loadings_` keeps their diagonals alone.

        Parameters
        ----------
        returns, factors : DataFrame
            The data of `fit`, or some assets or the first dates of it. Hyper-parameters are held.

        Returns
        -------
        Dataset
            By date, asset, factor and factor_other: predicted_covariance and filtered_covariance. NaN before an
            asset's first ordinary date. It takes 16 K^2 bytes an asset and date.
        """
        panel, filter_, Y, common = self._before_the_first_date(returns, factors)
        predicted, filtered = covariances_of(filter_, panel.regressors, Y, common, len(panel.assets))
        return covariances_dataset(panel, predicted, filtered)

    def _before_the_first_date(self, returns: Any, factors: Any) -> tuple[Panel, Filter, Array, Array]:
        """Data to run over again, with the filter as it was before them and the common factor by date."""
        self._check_fitted()
        panel = in_order(make_panel(returns, factors, self.intercept, check_design=False, width=WIDTH), self.factors_)
        if panel.dates[0] > self.first_date_:
            warnings.warn(
                f"returns begins on {show(panel.dates[0])}; {show(self.first_date_)}, the first date of the fit, was "
                "expected. The loadings start anew on the date that came. Pass all dates, or cut the result instead.",
                StatefolioWarning,
                stacklevel=3,
            )
        columns = np.append(places(self.assets_, panel.assets, "asset"), -1)
        learned, wish = self._learned.select(columns), self._wish
        if wish.start is not None:
            wish = replace(wish, start=(wish.start[0][columns], wish.start[1][columns]))
        if wish.common and len(panel.assets) < len(self.assets_):
            warnings.warn(
                f"returns has {len(panel.assets)} of the {len(self.assets_)} assets of the fit, which share a common "
                "volatility level; the level of those that came is taken. Pass all of them.",
                StatefolioWarning,
                stacklevel=3,
            )
        filter_, Y = build(wish, learned), pad_last(panel.padded, np.nan)
        common, _ = self._common(build_pilot(wish, learned), panel.regressors, Y, 1.0)
        return panel, filter_, Y, common

    def __getstate__(self) -> dict[str, Any]:
        """All but whoever hears of the progress, who belongs to the session."""
        return {**super().__getstate__(), "progress": None}

    def __sklearn_clone__(self) -> Self:
        """Clone the options; whoever hears of the progress is handed on, not copied."""
        options = self.get_params(deep=False)
        copied = {name: clone(value, safe=False) for name, value in options.items() if name != "progress"}
        return type(self)(**copied, progress=self.progress)

    # What the base class asks for ---------------------------------------------------------------------------

    def _check_options(self) -> None:
        check_options(self.get_params(deep=False))

    def _learn(self, panel: Panel, tune_rows: int) -> None:
        self._wish = make_wish(self.get_params(deep=False), panel.assets, panel.factors)
        self._learned = tune(self._wish, panel.regressors[:tune_rows], panel.returns[:tune_rows], self.progress)

    def _settle(self, count: int) -> None:
        """Filters of `count` assets, before their first date."""
        newcomers = count + 1 - self._learned.level.size
        self._learned = self._learned.with_newcomers(newcomers)
        if self._wish.start is not None:
            mean, covariance = (np.append(part, part[[-1] * newcomers], axis=0) for part in self._wish.start)
            self._wish = replace(self._wish, start=(mean, covariance))
        self._filter = build(self._wish, self._learned)
        self._pilot = build_pilot(self._wish, self._learned)
        self._level = 1.0

    def _common(self, pilot: Filter, X: Array, Y: Array, first: float) -> tuple[Array, float]:
        """Factor on every observation variance by date, and the common level for the date after."""
        if not self._wish.common:
            return np.ones(len(X)), 1.0
        level, ahead = common_level(pilot, X, Y, first)
        return level**self._learned.exponent, ahead

    def _run(self, panel: Panel, fresh: bool) -> Paths:
        count = len(panel.assets)
        if fresh:
            self._settle(count)
        X, Y = panel.regressors, pad_last(panel.padded, np.nan)
        before, after = self._filter, to_run(self._filter, count)
        pilot = to_run(self._pilot, count) if self._wish.common else self._pilot
        common, level = self._common(pilot, X, Y, self._level)
        found = after.run(X, Y, common)
        self._filter, self._pilot, self._level = after, pilot, level
        return paths_of(before, after, found, common, level**self._learned.exponent, panel.returns)

    def _join(self, count: int) -> None:
        arrays, pilot, level, before = (
            self._filter.arrays(),
            self._pilot.arrays(),
            self._level,
            len(self.assets_),
        )
        self._settle(before + count)
        self._filter.take(arrays, before)
        self._pilot.take(pilot, before)
        self._level = level

    def _parameters(self) -> dict[str, Any]:
        learned, factors = self._learned, [str(name) for name in self.factors_]
        count = len(self.assets_)
        table: dict[str, Any] = {"observation_variance": learned.level}
        table |= {f"state_variance_{f}": learned.state_variance[j] for j, f in enumerate(factors)}
        table["observation_variance_standard_error"] = learned.standard_error[0]
        table |= {f"state_variance_{f}_standard_error": learned.standard_error[1 + j] for j, f in enumerate(factors)}
        table |= {f"phi_{f}": learned.phi[j] for j, f in enumerate(factors)}
        if self._wish.reverts:
            table |= {f"mean_{f}": learned.mean[j] for j, f in enumerate(factors)}
        law = learned.law
        shared = {
            "degrees_of_freedom": law.tails,
            "memory": law.memory,
            "volatility_exponent": learned.exponent,
        }
        table |= {name: np.full(count + 1, value) for name, value in shared.items()}
        table |= {"discount_factor": np.full(count + 1, law.discount)}
        table |= {"converged": learned.converged, "reason": learned.reason.astype(object)}
        return {name: values[:count] for name, values in table.items()}

    def _state(self) -> dict[str, np.ndarray[Any, Any]]:
        state: dict[str, np.ndarray[Any, Any]] = {"level": np.array(self._level)}
        state |= {f"filter_{name}": values for name, values in self._filter.arrays().items()}
        state |= {f"pilot_{name}": values for name, values in self._pilot.arrays().items()}
        learned = {field.name: getattr(self._learned, field.name) for field in fields(Learned)}
        state |= {f"law_{name}": np.array(value) for name, value in learned.pop("law")._asdict().items()}
        state |= {f"learned_{name}": np.asarray(value) for name, value in learned.items()}
        if self._wish.start is not None:
            state |= {"start_mean": self._wish.start[0], "start_covariance": self._wish.start[1]}
        return state

    def _restore(self, state: dict[str, np.ndarray[Any, Any]]) -> None:
        def named(prefix: str) -> dict[str, Any]:
            return {name.removeprefix(prefix): v for name, v in state.items() if name.startswith(prefix)}

        law = Law(**{name: value.item() for name, value in named("law_").items()})
        learned = named("learned_")
        self._learned = Learned(law=law, **{**learned, "exponent": learned["exponent"].item()})
        start = named("start_")
        wish = make_wish({**self.get_params(deep=False), **_NOTHING_GIVEN}, pd.Index([]), pd.Index([]))
        self._wish = replace(wish, start=(start["mean"], start["covariance"]) if start else None)
        count = self._learned.level.size - 1
        self._settle(count)
        self._filter.take(named("filter_"), count)
        self._pilot.take(named("pilot_"), count)
        self._level = state["level"].item()


_NOTHING_GIVEN = {
    "state_variance": None,
    "observation_variance": None,
    "phi": None,
    "mean": None,
    "start": "diffuse",
}
