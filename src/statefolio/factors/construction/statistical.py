"""Statistical factors: principal components estimated on the past alone, aligned through time."""

import copy
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator

from statefolio._arrays import Array, listed, read_values, show, span
from statefolio.exceptions import InputError, NotFittedError
from statefolio.factors.construction.factor_returns import FactorReturns
from statefolio.factors.construction.orientation import ALIGNMENTS
from statefolio.factors.construction.past_loadings import PastLoadings, Recipe
from statefolio.factors.construction.stepwise import Step, stepwise_exposures

_NUMBERS = (int, float, np.integer, np.floating)


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
        self._check_options()
        values, dates, assets = read_values(returns, "returns")
        self._check_panel(values)
        fresh = copy.copy(self)
        fresh._history, fresh._seen, fresh._current = values[:0], 0, None
        fresh.assets_ = assets.rename("asset")
        fresh._log, fresh._used = [], np.zeros(len(assets), dtype=np.bool_)
        fresh._advance(values, dates)
        if np.isnan(fresh._factors).all():
            raise self._nothing_fitted(values)
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
        if dates[0] <= self.last_date_:
            raise InputError(
                f"new_returns has dates {span(dates)}; dates after {show(self.last_date_)}, the last one seen, were "
                f"expected. Use new_returns[new_returns.index > {show(self.last_date_)!r}], or fit again."
            )
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
        if not dates.isin(self.dates_).all():
            raise InputError(
                f"returns has dates {span(dates)}; dates among those held ({span(self.dates_)}), or all after them, "
                "were expected. Split them there, or fit again."
            )
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
        return FactorReturns(frame, pd.Series("statistical", index=names), exposures, self._notes())

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
        names = self.assets_[~self._used]
        return pd.DataFrame({"reason": reason}, index=names, dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        """Tell scikit-learn whether `fit` was called."""
        return hasattr(self, "last_date_")

    def _advance(self, values: Array, dates: pd.DatetimeIndex) -> None:
        """Realise the factors of each date with the loadings in use, then refit where that is due."""
        past, recipe = len(self._history), self._recipe()
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

    def _recipe(self) -> Recipe:
        return Recipe(
            self.n_factors,
            self.half_life,
            self.min_history,
            self.standardise,
            self.alignment,
            self.tolerance,
            self.max_iterations,
        )

    def _names(self) -> pd.Index:
        return pd.Index([f"PC{k + 1}" for k in range(self.n_factors)], name="factor")

    def _notes(self) -> tuple[str, ...]:
        notes = [
            "Principal components of the returns before each date, "
            f"{'standardised' if self.standardise else 'not standardised'}, alignment {self.alignment!r}; "
            "mean squared exposure 1."
        ]
        unknown = int(np.isnan(self._factors[:, 0]).sum())
        if unknown:
            notes.append(f"{unknown} dates have no factor returns: before the first refit, or too few assets observed.")
        if not self._used.all():
            notes.append(f"No refit used {listed(list(self.assets_[~self._used]))}: too short a history, or constant.")
        failed = sum(not entry["converged"] for entry in self._log)
        if failed:
            notes.append(f"{failed} of {len(self._log)} refits stopped after {self.max_iterations} iterations.")
        return tuple(notes)

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise NotFittedError("StatisticalFactors has not been fitted; call fit(returns) first.")

    def _check_options(self) -> None:
        for name, least in (("n_factors", 1), ("refit_every", 1), ("min_dates", 2), ("min_history", 2)):
            value = getattr(self, name)
            if not _is(value, int, np.integer) or value < least:
                raise InputError(f"{name}={value!r}; a whole number from {least} on was expected. Pass e.g. 21.")
        if self.alignment not in ALIGNMENTS:
            raise InputError(f"alignment={self.alignment!r}; one of {', '.join(map(repr, ALIGNMENTS))} was expected.")
        if self.min_history < self.n_factors + 2 or self.min_dates < self.min_history:
            raise InputError(
                f"min_dates={self.min_dates}, min_history={self.min_history}, n_factors={self.n_factors}; min_history "
                "from n_factors + 2 on and min_dates from min_history on were expected. Use fewer factors."
            )
        if self.window is not None and (not _is(self.window, int, np.integer) or self.window < self.min_history):
            raise InputError(
                f"window={self.window!r}; None or a number of dates from min_history={self.min_history} on was "
                "expected. Pass e.g. 504."
            )
        if self.half_life is not None and (not _is(self.half_life, *_NUMBERS) or not self.half_life > 0.0):
            raise InputError(
                f"half_life={self.half_life!r}; None or a positive number of dates was expected. Pass e.g. 252."
            )

        if not _is(self.max_iterations, int, np.integer) or self.max_iterations < 1:
            raise InputError(f"max_iterations={self.max_iterations!r}; a whole number from 1 on was expected.")
        if not _is(self.tolerance, *_NUMBERS) or not self.tolerance > 0.0:
            raise InputError(f"tolerance={self.tolerance!r}; a positive number was expected. Pass e.g. 1e-5.")

    def _check_panel(self, values: Array) -> None:
        dates, assets = values.shape
        if assets <= self.n_factors:
            raise InputError(
                f"returns has {assets} assets for n_factors={self.n_factors}; more assets than factors were expected. "
                "Use fewer factors."
            )
        if dates <= self.min_dates:
            raise InputError(
                f"returns has {dates} dates; more than min_dates={self.min_dates} were expected. Pass more dates, or a "
                "smaller min_dates (and min_history)."
            )

    def _nothing_fitted(self, values: Array) -> InputError:
        most = int(np.count_nonzero(~np.isnan(values), axis=0).max())
        return InputError(
            f"returns gave no refit that could be used: {self.n_factors + 1} assets that vary and have min_history="
            f"{self.min_history} returns in a window were expected before the last date, and that many assets on "
            f"a later one (most returns of an asset: {most}). Use fewer factors or a smaller min_history."
        )


def _is(value: Any, *kinds: type) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)
