"""Statistical factors: principal components estimated on the past alone, aligned through time."""

import copy
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator

from statefolio._arrays.frames import read_values
from statefolio._arrays.types import Array
from statefolio.exceptions import NotFittedError
from statefolio.factors.factor_returns import FactorReturns
from statefolio.factors.past_loadings import PastLoadings
from statefolio.factors.statistical_options import (
    check_held,
    check_later,
    check_options,
    check_panel,
    notes_of,
    nothing_fitted,
    recipe_of,
)
from statefolio.factors.stepwise import Step, stepwise_exposures


class StatisticalFactors(BaseEstimator):
    """Principal components of a panel with gaps and late listings, each date's from the dates before it.

    Every `refit_every` dates the K leading components of the returns so far are estimated by least squares
    over what was observed (`principal_components`), and turned to lie as near as they may to the mean of the
    loadings of all refits so far. On each date t until the next refit, the factor returns are the coefficients of a
    regression across assets of the returns observed at t on those loadings. They are therefore returns of portfolios
    whose weights were known before t.

    Scale: each factor's mean squared exposure over the assets of a refit is 1, so a factor return is in
    decimals and as large as what it moves in an asset. Signs at the start: exposures sum to a positive number.

    Parameters
    ----------
    n_factors : int
        K. See `count_factors`.
    window : int or None
        Dates that a refit looks back on; None: all so far.
    half_life : float or None
        Weights of these dates halve every so many, and below 1e-12 they are gone; None: equal weights.
    refit_every : int
        Dates from one refit to the next.
    min_dates : int
        The first refit comes after so many dates.
    min_history : int
        Returns an asset needs within the window to be part of a refit.
    standardise : bool
        Divide returns by each asset's standard deviation in the window first (components of the correlation
        matrix, and regressions weighted by inverse variances); else components of the covariance matrix.
    alignment : {"rotation", "assignment", "none"}
        How a refit is turned to those before: by any rotation (Procrustes), by order and signs only, or
        by signs only. Rotated components span the same space, are uncorrelated no longer, and keep their identity
        where neighbours' variances are close.
    tolerance : float
    max_iterations : int
        Of `principal_components`.

    Attributes
    ----------
    factor_returns_ : FactorReturns
        Of the dates of the last call; NaN before the first refit (`complete()` drops those dates).
    loadings_ : DataFrame (asset, factor)
        For the first date not yet seen; NaN for assets without enough history.
    refits_ : DataFrame
        A row a refit, by its first date of use: assets, dates, explained (share of the variance of the observed
        returns, standardised if so asked), overlap (mean cosine of the angles between this refit's space and
        the last one's), iterations, converged.
    excluded_ : DataFrame
        Assets that no refit used, and the reason.
    """

    _history: Array
    _seen: int
    _current: PastLoadings | None
    _factors: Array
    _steps: list[Step]
    _log: list[dict[str, Any]]
    _used: npt.NDArray[np.bool_]

    def __init__(
        self,
        n_factors: int = 5,
        *,
        window: int | None = 504,
        half_life: float | None = None,
        refit_every: int = 21,
        min_dates: int = 252,
        min_history: int = 63,
        standardise: bool = True,
        alignment: str = "rotation",
        tolerance: float = 1e-5,
        max_iterations: int = 200,
    ) -> None:
        self.n_factors = n_factors
        self.window = window
        self.half_life = half_life
        self.refit_every = refit_every
        self.min_dates = min_dates
        self.min_history = min_history
        self.standardise = standardise
        self.alignment = alignment
        self.tolerance = tolerance
        self.max_iterations = max_iterations

    def fit(self, returns: Any, y: Any = None) -> Self:  # noqa: ARG002 (scikit-learn's signature)
        """Run over all dates from the start.

        Parameters
        ----------
        returns : DataFrame (T dates, N assets)
            In decimals; NaN where not observed.
        y : None
            Not used.

        Returns
        -------
        self

        Raises
        ------
        InputError
            Options that cannot be used, or a panel on which no date gets a factor return.
        """
        check_options(self)
        values, dates, assets = read_values(returns, "returns")
        check_panel(self, values)
        fresh = copy.copy(self)
        fresh._history, fresh._seen, fresh._current = values[:0], 0, None
        fresh.assets_ = assets.rename("asset")
        fresh._log, fresh._used = [], np.zeros(len(assets), dtype=np.bool_)
        fresh._advance(values, dates)
        if np.isnan(fresh._factors).all():
            raise nothing_fitted(self, values)
        self.__dict__ = fresh.__dict__
        return self

    def partial_fit(self, new_returns: Any, y: Any = None) -> Self:  # noqa: ARG002
        """Continue over later dates, refits falling due as they would have; results then hold these dates.

        Parameters
        ----------
        new_returns : DataFrame
            Dates after the last one seen. Assets may join; one that is absent counts as not observed.
        y : None
            Not used.

        Returns
        -------
        self
        """
        self._check_fitted()
        values, dates, assets = read_values(new_returns, "new_returns")
        check_later(dates, self.last_date_)
        joined = assets[~assets.isin(self.assets_)]
        known = self.assets_.append(joined).rename("asset") if len(joined) else self.assets_
        placed = np.full((len(dates), len(known)), np.nan)
        placed[:, known.get_indexer(assets)] = values
        ahead = copy.copy(self)
        ahead._history = np.pad(self._history, ((0, 0), (0, len(joined))), constant_values=np.nan)
        ahead._used = np.pad(self._used, (0, len(joined)))
        ahead._log, ahead.assets_ = list(self._log), known
        ahead._advance(placed, dates)
        self.__dict__ = ahead.__dict__
        return self

    def transform(self, returns: Any) -> FactorReturns:
        """Factor returns of dates the results hold, or of later ones as `partial_fit` would give; the model stays.

        Parameters
        ----------
        returns : DataFrame
            All its dates held, or all after the last one seen.

        Returns
        -------
        FactorReturns
        """
        self._check_fitted()
        _, dates, _ = read_values(returns, "returns")
        if dates[0] > self.last_date_:
            return copy.copy(self).partial_fit(returns).factor_returns_
        check_held(dates, self.dates_)
        held = self.factor_returns_
        exposures = held.exposures.sel(date=dates) if held.exposures is not None else None
        return FactorReturns(held.returns.loc[dates], held.kinds, exposures, held.notes)

    def fit_transform(self, returns: Any, y: Any = None) -> FactorReturns:
        """`fit`, and the factor returns of its dates."""
        return self.fit(returns, y).factor_returns_

    @property
    def factor_returns_(self) -> FactorReturns:
        """Factor returns of the dates of the last call, their exposures and notes."""
        self._check_fitted()
        names = self._names()
        exposures = stepwise_exposures(tuple(self._steps), self.dates_, self.assets_, names)
        frame = pd.DataFrame(self._factors, self.dates_, names)
        return FactorReturns(
            frame,
            pd.Series("statistical", index=names),
            exposures,
            notes_of(self, self._factors, self._used, self._log),
        )

    @property
    def loadings_(self) -> pd.DataFrame:
        """Exposures for the first date not yet seen (asset, factor)."""
        self._check_fitted()
        made = np.full((len(self.assets_), self.n_factors), np.nan)
        if self._current is not None:
            made[self._current.places] = self._current.exposures
        return pd.DataFrame(made, self.assets_, self._names())

    @property
    def refits_(self) -> pd.DataFrame:
        """One row a refit, all since `fit`."""
        self._check_fitted()
        return pd.DataFrame(self._log).set_index("estimated_on")

    @property
    def excluded_(self) -> pd.DataFrame:
        """Assets that no refit used, and why."""
        self._check_fitted()
        reason = f"fewer than {self.min_history} returns, or only one value, within the window of every refit"
        return pd.DataFrame({"reason": reason}, index=self.assets_[~self._used], dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        """Tell scikit-learn whether `fit` was called."""
        return hasattr(self, "last_date_")

    def _advance(self, values: Array, dates: pd.DatetimeIndex) -> None:
        """Realise the factors of each date with the loadings in use, then refit where that is due."""
        past, recipe = len(self._history), recipe_of(self)
        panel = np.concatenate([self._history, values])
        self._factors = np.full((len(values), self.n_factors), np.nan)
        self._steps = [] if self._current is None else [Step(0, self._current.places, self._current.exposures)]
        for t, row in enumerate(values):
            found = None if self._current is None else self._current.realise(row)
            if found is not None:
                self._factors[t] = found
            self._seen += 1
            if self._seen >= self.min_dates and (self._seen - self.min_dates) % self.refit_every == 0:
                end = past + t + 1
                self._put(recipe.estimate(panel[self._first(end) : end], self._current), t + 1, dates[t])
        self._history = panel[self._first(len(panel)) :].copy()
        self.dates_, self.last_date_ = dates, dates[-1]

    def _put(self, loadings: PastLoadings | None, row: int, date: pd.Timestamp) -> None:
        """Use new loadings from a row on; the old ones stand where a refit had too few assets."""
        if loadings is not None:
            self._current = loadings
            self._used[loadings.places] = True
            self._log.append({"estimated_on": date, **loadings.report})
            self._steps.append(Step(row, loadings.places, loadings.exposures))

    def _first(self, end: int) -> int:
        return 0 if self.window is None else max(0, end - self.window)

    def _names(self) -> pd.Index:
        return pd.Index([f"PC{k + 1}" for k in range(self.n_factors)], name="factor")

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise NotFittedError("StatisticalFactors has not been fitted; call fit(returns) first.")
