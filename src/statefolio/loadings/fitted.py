"""Provides the labelled results of a fitted model of loadings: loadings, innovations, forecasts and contributions."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from statefolio._arrays.text import show
from statefolio._arrays.types import Array
from statefolio._estimator import Estimator
from statefolio._options import OneOf, Whole, check
from statefolio._plausible.reading import read_panel
from statefolio.exceptions import NotFittedError
from statefolio.loadings.alignment import find_positions, order_factors, read_forecasts
from statefolio.loadings.results import Forecast, Labels, RunResults, array_of
from statefolio.loadings.showing import ShownLoadings
from statefolio.loadings.unidentified import Directions

if TYPE_CHECKING:
    import xarray as xr

_Result = TypeVar("_Result", "xr.Dataset", pd.DataFrame)


class FittedLoadings(ShownLoadings, Estimator):
    """Results of the last call of `fit` or `partial_fit`, with names of dates, assets and factors.

    xarray is imported where a labelled result is made: a fit does not need it.
    """

    intercept: bool
    assets_: pd.Index
    factors_: pd.Index
    dates_: pd.DatetimeIndex
    first_date_: pd.Timestamp
    last_date_: pd.Timestamp
    tuned_until_: pd.Timestamp
    notes_: dict[str, str]
    _run_results: RunResults
    _regressors: Array
    _forecast: Forecast | Callable[[], Forecast]

    @property
    def loadings_(self) -> "xr.Dataset":
        """Dataset (date, asset, factor): predicted, filtered and their variances.

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> model = sf.RollingLoadings(window=250).fit(demo.returns, demo.factors[["market"]])
        >>> beta = model.loadings_["predicted"].sel(asset="AAPL", factor="market")
        >>> {year: round(float(beta.sel(date=f"{year}-06").mean()), 1) for year in (2016, 2019, 2022)}
        {2016: 1.1, 2019: 1.5, 2022: 1.3}
        """
        from statefolio.loadings import datasets

        return self._cached("loadings", lambda: datasets.loadings_dataset(self._results(), self._labels()))

    @property
    def innovations_(self) -> "xr.Dataset":
        """Dataset (date, asset): innovation and innovation_variance."""
        from statefolio.loadings import datasets

        return self._cached("innovations", lambda: datasets.innovations_dataset(self._results(), self._labels()))

    @property
    def next_(self) -> "xr.Dataset":
        """Dataset for the first date not yet seen: mean, covariance, observation_variance."""
        return self.ahead(1)

    def ahead(self, horizon: int) -> "xr.Dataset":
        """Forecast the average loadings over the next dates.

        Parameters
        ----------
        horizon : int
            Number of dates h, at least 1.

        Returns
        -------
        Dataset
            By asset and factor, as `next_`: mean and covariance of the average of the loadings on the next h dates, and
            the average of their observation variances. Loadings that revert are forecast nearer to their means, the
            longer the horizon, and by default nearer to their averages over the past year (`slow_average` of
            `KalmanLoadings`); those of least squares stay as they are.

        Raises
        ------
        InputError
            If the horizon is not a whole number of at least 1.

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> model = sf.KalmanLoadings().fit(demo.returns.iloc[-750:], demo.factors[["market"]].iloc[-750:])
        >>> model.ahead(1).equals(model.next_)
        True
        >>> year = model.ahead(252)["mean"].sel(factor="market")
        >>> bool(year.std() < model.next_["mean"].sel(factor="market").std())  # nearer to each other
        True
        """
        check("horizon", horizon, Whole(at_least=1, example=21))
        self._check_fitted()
        return self._kept(f"ahead {horizon}", lambda: self._forecast_ahead(horizon)).copy(deep=True)

    def _forecast_ahead(self, horizon: int) -> "xr.Dataset":
        from statefolio.loadings import datasets

        forecast = self._next_date() if horizon == 1 else self._average_ahead(horizon)
        dataset = datasets.next_dataset(forecast, self._directions(), self._labels())
        return dataset.assign_attrs(after=show(self.last_date_), **({"horizon": horizon} if horizon > 1 else {}))

    @property
    def parameters_(self) -> pd.DataFrame:
        """Hyper-parameters, one row per asset."""
        self._check_fitted()
        return pd.DataFrame(dict(self._parameters()), index=self.assets_.rename("asset"))

    @property
    def log_likelihood_(self) -> pd.Series:
        """Log-likelihood of the dates in the results, by asset."""
        found = self._results().log_likelihood
        if found is None:
            raise NotFittedError(f"{type(self).__name__} has no likelihood. Use innovations_ or fit_quality_.")
        return pd.Series(found, index=self.assets_.rename("asset"), name="log_likelihood")

    @property
    def fit_quality_(self) -> pd.DataFrame:
        """R-squared and root mean square error by asset, of filtered (in sample) and predicted (one step) loadings.

        Both cover the same returns: those on the dates in the results whose predicted loadings are informative
        (`informative_`). `attrs["counted_from"]` has the first such date of each asset, NaT where there is none.
        """
        from statefolio.loadings import datasets

        run = self._results()
        return self._cached("quality", lambda: datasets.fit_quality(run, self._regressors, self.informative_))

    def fit_quality_after(self, date: Any) -> pd.DataFrame:
        """Return `fit_quality_` of the dates after a date, e.g. the last one that hyper-parameters were tuned on.

        Parameters
        ----------
        date : date
            Assets without returns after it have NaN.

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> model = sf.RollingLoadings(window=250).fit(demo.returns, demo.factors)
        >>> after = model.fit_quality_after("2020-12-31")
        >>> print(f"{after.loc['AAPL', 'r_squared_one_step']:.0%} of {after.loc['AAPL', 'returns_scored']} returns")
        77% of 501 returns
        """
        from statefolio.loadings import datasets

        run, later = self._results(), self.dates_ > pd.Timestamp(date)
        counted = self.informative_ & np.repeat(later[:, None], len(self.assets_), axis=1)
        return datasets.fit_quality(run, self._regressors, counted)

    @property
    def informative_(self) -> pd.DataFrame:
        """Whether predicted loadings (date x asset) are informative: not so in the first dates after a diffuse start.

        An asset counts once 2 K predictions in a row have x'P x, the predicted variance of the fitted part, at most
        as large as the return's own variance: the larger of the observation variance R and the mean square of the
        asset's returns. With K loadings and about K returns they are arbitrary, so averages and sums over dates leave
        such dates out: `fit_quality_`, `statefolio.risk.attribute_return` and the scores of `statefolio.validation`.
        The same holds after a gap so long that the prediction is not informative.

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> model = sf.StaticLoadings().fit(demo.returns.iloc[:200], demo.factors.iloc[:200])
        >>> int(model.informative_["AAPL"].to_numpy().argmax())  # 7 loadings count after 38 returns
        38
        """
        from statefolio.loadings import datasets

        run = self._results()
        return self._cached("informative", lambda: datasets.informative_frame(run, self._regressors, self._labels()))

    def predict(self, factor_forecasts: Any) -> "xr.Dataset":
        """Forecast the returns on the first date not yet seen, given the factor returns.

        Parameters
        ----------
        factor_forecasts : mapping, Series or DataFrame
            One number per factor; a DataFrame has one row per scenario, and its index labels the scenarios.

        Returns
        -------
        Dataset
            `mean` and `variance` by asset, and by scenario where the forecasts are a DataFrame. The variance is that
            of the noise and of the loadings' own uncertainty: x'Px + R, with R that of the scenario where noise rises
            with the size of factor moves. It is the innovation variance of that date, whose P is the filter's own.

        Examples
        --------
        >>> import pandas as pd
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> model = sf.RollingLoadings(window=250).fit(demo.returns, demo.factors[["market"]])
        >>> scenarios = pd.DataFrame({"market": [0.02, -0.02]}, index=["up", "down"])
        >>> forecast = model.predict(scenarios)
        >>> (100 * forecast["mean"].sel(asset=["AAPL", "KO"])).round(1).to_pandas()
        asset     AAPL   KO
        scenario
        up         2.6  1.1
        down      -2.6 -0.9
        """
        from statefolio.loadings import datasets

        self._check_fitted()
        names = self.factors_[1:] if self.intercept else self.factors_
        x, scenarios = read_forecasts(factor_forecasts, names)
        if self.intercept:
            x = np.column_stack([np.ones(len(x)), x])
        factor = self._noise_factor(x)
        dataset = datasets.returns_dataset(self._next_returns(), self._directions(), x, factor, self._labels())
        return dataset.isel(scenario=0) if scenarios is None else dataset.assign_coords(scenario=scenarios)

    def contributions(self, returns: Any, factors: Any, which: str = "predicted") -> "xr.Dataset":
        """Split returns into the contributions of the factors and a residual, which add up to the return.

        Parameters
        ----------
        returns, factors : DataFrame
            Assets and dates of the results, all or some of them.
        which : {"predicted", "filtered"}
            The loadings to use.

        Returns
        -------
        Dataset
            By date, asset and factor ("residual" last): contribution; its standard_deviation, which reflects the
            loadings' uncertainty; and lower and upper, its 95 % band. The residual's uncertainty is that of
            the fitted part; with filtered loadings it would need their full covariances and is NaN.

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> factors = demo.factors[["market", "value"]]
        >>> model = sf.RollingLoadings(window=250).fit(demo.returns, factors)
        >>> parts = model.contributions(demo.returns, factors)["contribution"]
        >>> parts.sel(asset="XOM", date="2022-12-28").round(4).to_series().to_dict()
        {'alpha': 0.003, 'market': -0.008, 'value': -0.0038, 'residual': -0.0077}
        """
        from statefolio.loadings import datasets

        check("which", which, OneOf("predicted", "filtered"))
        run, loadings = self._results(), self.loadings_
        panel = read_panel(returns, factors, self.intercept, fit=False, fill=False)
        panel = order_factors(panel, self.factors_)
        rows = find_positions(self.dates_, panel.dates, "date")
        columns = find_positions(self.assets_, panel.assets, "asset")
        variance = np.full(panel.returns.shape, np.nan)
        if which == "predicted" and run.observation_variance is not None:
            of_fit = run.innovation_variance - array_of(run.observation_variance)
            variance = np.maximum(of_fit[np.ix_(rows, columns)], 0.0)
        selected = loadings.isel(date=rows, asset=columns)
        mean = selected[which].to_numpy()
        if run.partly_unknown is not None:
            mean = array_of(getattr(run, which))[np.ix_(rows, columns)]
        return datasets.contributions_dataset(panel, mean, selected, which, variance)

    def __sklearn_is_fitted__(self) -> bool:
        """Tell scikit-learn whether `fit` was called."""
        return hasattr(self, "last_date_")

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        state.pop("_cache", None)
        return state

    def _noise_factor(self, x: Array) -> Array:
        """Return the factor (S,) on the next date's observation variances in scenarios x (S, K) of its regressors."""
        return np.ones(len(x))

    def _average_ahead(self, horizon: int) -> Forecast:  # noqa: ARG002 - subclasses use it
        """Forecast the average of the loadings over the next dates: as on the next one, where nothing moves them."""
        return self._next_date()

    def _parameters(self) -> Mapping[str, Any]:
        """Return the columns of `parameters_`: one value per asset."""
        raise NotImplementedError

    def _directions(self) -> Directions | None:
        """Return the directions along which loadings on the first date not yet seen are unknown, if there are any."""
        return None

    def _next_returns(self) -> Forecast:
        """Return what forecasts of returns take for the next date."""
        return self._next_date()

    def _next_date(self) -> Forecast:
        """Return mean and covariance of the loadings and the observation variance on the first date not yet seen."""
        if callable(self._forecast):
            self._forecast = self._forecast()
        return self._forecast

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise NotFittedError(f"{type(self).__name__} is not fitted. Call fit(returns, factors) first.")

    def _results(self) -> RunResults:
        self._check_fitted()
        if "_run_results" not in self.__dict__:
            raise NotFittedError(
                f"{type(self).__name__} has no results: it was loaded from a file, which keeps the state alone. "
                "Call partial_fit with new dates, or fit."
            )
        return self._run_results

    def _labels(self) -> Labels:
        dates = self.dates_ if "_run_results" in self.__dict__ else pd.DatetimeIndex([])
        return Labels(dates, self.assets_, self.factors_, {"tuned_until": show(self.tuned_until_)})

    def _cached(self, name: str, compute: Callable[[], _Result]) -> _Result:
        """Compute a result of the last dates on first use and keep it; every call returns a shallow copy."""
        self._results()
        return self._kept(name, compute)

    def _kept(self, name: str, compute: Callable[[], _Result]) -> _Result:
        cache = self.__dict__.setdefault("_cache", {})
        if name not in cache:
            cache[name] = compute()
        result: _Result = cache[name].copy(deep=False)
        return result
