"""What residuals have in common: a few statistical factors, a factor a sector, or nothing."""

from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio._options import is_whole
from statefolio.exceptions import DataTypeError, InputError
from statefolio.risk.factor_analysis import FactorAnalysis, analyse, log_density
from statefolio.risk.recent_residuals import RecentResiduals

_HELD_OUT = 0.4
_FOLDS = 2
_STEPS_TO_CHOOSE = 15
_IN_VAIN = 3


class ResidualFactors(RecentResiduals):
    """A few statistical factors of the residuals by maximum likelihood, their number chosen on held-out dates.

    Standardised residuals are z = L f + u with f of unit variance and u uncorrelated; gaps and late listings are
    handled by the likelihood. The number is the one under which later dates, twice a fifth of those up to
    `tune_until`, are likeliest given earlier ones. Numbers are tried from none upwards, until three in a row are
    worse than the best so far.

    Parameters
    ----------
    count : int, optional
        Number of factors; by default chosen.
    half_life : float
        Of a date's weight, in dates.
    window : int
        Dates that count at all.
    largest : int
        Most factors to choose from.
    min_observations : int
        Residuals an asset needs within the window; with fewer it has no loadings.

    Attributes
    ----------
    loadings_ : DataFrame (asset x R)
        Such that z, of unit variance, has the correlations L L' off the diagonal. Factors are ordered by what they
        explain; the largest loading of each is positive.
    count_ : int
        R.
    held_out_ : Series
        Mean log-density a held-out residual by number of factors tried; empty where the number was given.

    References
    ----------
    Rubin and Thayer (1982), Psychometrika 47, 69-76, on the algorithm.
    """

    def __init__(
        self,
        count: int | None = None,
        half_life: float = 504.0,
        window: int = 1512,
        largest: int = 16,
        min_observations: int = 60,
    ) -> None:
        self.count = count
        self.half_life = half_life
        self.window = window
        self.largest = largest
        self.min_observations = min_observations

    def _check_options(self) -> None:
        super()._check_options()
        for name in ("count", "largest"):
            value = getattr(self, name)
            if value is not None and (not is_whole(value) or value < 0):
                raise InputError(f"{name}={value!r}; a whole number, 0 or more, was expected. Pass e.g. 5.")

    def _choose(self, residuals: pd.DataFrame) -> None:
        self.held_out_ = pd.Series(dtype=np.float64, index=pd.Index([], name="factors"))
        if self.count is not None:
            self.count_ = int(self.count)
            return
        values = residuals.to_numpy()
        values = values[:, (~np.isnan(values)).sum(axis=0) >= self.min_observations]
        fold = int(len(values) * _HELD_OUT / _FOLDS)
        most = min(self.largest, values.shape[1] // 3, fold)
        if most < 1:
            self.count_ = 0
            return
        scores: dict[int, float] = {}
        self.count_ = 0
        for tried, R in enumerate(candidates := _candidates(most)):
            scores[R] = self._held_out(values, fold, R)
            if scores[R] > scores[self.count_]:
                self.count_ = R
            if tried - candidates.index(self.count_) == _IN_VAIN:
                break
        self.held_out_ = pd.Series(scores).rename_axis("factors")

    def _held_out(self, values: Array, fold: int, count: int) -> float:
        density = 0.0
        seen = 0
        for later in range(_FOLDS, 0, -1):
            end = len(values) - later * fold
            known, held_out = values[max(0, end - self.window) : end], values[end : end + fold]
            found = analyse(known, self._weights(len(known)), count, _STEPS_TO_CHOOSE)
            density += float(log_density(found, held_out).sum())
            seen += int(np.count_nonzero(~np.isnan(held_out)))
        return density / max(seen, 1)

    def _loadings(self, residuals: pd.DataFrame) -> pd.DataFrame:
        names = [f"residual {r + 1}" for r in range(self.count_)]
        values = residuals.to_numpy()
        kept = np.count_nonzero(~np.isnan(values), axis=0) >= self.min_observations
        loadings = np.zeros((values.shape[1], self.count_))
        if kept.any() and self.count_ > 0:
            found = analyse(values[:, kept], self._weights(len(values)), self.count_)
            loadings[kept] = _in_order(_standardised(found))
        return pd.DataFrame(loadings, index=residuals.columns, columns=names)


class SectorBlocks(RecentResiduals):
    """A common residual factor a sector: residuals of the same sector are correlated, others are not.

    Each sector is a factor analysis of its own with one factor, so the correlations are positive semi-definite.

    Parameters
    ----------
    sectors : Series by asset
        Assets without one, and those of sectors with fewer than 3 assets, have no loadings.
    half_life, window, min_observations
        As for `ResidualFactors`.

    Attributes
    ----------
    loadings_ : DataFrame (asset x sector)
    """

    def __init__(
        self, sectors: pd.Series, half_life: float = 504.0, window: int = 1512, min_observations: int = 60
    ) -> None:
        self.sectors = sectors
        self.half_life = half_life
        self.window = window
        self.min_observations = min_observations

    def _check_options(self) -> None:
        super()._check_options()
        if not isinstance(self.sectors, pd.Series):
            raise DataTypeError(f"sectors is a {type(self.sectors).__name__}; a Series by asset was expected.")
        if not self.sectors.index.is_unique:
            again = self.sectors.index[self.sectors.index.duplicated()]
            raise InputError(f"sectors names assets twice ({listed(list(again))}); once was expected. Drop repeats.")

    def _loadings(self, residuals: pd.DataFrame) -> pd.DataFrame:
        known = residuals.columns[residuals.notna().sum() >= self.min_observations]
        sector_of = self.sectors.reindex(known).dropna()
        sizes = sector_of.value_counts()
        names = sorted(sizes.index[sizes >= 3], key=str)
        loadings = pd.DataFrame(0.0, index=residuals.columns, columns=pd.Index(names))
        weights = self._weights(len(residuals))
        for name in names:
            members = sector_of.index[sector_of == name]
            found = analyse(residuals[members].to_numpy(), weights, 1)
            loadings.loc[members, name] = _in_order(_standardised(found))[:, 0]
        return loadings


class NoStructure(BaseEstimator):
    """Residuals have nothing in common: the covariance is that of the factors and a diagonal."""

    def fit(self, residuals: pd.DataFrame, tune_until: Any = None) -> Self:  # noqa: ARG002 - nothing is tuned
        """Take the names of the assets, and nothing else."""
        self.loadings_ = pd.DataFrame(index=residuals.columns)
        return self

    def partial_fit(self, residuals: pd.DataFrame) -> Self:
        """As `fit`."""
        return self.fit(residuals)


def _candidates(most: int) -> list[int]:
    return [R for R in range(most + 1) if R <= 6 or R % 2 == 0]


def _standardised(found: FactorAnalysis) -> Array:
    """Loadings of the values over their standard deviations under the analysis."""
    L, psi = found
    standardised: Array = L / np.sqrt(np.einsum("nr,nr->n", L, L) + psi)[:, None]
    return standardised


def _in_order(loadings: Array) -> Array:
    """The same L L', columns orthogonal and ordered by their squares, the largest of each positive."""
    left, sizes, _ = np.linalg.svd(loadings, full_matrices=False)
    turned = np.zeros(loadings.shape)
    turned[:, : len(sizes)] = left * sizes
    largest = np.abs(turned).argmax(axis=0)
    sign = np.where(turned[largest, np.arange(len(largest))] < 0.0, -1.0, 1.0)
    ordered: Array = turned * sign
    return ordered
