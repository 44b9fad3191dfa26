"""Defines `StatisticalFactors`: principal components estimated on past data alone, aligned through time."""

import copy
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio._arrays.frames import read_values
from statefolio._arrays.types import Array
from statefolio._plausible.reading import read_returns
from statefolio.factors.factor_returns import FactorReturns
from statefolio.factors.piecewise import Segment
from statefolio.factors.refit import RefitLoadings
from statefolio.factors.statistical_fitted import FittedFactors
from statefolio.factors.statistical_options import (
    check_in_results,
    check_later,
    check_panel,
    check_statistical_options,
    no_refit_error,
    refit_options,
)


class StatisticalFactors(FittedFactors):
    """Principal components of a panel with gaps and late listings; those of a date use earlier dates alone.

    Every `refit_every` dates the K leading components of the returns so far are estimated by least squares
    over the observed cells (`principal_components`), and rotated to be as close as possible to the mean of the
    loadings of all refits so far. On each date t until the next refit, the factor returns are the coefficients of a
    regression across assets of the returns observed at t on those loadings. They are therefore returns of portfolios
    whose weights are known before t.

    Scale: each factor's mean squared exposure over the assets of a refit is 1, so that a factor return is in
    decimals and has the size of its effect on an asset. Signs of the first refit: exposures sum to a positive number.

    Parameters
    ----------
    n_factors : int
        Number of factors K. See `count_factors`.
    window : int or None
        Number of past dates that a refit uses. None: all so far.
    half_life : float or None
        Number of dates after which the weight of a date halves; weights below 1e-12 are dropped. None: equal weights.
    refit_every : int
        Dates from one refit to the next.
    min_dates : int
        Dates before the first refit.
    min_history : int
        Returns that an asset needs within the window to be part of a refit.
    standardise : bool
        Divide returns by each asset's standard deviation in the window first (components of the correlation
        matrix, and regressions weighted by inverse variances). Otherwise components of the covariance matrix.
    alignment : {"rotation", "assignment", "none"}
        Alignment of a refit with earlier ones: by any rotation (Procrustes), by order and signs only, or
        by signs only. Rotated components span the same space, are no longer uncorrelated, and keep their identity
        where the variances of neighbouring components are close.
    tolerance : float
    max_iterations : int
        Options of `principal_components`.

    Attributes
    ----------
    factor_returns_ : FactorReturns
        Factor returns of the dates of the last call; NaN before the first refit (`complete()` drops those dates).
    loadings_ : DataFrame (asset, factor)
        For the first date not yet seen; NaN for assets without enough history.
    refits_ : DataFrame
        One row per refit, by the date on which it was estimated: assets, dates, explained (share of the variance of
        the observed returns, standardised by default), overlap (mean cosine of the angles between this refit's space
        and the last one's), iterations, converged.
    excluded_ : DataFrame
        Assets that no refit used, and the reason.

    Examples
    --------
    >>> import statefolio as sf
    >>> from statefolio.factors import StatisticalFactors
    >>> returns = sf.load_demo().returns.loc["2020":]
    >>> model = StatisticalFactors(n_factors=2, refit_every=63).fit(returns)
    >>> model.refits_[["assets", "dates", "explained"]].round(2).head(2)
                  assets  dates  explained
    estimated_on
    2020-12-30        20    252       0.68
    2021-04-01        20    315       0.65

    The first component is the market:

    >>> factors = model.factor_returns_.complete().returns
    >>> market = sf.load_demo().factors["market"]
    >>> round(float(factors["PC1"].corr(market.reindex(factors.index))), 2)
    0.9
    """

    _history: Array
    _seen: int
    _current: RefitLoadings | None
    _factors: Array
    _segments: list[Segment]
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
            Invalid options, or a panel on which no date gets a factor return.

        Warns
        -----
        StatefolioWarning
            If returns are implausible, as `find_suspicious_cells` finds them.
        """
        check_statistical_options(self)
        values, dates, assets = read_returns(returns, "returns", still=False)
        check_panel(self, values)
        fresh = copy.copy(self)
        fresh._history, fresh._seen, fresh._current = values[:0], 0, None
        fresh.assets_ = assets.rename("asset")
        fresh._log, fresh._used = [], np.zeros(len(assets), dtype=np.bool_)
        fresh._advance(values, dates)
        if np.isnan(fresh._factors).all():
            raise no_refit_error(self, values)
        self.__dict__ = fresh.__dict__
        return self

    def partial_fit(self, new_returns: Any, y: Any = None) -> Self:  # noqa: ARG002
        """Continue over later dates, with refits on the same dates as in one fit; results then cover the new dates.

        Parameters
        ----------
        new_returns : DataFrame
            Dates after the last one seen. Assets may join; one that is absent counts as not observed.
        y : None
            Not used.

        Returns
        -------
        self

        Examples
        --------
        >>> import statefolio as sf
        >>> from statefolio.factors import StatisticalFactors
        >>> returns = sf.load_demo().returns
        >>> model = StatisticalFactors(n_factors=2, refit_every=63).fit(returns.loc["2020":"2021"])
        >>> model.partial_fit(returns.loc["2022"]).factor_returns_.returns.shape
        (249, 2)
        """
        self._check_fitted()
        values, dates, assets = read_returns(new_returns, "new_returns", still=False)
        check_later(dates, self.last_date_)
        joined = assets[~assets.isin(self.assets_)]
        known = self.assets_.append(joined).rename("asset") if len(joined) else self.assets_
        aligned = np.full((len(dates), len(known)), np.nan)
        aligned[:, known.get_indexer(assets)] = values
        ahead = copy.copy(self)
        ahead._history = np.pad(self._history, ((0, 0), (0, len(joined))), constant_values=np.nan)
        ahead._used = np.pad(self._used, (0, len(joined)))
        ahead._log, ahead.assets_ = list(self._log), known
        ahead._advance(aligned, dates)
        self.__dict__ = ahead.__dict__
        return self

    def transform(self, returns: Any) -> FactorReturns:
        """Return factor returns of dates in the results, or of later dates; the model does not change.

        Parameters
        ----------
        returns : DataFrame
            All its dates are in the results, or all are after the last one seen.

        Returns
        -------
        FactorReturns
        """
        self._check_fitted()
        _, dates, _ = read_values(returns, "returns")
        if dates[0] > self.last_date_:
            return copy.copy(self).partial_fit(returns).factor_returns_
        check_in_results(dates, self.dates_)
        result = self.factor_returns_
        exposures = result.exposures.sel(date=dates) if result.exposures is not None else None
        return FactorReturns(result.returns.loc[dates], result.kinds, exposures, result.notes)

    def fit_transform(self, returns: Any, y: Any = None) -> FactorReturns:
        """Fit, and return the factor returns of the dates."""
        return self.fit(returns, y).factor_returns_

    def _advance(self, values: Array, dates: pd.DatetimeIndex) -> None:
        """Compute the factor returns of each date with the loadings in use, then refit where a refit is due."""
        past, options = len(self._history), refit_options(self)
        panel = np.concatenate([self._history, values])
        self._factors = np.full((len(values), self.n_factors), np.nan)
        self._segments = []
        if self._current is not None:
            self._segments.append(Segment(0, self._current.columns, self._current.exposures))
        for t, row in enumerate(values):
            found = None if self._current is None else self._current.factor_returns(row)
            if found is not None:
                self._factors[t] = found
            self._seen += 1
            if self._seen >= self.min_dates and (self._seen - self.min_dates) % self.refit_every == 0:
                end = past + t + 1
                refit = options.estimate(panel[self._first(end) : end], self._current)
                self._use(refit, t + 1, dates[t])
        self._history = panel[self._first(len(panel)) :].copy()
        self.dates_, self.last_date_ = dates, dates[-1]

    def _use(self, loadings: RefitLoadings | None, row: int, date: pd.Timestamp) -> None:
        """Use new loadings from a row on; keep the old ones where a refit had too few assets."""
        if loadings is not None:
            self._current = loadings
            self._used[loadings.columns] = True
            self._log.append({"estimated_on": date, **loadings.report})
            self._segments.append(Segment(row, loadings.columns, loadings.exposures))

    def _first(self, end: int) -> int:
        return 0 if self.window is None else max(0, end - self.window)
