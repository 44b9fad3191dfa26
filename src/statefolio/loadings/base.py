"""What all models of loadings have in common: fitting, continuing, labelled results, saving."""

from collections.abc import Callable, Mapping
from typing import Any, Self, TypeVar

import numpy as np
import pandas as pd
import xarray as xr
from sklearn.base import BaseEstimator

from statefolio._arrays.dates import rows_until
from statefolio._arrays.panel import Panel, make_panel
from statefolio._arrays.text import show
from statefolio.exceptions import FileFormatError, InputError, NotFittedError
from statefolio.kalman.lanes import WIDTH
from statefolio.loadings import results, storage
from statefolio.loadings.alignment import following, in_order, places, scenarios
from statefolio.loadings.results import Ahead, Labels, Paths

_Result = TypeVar("_Result", xr.Dataset, pd.DataFrame)


class LoadingsModel(BaseEstimator):
    """Base of every model; a subclass supplies the mathematics through the methods at the end.

    A subclass stores its options in `__init__` and nothing else, `intercept` among them.
    """

    intercept: bool

    def fit(self, returns: Any, factors: Any, tune_until: Any = None) -> Self:
        """Learn hyper-parameters and run over all dates.

        Parameters
        ----------
        returns : DataFrame (T dates, N assets)
            Returns in decimals; NaN where not observed. pandas, or polars with a column "date".
        factors : DataFrame (dates, K factors)
            Known on every date with a return; other dates are left aside.
        tune_until : date, optional
            Hyper-parameters see data up to and including this date only. Default: all dates.

        Returns
        -------
        self
        """
        self._check_options()
        panel = make_panel(returns, factors, self.intercept, width=WIDTH)
        tune_rows = rows_until(panel.dates, tune_until)
        self._forget()
        self._learn(panel, tune_rows)
        self._keep(panel, self._run(panel, fresh=True), panel.dates[tune_rows - 1])
        self.first_date_ = panel.dates[0]
        return self

    def partial_fit(self, new_returns: Any, new_factors: Any) -> Self:
        """Continue over new dates, hyper-parameters held; the results then hold these dates.

        Parameters
        ----------
        new_returns, new_factors : DataFrame
            Dates after the last one seen. Assets may join; one that is absent counts as not observed.

        Returns
        -------
        self
        """
        self._check_fitted()
        known = (self.assets_, self.factors_)
        panel = make_panel(new_returns, new_factors, self.intercept, check_design=False, width=WIDTH, known=known)
        panel = following(panel, self.last_date_, self.assets_, self.factors_)
        before = self.__dict__.copy()
        try:
            if len(panel.assets) > len(self.assets_):
                self._join(len(panel.assets) - len(self.assets_))
            self._keep(panel, self._run(panel, fresh=False), self.tuned_until_)
        except BaseException:
            self.__dict__ = before
            raise
        return self

    @property
    def loadings_(self) -> xr.Dataset:
        """Dataset (date, asset, factor): predicted, filtered and their variances."""
        return self._once("loadings", lambda: results.loadings_dataset(self._results(), self._labels()))

    @property
    def innovations_(self) -> xr.Dataset:
        """Dataset (date, asset): innovation and innovation_variance."""
        return self._once("innovations", lambda: results.innovations_dataset(self._results(), self._labels()))

    @property
    def next_(self) -> xr.Dataset:
        """Dataset for the first date not yet seen: mean, covariance, observation_variance."""
        self._check_fitted()
        dataset = results.next_dataset(self._next_date(), self._labels())
        return dataset.assign_attrs(after=show(self.last_date_))

    @property
    def parameters_(self) -> pd.DataFrame:
        """Hyper-parameters, a row an asset."""
        self._check_fitted()
        return pd.DataFrame(dict(self._parameters()), index=self.assets_.rename("asset"))

    @property
    def log_likelihood_(self) -> pd.Series:
        """Log-likelihood of the dates that the results hold, by asset."""
        found = self._results().log_likelihood
        if found is None:
            raise NotFittedError(f"{type(self).__name__} has no likelihood; use innovations_ or fit_quality_.")
        return pd.Series(found, index=self.assets_.rename("asset"), name="log_likelihood")

    @property
    def fit_quality_(self) -> pd.DataFrame:
        """R-squared and root mean square error by asset, of filtered (in sample) and predicted (one step).

        Both are over the same returns of the dates that the results hold, those with a prediction.
        """
        paths = self._results()
        return self._once("quality", lambda: results.fit_quality(paths, self._regressors, self.assets_))

    def predict(self, factor_forecasts: Any) -> xr.Dataset:
        """Mean and variance of the returns on the first date not yet seen, given what the factors do.

        Parameters
        ----------
        factor_forecasts : mapping, Series or DataFrame
            A number for each factor; a frame has a row a scenario.

        Returns
        -------
        Dataset
            `mean` and `variance` by asset, and by scenario if a frame came. The variance is that of the noise
            and of the loadings' own uncertainty: x'Px + R.
        """
        self._check_fitted()
        names = self.factors_[1:] if self.intercept else self.factors_
        rows = scenarios(factor_forecasts, names)
        x = rows.to_numpy()
        if self.intercept:
            x = np.column_stack([np.ones(len(x)), x])
        dataset = results.returns_dataset(self._next_date(), x, self._labels())
        if not isinstance(factor_forecasts, pd.DataFrame):
            return dataset.isel(scenario=0)
        return dataset.assign_coords(scenario=rows.index)

    def contributions(self, returns: Any, factors: Any, which: str = "predicted") -> xr.Dataset:
        """Split returns into what each factor earned; the parts add up to the return.

        Parameters
        ----------
        returns, factors : DataFrame
            Assets and dates that the results hold, all or some of them.
        which : {"predicted", "filtered"}
            Whose loadings to use.

        Returns
        -------
        Dataset
            By date, asset and factor ("residual" last): contribution, its standard_deviation, which is the
            loadings' uncertainty, and lower and upper, its 95 % band. The residual's uncertainty is that of
            the fitted part; with filtered loadings it would need their full covariances and is NaN.
        """
        if which not in ("predicted", "filtered"):
            raise InputError(f"which={which!r}; 'predicted' or 'filtered' was expected. Pass one of them.")
        paths, loadings = self._results(), self.loadings_
        panel = make_panel(returns, factors, self.intercept, check_design=False, fill=False)
        panel = in_order(panel, self.factors_)
        rows = places(self.dates_, panel.dates, "date")
        columns = places(self.assets_, panel.assets, "asset")
        variance = np.full(panel.returns.shape, np.nan)
        if which == "predicted" and paths.observation_variance is not None:
            of_fit = paths.innovation_variance - results.array_of(paths.observation_variance)
            variance = np.maximum(of_fit[np.ix_(rows, columns)], 0.0)
        selected = loadings.isel(date=rows, asset=columns)
        return results.contributions_dataset(panel, selected, which, variance)

    def save(self, path: Any) -> None:
        """Write options, parameters and the final state to one file, whole or not at all. No data.

        Parameters
        ----------
        path : path-like
            The file; one that exists is replaced.
        """
        self._check_fitted()
        mean, covariance, noise = self._next_date()
        arrays = {"next/mean": mean, "next/covariance": covariance, "next/observation_variance": noise}
        arrays |= {f"state/{name}": np.asarray(values) for name, values in self._state().items()}
        contents = {
            "model": type(self).__name__,
            "options": self.get_params(deep=False),
            "assets": self.assets_,
            "factors": self.factors_,
            "first_date": self.first_date_,
            "last_date": self.last_date_,
            "tuned_until": self.tuned_until_,
        }
        storage.write(path, contents, arrays)

    @classmethod
    def load(cls, path: Any) -> Self:
        """Read a model that `save` wrote: it predicts and continues, and has no results until it does.

        Parameters
        ----------
        path : path-like
            The file.

        Returns
        -------
        LoadingsModel
        """
        contents, arrays = storage.read(path)
        if contents["model"] != cls.__name__:
            raise FileFormatError(
                f"{path} holds a {contents['model']}; a {cls.__name__} was expected. "
                f"Use statefolio.{contents['model']}.load."
            )
        model = cls(**contents["options"])
        model.assets_, model.factors_ = contents["assets"], contents["factors"]
        model.first_date_, model.last_date_ = contents["first_date"], contents["last_date"]
        model.tuned_until_ = contents["tuned_until"]
        model._ahead = (arrays["next/mean"], arrays["next/covariance"], arrays["next/observation_variance"])
        prefix = "state/"
        model._restore({name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)})
        return model

    def __sklearn_is_fitted__(self) -> bool:
        """Tell scikit-learn whether `fit` was called."""
        return hasattr(self, "last_date_")

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = dict(super().__getstate__())
        state.pop("_made", None)
        return state

    def _forget(self) -> None:
        """Drop what a former fit learned, so that a fit that fails leaves no half of a model."""
        for name in ("last_date_", "_paths", "_made"):
            self.__dict__.pop(name, None)

    def _keep(self, panel: Panel, paths: Paths, tuned_until: pd.Timestamp) -> None:
        self.assets_, self.factors_, self.dates_ = panel.assets, panel.factors, panel.dates
        self.tuned_until_ = tuned_until
        self._paths, self._regressors = paths, panel.regressors
        self._ahead = paths.ahead
        self.__dict__.pop("_made", None)
        self.last_date_ = panel.dates[-1]

    def _next_date(self) -> Ahead:
        """Mean and covariance of the loadings and the noise's variance on the first date not yet seen."""
        if callable(self._ahead):
            self._ahead = self._ahead()
        return self._ahead

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise NotFittedError(
                f"{type(self).__name__} has not been fitted; a fitted model was expected. "
                "Call fit(returns, factors) first."
            )

    def _results(self) -> Paths:
        self._check_fitted()
        if "_paths" not in self.__dict__:
            raise NotFittedError(
                f"{type(self).__name__} was loaded from a file, which keeps the state and no results; "
                "results were expected. Call partial_fit with new dates, or fit."
            )
        return self._paths

    def _labels(self) -> Labels:
        dates = self.dates_ if "_paths" in self.__dict__ else pd.DatetimeIndex([])
        return Labels(dates, self.assets_, self.factors_, {"tuned_until": show(self.tuned_until_)})

    def _once(self, name: str, make: Callable[[], _Result]) -> _Result:
        """Make a result when first asked; later calls get a shallow copy of the same."""
        self._results()
        made = self.__dict__.setdefault("_made", {})
        if name not in made:
            made[name] = make()
        result: _Result = made[name].copy(deep=False)
        return result

    # What a subclass supplies -----------------------------------------------------------------------------

    def _check_options(self) -> None:
        """Raise InputError for options that cannot be used."""

    def _learn(self, panel: Panel, tune_rows: int) -> None:
        """Learn hyper-parameters for every asset from the first `tune_rows` rows, and from nothing else."""
        raise NotImplementedError

    def _run(self, panel: Panel, fresh: bool) -> Paths:
        """Run over the panel, from the start or from the stored state, and store the final state in its place.

        The stored state itself is not written to: it is what a run that fails goes back to.
        """
        raise NotImplementedError

    def _join(self, count: int) -> None:
        """Put in the state's place one with `count` more assets, never observed."""
        raise NotImplementedError

    def _state(self) -> dict[str, np.ndarray[Any, Any]]:
        """All that `_run` continues from, learned parameters included."""
        raise NotImplementedError

    def _restore(self, state: dict[str, np.ndarray[Any, Any]]) -> None:
        """Take back what `_state` handed out."""
        raise NotImplementedError

    def _parameters(self) -> Mapping[str, Any]:
        """Columns of `parameters_`: a value an asset."""
        raise NotImplementedError
