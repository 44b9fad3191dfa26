"""Estimates the correlation of residuals: a few statistical factors, one factor per sector, or none."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio._estimator import Estimator
from statefolio._options import Kind, Rule, Whole
from statefolio.exceptions import InputError
from statefolio.risk.factor_analysis import FactorAnalysis, fit_factor_analysis, log_density
from statefolio.risk.recent_residuals import RecentResiduals

_HELD_OUT = 0.4
_FOLDS = 2
_STEPS_TO_CHOOSE = 15
_PATIENCE = 3


class ResidualFactors(RecentResiduals):
    """A few statistical factors of the residuals by maximum likelihood, their number chosen on held-out dates.

    Standardised residuals are z = L f + u with f of unit variance and u uncorrelated; the likelihood handles gaps and
    late listings. The number of factors maximises the likelihood of later dates, two folds of a fifth of the dates up
    to `tune_until`, given earlier ones. Numbers are tried from 0 upwards, until three in a row are worse than the best
    so far.

    Parameters
    ----------
    count : int, optional
        Number of factors; chosen by default.
    half_life : float
        Half-life of a date's weight, in dates.
    window : int
        Number of dates to use.
    largest : int
        Largest number of factors to try.
    min_observations : int
        Least number of residuals of an asset within the window; with fewer it has zero loadings.

    Attributes
    ----------
    loadings_ : DataFrame (asset x R)
        L, such that the correlations of z off the diagonal are L L'. Factors are in the order of the variance they
        explain; the largest loading of each is positive.
    count_ : int
        R.
    held_out_ : Series
        Mean log-density of a held-out residual by number of factors tried; empty where `count` was given.

    References
    ----------
    Rubin and Thayer (1982), Psychometrika 47, 69-76, on the algorithm.

    Examples
    --------
    Residuals of twelve assets with one common factor:

    >>> import numpy as np
    >>> import pandas as pd
    >>> import statefolio as sf
    >>> rng, dates = np.random.default_rng(0), pd.bdate_range("2020-01-01", periods=400)
    >>> common = rng.standard_normal((400, 1))
    >>> z = 0.6 * common + 0.8 * rng.standard_normal((400, 12))
    >>> found = sf.risk.ResidualFactors(half_life=1000).fit(pd.DataFrame(z, index=dates))
    >>> found.count_
    1
    >>> print(f"{found.loadings_['residual 1'].mean():.1f}")
    0.6

    Pass it to a risk model: `FactorRisk(residual_structure=ResidualFactors(count=3))`.
    """

    RULES: ClassVar[Mapping[str, Rule]] = {
        **RecentResiduals.RULES,
        "count": Whole(at_least=0, example=5) | None,
        "largest": Whole(at_least=0, example=16),
    }

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

    def _choose_count(self, residuals: pd.DataFrame) -> None:
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
            if tried - candidates.index(self.count_) == _PATIENCE:
                break
        self.held_out_ = pd.Series(scores).rename_axis("factors")

    def _held_out(self, values: Array, fold: int, count: int) -> float:
        density = 0.0
        seen = 0
        for later in range(_FOLDS, 0, -1):
            end = len(values) - later * fold
            known, held_out = values[max(0, end - self.window) : end], values[end : end + fold]
            found = fit_factor_analysis(known, self._weights(len(known)), count, _STEPS_TO_CHOOSE)
            density += float(log_density(found, held_out).sum())
            seen += int(np.count_nonzero(~np.isnan(held_out)))
        return density / max(seen, 1)

    def _loadings(self, residuals: pd.DataFrame) -> pd.DataFrame:
        names = [f"residual {r + 1}" for r in range(self.count_)]
        values = residuals.to_numpy()
        kept = np.count_nonzero(~np.isnan(values), axis=0) >= self.min_observations
        loadings = np.zeros((values.shape[1], self.count_))
        if kept.any() and self.count_ > 0:
            found = fit_factor_analysis(values[:, kept], self._weights(len(values)), self.count_)
            loadings[kept] = _ordered(_standardised(found))
        return pd.DataFrame(loadings, index=residuals.columns, columns=names)


class SectorBlocks(RecentResiduals):
    """One residual factor per sector: residuals of the same sector are correlated, others are not.

    Each sector is estimated by a factor analysis with one factor, so the correlations are positive semidefinite.

    Parameters
    ----------
    sectors : Series by asset
        Assets without a sector, and those of sectors with fewer than 3 assets, have zero loadings.
    half_life, window, min_observations
        As for `ResidualFactors`.

    Attributes
    ----------
    loadings_ : DataFrame (asset x sector)

    Examples
    --------
    >>> import pandas as pd
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> names = ["CVX", "XOM", "RRC", "JNJ", "MRK", "PFE"]
    >>> sectors = pd.Series(["energy"] * 3 + ["health"] * 3, index=names)
    >>> returns, factors = demo.returns[names].iloc[:500], demo.factors.iloc[:500]
    >>> structure = sf.risk.SectorBlocks(sectors)
    >>> risk = sf.risk.FactorRisk(sf.RollingLoadings(120), residual_structure=structure).fit(returns, factors)
    >>> risk.residual_loadings_.columns.tolist()
    ['energy', 'health']
    >>> correlated = risk.residual_loadings_ @ risk.residual_loadings_.T
    >>> bool(correlated.loc["CVX", "XOM"] > 0.0), bool(correlated.loc["CVX", "JNJ"] == 0.0)
    (True, True)
    """

    RULES: ClassVar[Mapping[str, Rule]] = {
        **RecentResiduals.RULES,
        "sectors": Kind(pd.Series, "a Series by asset", "pd.Series({'AAPL': 'Technology'})"),
    }

    def __init__(
        self, sectors: pd.Series, half_life: float = 504.0, window: int = 1512, min_observations: int = 60
    ) -> None:
        self.sectors = sectors
        self.half_life = half_life
        self.window = window
        self.min_observations = min_observations

    def _check_options(self) -> None:
        super()._check_options()
        if not self.sectors.index.is_unique:
            again = self.sectors.index[self.sectors.index.duplicated()]
            raise InputError(f"sectors must name each asset once, got {listed(list(again))} twice. Drop repeats.")

    def _loadings(self, residuals: pd.DataFrame) -> pd.DataFrame:
        known = residuals.columns[residuals.notna().sum() >= self.min_observations]
        sector_of = self.sectors.reindex(known).dropna()
        codes, sectors = pd.factorize(sector_of)
        sizes = np.bincount(codes, minlength=len(sectors))
        kept = sorted(np.flatnonzero(sizes >= 3).tolist(), key=lambda code: str(sectors[code]))
        names = [sectors[code] for code in kept]
        loadings = pd.DataFrame(0.0, index=residuals.columns, columns=pd.Index(names, tupleize_cols=False))
        weights = self._weights(len(residuals))
        for column, code in enumerate(kept):
            members = residuals.columns.get_indexer(sector_of.index[codes == code])
            found = fit_factor_analysis(residuals.to_numpy()[:, members], weights, 1)
            loadings.iloc[members, column] = _ordered(_standardised(found))[:, 0]
        return loadings


class NoStructure(Estimator):
    """No correlation between residuals: the covariance consists of the factors and a diagonal."""

    def fit(self, residuals: pd.DataFrame, tune_until: Any = None) -> Self:  # noqa: ARG002 - nothing is tuned
        """Read the names of the assets."""
        self.loadings_ = pd.DataFrame(index=residuals.columns)
        return self

    def partial_fit(self, residuals: pd.DataFrame) -> Self:
        """Read the names of the assets, as `fit`."""
        return self.fit(residuals)


def _candidates(most: int) -> list[int]:
    return [R for R in range(most + 1) if R <= 6 or R % 2 == 0]


def _standardised(found: FactorAnalysis) -> Array:
    """Loadings of the values divided by their standard deviations under the model."""
    L, psi = found
    standardised: Array = L / np.sqrt(np.einsum("nr,nr->n", L, L) + psi)[:, None]
    return standardised


def _ordered(loadings: Array) -> Array:
    """Rotate loadings, with the same L L': columns orthogonal, in the order of their norms, largest value positive."""
    left, sizes, _ = np.linalg.svd(loadings, full_matrices=False)
    turned = np.zeros(loadings.shape)
    turned[:, : len(sizes)] = left * sizes
    largest = np.abs(turned).argmax(axis=0)
    sign = np.where(turned[largest, np.arange(len(largest))] < 0.0, -1.0, 1.0)
    ordered: Array = turned * sign
    return ordered
