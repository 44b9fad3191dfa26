"""Defines `LoadingsModel`, the base of all models of loadings: fitting, continuing, saving and loading."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.dates import rows_until
from statefolio._arrays.panel import Panel
from statefolio._arrays.text import shown
from statefolio._arrays.types import Array
from statefolio._plausible.reading import read_panel
from statefolio.exceptions import FileFormatError, InputError
from statefolio.kalman.lanes import WIDTH
from statefolio.loadings import storage
from statefolio.loadings.alignment import continue_panel, warn_of_short_histories
from statefolio.loadings.array_layout import Form, check_forms
from statefolio.loadings.fitted import FittedLoadings
from statefolio.loadings.log_scores import densities_by_date
from statefolio.loadings.results import RunResults
from statefolio.loadings.unidentified import find_conditions, warn_of_unidentified


class LoadingsModel(FittedLoadings):
    """Base of every model of loadings.

    A subclass stores its options in `__init__` and nothing else, `intercept` among them. It supplies the mathematics
    through the methods at the end of this class.

    Examples
    --------
    Models share one interface, so code can work with any of them:

    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> for model in (sf.RollingLoadings(window=120), sf.StaticLoadings()):
    ...     beta = model.fit(demo.returns, demo.factors[["market"]]).next_["mean"].sel(factor="market")
    ...     print(type(model).__name__, isinstance(model, sf.loadings.LoadingsModel), round(float(beta.mean()), 2))
    RollingLoadings True 0.83
    StaticLoadings True 0.93
    """

    _condition: Array  # (N,) of the factors on an asset's dates, where they are collinear; else NaN
    _watches = False
    """Whether `_run` itself warns of prices that stand still."""

    def fit(self, returns: Any, factors: Any, tune_until: Any = None) -> Self:
        """Learn hyper-parameters and run over all dates.

        Parameters
        ----------
        returns : DataFrame (T dates, N assets)
            Returns in decimals; NaN where not observed. pandas, or polars with a column "date".
        factors : DataFrame (dates, K factors)
            Known on every date with a return; other dates are ignored.
        tune_until : date, optional
            Hyper-parameters see data up to and including this date only. Default: all dates.

        Returns
        -------
        self

        Warns
        -----
        StatefolioWarning
            If assets have too few returns for any loadings, or factors are collinear on the dates of an asset: what
            these dates identify is kept, the other loadings are NaN. `parameters_` has the reason by asset.

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> returns, factors = demo.returns[["AAPL", "KO"]], demo.factors[["market"]]
        >>> model = sf.KalmanLoadings(tuning="discount").fit(returns, factors, tune_until="2018")
        >>> model.loadings_.attrs["tuned_until"]
        '2018-12-31'
        """
        self._check_options()
        panel = read_panel(returns, factors, self.intercept, width=WIDTH, watched=self._watches)
        tune_rows = rows_until(panel.dates, tune_until)
        self._reset()
        self._learn(panel, tune_rows)
        self._store(panel, self._run(panel, fresh=True), panel.dates[tune_rows - 1])
        self.first_date_ = panel.dates[0]
        warn_of_short_histories(panel, self._observations_needed())
        warn_of_unidentified(panel, self._run_results.partly_unknown, self._hidden(), self._condition)
        return self

    def partial_fit(self, new_returns: Any, new_factors: Any) -> Self:
        """Continue over new dates with the same hyper-parameters; results then cover the new dates.

        Parameters
        ----------
        new_returns, new_factors : DataFrame
            Dates after the last one seen. Assets may join; one that is absent counts as not observed.

        Returns
        -------
        self

        Examples
        --------
        Continuing equals fitting everything at once:

        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> returns, factors = demo.returns, demo.factors[["market"]]
        >>> model = sf.RollingLoadings(window=120).fit(returns.loc[:"2021"], factors.loc[:"2021"])
        >>> model.partial_fit(returns.loc["2022":], factors.loc["2022":]).loadings_.sizes["date"]
        249
        >>> model.next_.equals(sf.RollingLoadings(window=120).fit(returns, factors).next_)
        True
        """
        self._check_fitted()
        known = (self.assets_, self.factors_)
        panel = read_panel(
            new_returns, new_factors, self.intercept, fit=False, width=WIDTH, known=known, watched=self._watches
        )
        panel = continue_panel(panel, self.last_date_, self.assets_, self.factors_)
        before = self.__dict__.copy()
        try:
            if len(panel.assets) > len(self.assets_):
                self._add_assets(len(panel.assets) - len(self.assets_))
            self._store(panel, self._run(panel, fresh=False), self.tuned_until_)
        except BaseException:
            self.__dict__ = before
            raise
        return self

    def score(self, returns: Any, factors: Any) -> float:
        """Return the mean log score of one-step-ahead forecasts: higher is better.

        On dates after the last one seen the model continues from its state, in a copy, with its hyper-parameters held:
        each return is forecast from data up to the date before. On dates that it has seen the score is in sample.
        Scikit-learn's `GridSearchCV` and Optuna use this method; pass the returns as X, the factors as y, and
        `cv=TimeSeriesSplit()`, whose tests follow their training dates.

        Parameters
        ----------
        returns : DataFrame (T dates, N assets)
            Returns of dates in the results of the model, or later ones.
        factors : DataFrame (dates, K factors)
            Factors of these dates; others are ignored.

        Returns
        -------
        float
            Mean log predictive density of the returns, in decimals, that have a forecast; Gaussian for least squares.
            Percent returns have a score that is lower by log 100.

        Raises
        ------
        InputError
            If the model made no forecast for a date, or no return has one.

        Examples
        --------
        >>> import statefolio as sf
        >>> from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
        >>> demo = sf.load_demo()
        >>> returns, factors = demo.returns.iloc[:600, :4], demo.factors[["market"]].iloc[:600]
        >>> grid = {"half_life": [20.0, 60.0, 180.0]}
        >>> search = GridSearchCV(sf.ExponentialLoadings(), grid, cv=TimeSeriesSplit(3)).fit(returns, factors)
        >>> search.best_params_
        {'half_life': 60.0}
        """
        self._check_fitted()
        found = densities_by_date(self, returns, factors).to_numpy()
        known = np.isfinite(found)
        if not known.any():
            raise InputError(
                "returns must have at least one with a forecast, got none. Score dates on which the assets have returns "
                "and loadings."
            )
        return float(found[known].mean())

    def save(self, path: Any) -> None:
        """Write options, parameters and the final state to one file, which holds no data.

        The file is written whole or not at all.

        Parameters
        ----------
        path : path-like
            The file; an existing one is replaced.

        Examples
        --------
        >>> import tempfile
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> model = sf.StaticLoadings().fit(demo.returns, demo.factors)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(f"{folder}/betas.model")
        ...     loaded = sf.StaticLoadings.load(f"{folder}/betas.model")
        >>> loaded.next_.equals(model.next_)
        True
        """
        self._check_fitted()
        mean, covariance, noise = self._next_date()
        arrays = {"next/mean": mean, "next/covariance": covariance, "next/observation_variance": noise}
        arrays["next/condition"] = self._condition
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
        """Read a model that `save` wrote.

        It predicts and continues; it has no results until `partial_fit` or `fit` is called. See `save` for an example.

        Parameters
        ----------
        path : path-like
            The file.

        Returns
        -------
        LoadingsModel

        Raises
        ------
        FileFormatError
            If the file is not one of this model, is damaged, or a byte of it changed.
        """
        made: list[Self] = []

        def check(contents: dict[str, Any], forms: Mapping[str, Form]) -> None:
            made.append(cls._unrestored(path, contents))
            made[0]._check_forms(forms)

        _, arrays = storage.read(path, check)
        model, prefix = made[0], "state/"
        model._forecast = (arrays["next/mean"], arrays["next/covariance"], arrays["next/observation_variance"])
        model._condition = arrays.get("next/condition", np.full(len(model.assets_), np.nan))
        try:
            model._restore({name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)})
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise FileFormatError(
                f"{path} is not a file of {cls.__name__} that can be continued ({shown(str(error))}). Fit and save the "
                "model again."
            ) from error
        return model

    @classmethod
    def _unrestored(cls, path: Any, contents: Mapping[str, Any]) -> Self:
        """Return a model with the options and the labels of a file."""
        if contents["model"] != cls.__name__:
            raise FileFormatError(
                f"{path} must be a file of {cls.__name__}, got one of {shown(contents['model'])}. "
                f"Use load of the class that saved it."
            )
        model = cls(**contents["options"])
        model._check_options()
        model.assets_, model.factors_ = contents["assets"], contents["factors"]
        if not (model.assets_.is_unique and model.factors_.is_unique and len(model.assets_) and len(model.factors_)):
            raise ValueError("names of assets or factors are missing or occur twice")
        model.first_date_, model.last_date_ = contents["first_date"], contents["last_date"]
        model.tuned_until_ = contents["tuned_until"]
        return model

    def _check_forms(self, forms: Mapping[str, Form]) -> None:
        """Raise ValueError unless the arrays of a file have the types and shapes that this model needs."""
        assets, states = len(self.assets_), len(self.factors_)
        needed = {
            "next/mean": Form("f", (assets, states)),
            "next/covariance": Form("f", (assets, states, states)),
            "next/observation_variance": Form("f", (assets,)),
            "next/condition": Form("f", (assets,)),
        }
        state, optional = self._state_forms(assets, states)
        needed |= {f"state/{name}": form for name, form in state.items()}
        check_forms(forms, needed, {"next/condition", *(f"state/{name}" for name in optional)})

    def _reset(self) -> None:
        """Drop what an earlier fit learned, so that a fit that fails leaves an unfitted model."""
        for name in ("last_date_", "_run_results", "_cache", "_condition"):
            self.__dict__.pop(name, None)

    def _store(self, panel: Panel, run: RunResults, tuned_until: pd.Timestamp) -> None:
        """Keep the results of a run and its labels."""
        self.assets_, self.factors_, self.dates_ = panel.assets, panel.factors, panel.dates
        self.tuned_until_ = tuned_until
        self._run_results, self._regressors = run, panel.regressors
        self._forecast = run.forecast
        self.__dict__.pop("_cache", None)
        self.last_date_ = panel.dates[-1]
        before = np.pad(self.__dict__.get("_condition", np.zeros(0)), (0, len(panel.assets)), constant_values=np.nan)
        self._condition = np.fmax(before[: len(panel.assets)], find_conditions(panel, self._hidden(), tuned_until))

    def _hidden(self) -> NDArray[np.bool_]:
        """Return the loadings (N, K) of the first date not yet seen that are not identified."""
        directions = self._directions()
        if directions is None:
            return np.zeros((len(self.assets_), len(self.factors_)), dtype=bool)
        return directions.loadings()

    # Methods that a subclass supplies, with `_parameters` of the base class --------------------------------

    def _check_options(self) -> None:
        """Raise InputError for an invalid option."""

    def _observations_needed(self) -> int:
        """Return how many returns an asset needs before it has loadings."""
        raise NotImplementedError

    def _learn(self, panel: Panel, tune_rows: int) -> None:
        """Learn hyper-parameters for every asset from the first `tune_rows` rows alone."""
        raise NotImplementedError

    def _run(self, panel: Panel, fresh: bool) -> RunResults:
        """Run over the panel, from the start or from the stored state, and store the final state.

        The stored state is replaced, never changed in place: a run that fails returns to it.
        """
        raise NotImplementedError

    def _add_assets(self, count: int) -> None:
        """Replace the state by one with `count` more assets, never observed."""
        raise NotImplementedError

    def _state(self) -> dict[str, np.ndarray[Any, Any]]:
        """Return the arrays from which `_run` continues, learned parameters included."""
        raise NotImplementedError

    def _state_forms(self, assets: int, states: int) -> tuple[dict[str, Form], frozenset[str]]:
        """Return the types and shapes of the arrays of `_state`, and the names of those that a file may lack."""
        raise NotImplementedError

    def _restore(self, state: dict[str, np.ndarray[Any, Any]]) -> None:
        """Set the state from the arrays that `_state` returned."""
        raise NotImplementedError
