"""Defines `LoadingsModel`, the base of all models of loadings: fitting and continuing."""

from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.dates import rows_until
from statefolio._arrays.panel import Panel
from statefolio._plausible.reading import read_panel
from statefolio.exceptions import InputError
from statefolio.kalman.blocks import count_observed
from statefolio.kalman.lanes import WIDTH
from statefolio.loadings.alignment import continue_panel
from statefolio.loadings.log_scores import densities_by_date
from statefolio.loadings.observed_returns import Unobserved
from statefolio.loadings.remarks import Remarks
from statefolio.loadings.results import RunResults
from statefolio.loadings.saved import SavedLoadings
from statefolio.loadings.unidentified import find_conditions


class LoadingsModel(SavedLoadings):
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
        self._fit_learned(panel, panel.dates[tune_rows - 1]).warn(panel)
        return self

    def _fit_learned(self, panel: Panel, tuned_until: pd.Timestamp) -> Remarks:
        """Run over a panel with what was learned, and return what there is to warn of."""
        run, unobserved = self._run(panel, fresh=True)
        self._store(panel, run, tuned_until)
        self.first_date_ = panel.dates[0]
        needed = np.broadcast_to(self._observations_needed(), len(panel.assets))
        return Remarks(
            unobserved,
            count_observed(panel.returns, needed),
            needed,
            run.partly_unknown,
            self._hidden(),
            self._condition,
        )

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
            run, unobserved = self._run(panel, fresh=False)
            if unobserved is not None:
                unobserved.warn(panel)
            self._store(panel, run, self.tuned_until_)
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
                "returns must have at least one with a forecast, got none. Score dates on which assets have returns "
                "and loadings."
            )
        return float(found[known].mean())

    def _reset(self) -> None:
        """Drop what an earlier fit learned, so that a fit that fails leaves an unfitted model."""
        for name in ("last_date_", "_run_results", "_cache", "_condition", "notes_"):
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

    # Methods that a subclass supplies, with those of the base classes ---------------------------------------

    def _observations_needed(self) -> int | NDArray[np.intp]:
        """Return how many returns an asset needs before it has loadings: one number, or one for each (N,)."""
        raise NotImplementedError

    def _learn(self, panel: Panel, tune_rows: int) -> None:
        """Learn hyper-parameters for every asset from the first `tune_rows` rows alone."""
        raise NotImplementedError

    def _run(self, panel: Panel, fresh: bool) -> tuple[RunResults, Unobserved | None]:
        """Run over the panel, from the start or from the stored state, and store the final state.

        Also return what there is to say of returns that were not used. The stored state is replaced, never changed in
        place: a run that fails returns to it.
        """
        raise NotImplementedError

    def _add_assets(self, count: int) -> None:
        """Replace the state by one with `count` more assets, never observed."""
        raise NotImplementedError
