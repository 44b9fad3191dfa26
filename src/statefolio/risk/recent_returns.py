"""Provides the base class of covariances that are estimated from recent returns without factors."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from statefolio._arrays.dates import rows_until
from statefolio._arrays.frames import read_values
from statefolio._arrays.text import show
from statefolio._arrays.types import Array
from statefolio._estimator import Estimator
from statefolio._options import Number, Rule, Whole, check_options
from statefolio.exceptions import InputError, NotFittedError
from statefolio.risk.full_rank import check_count, full_rank_covariance, to_correlations
from statefolio.risk.low_rank import LowRankCovariance
from statefolio.risk.nonlinear_shrinkage import quadratic_shrinkage
from statefolio.risk.residual import CAP

LARGEST = 20.0
"""Returns are capped at this many times their median size over .6745, so that one misprint is not the variance."""
_MEDIAN_OF_GAUSSIAN = 0.6745
_LEAST_EIGENVALUE = 1e-4
HALF_LIFE = Number(above=0.0, infinite=True, example=40)


class RecentReturns(Estimator):
    """Base class of covariances of recent returns: volatilities times correlations, of full rank.

    Everything is estimated from the last `window` dates, so that continuing equals fitting anew. There are no factors:
    `factors_` is empty.
    """

    RULES: ClassVar[Mapping[str, Rule]] = {
        "window": Whole(at_least=2, example=1260),
        "min_observations": Whole(at_least=2, example=252),
    }
    window: int
    min_observations: int
    covariance_: LowRankCovariance
    assets_: pd.Index
    last_date_: pd.Timestamp

    def fit(self, returns: Any, factors: Any = None, tune_until: Any = None) -> Self:  # noqa: ARG002 - as FactorRisk
        """Estimate from returns.

        Parameters
        ----------
        returns : DataFrame (date x asset)
            Excess returns in decimals, NaN where missing.
        factors : optional
            Not used.
        tune_until : date, optional
            Checked and not used: everything is estimated anew on the window of every update, so there are no
            hyper-parameters that could have seen later dates.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If an option or the data are invalid, no asset has enough returns, or there are more than 1,500.
        """
        check_options(self, self.RULES)
        frame = _frame(returns, "returns")
        rows_until(pd.DatetimeIndex(frame.index), tune_until)
        self.__dict__.pop("last_date_", None)
        self._set(frame.iloc[-self.window :])
        return self

    def partial_fit(self, new_returns: Any, new_factors: Any = None) -> Self:  # noqa: ARG002 - as FactorRisk
        """Continue over later dates; the result equals fitting all dates at once. Assets may join."""
        self._check_fitted()
        new = _frame(new_returns, "new_returns")
        if new.index[0] <= self.last_date_:
            raise InputError(
                f"new_returns must have dates after {show(self.last_date_)}, the last date of the fit, got "
                f"{show(new.index[0])}. Pass new dates only."
            )
        joined = new.columns[~new.columns.isin(self._recent.columns)]
        columns = self._recent.columns.append(joined)
        self._set(pd.concat([self._recent, new]).reindex(columns=columns).iloc[-self.window :])
        return self

    def covariance_frame(self) -> pd.DataFrame:
        """Return the covariance as a DataFrame (asset x asset)."""
        self._check_fitted()
        return pd.DataFrame(self.covariance_.dense(), index=self.assets_, columns=self.assets_)

    def __sklearn_is_fitted__(self) -> bool:
        """Report to scikit-learn whether `fit` was called."""
        return hasattr(self, "last_date_")

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise NotFittedError(f"{type(self).__name__} has not been fitted. Call fit first.")

    def _set(self, recent: pd.DataFrame) -> None:
        """Estimate from the dates of the window and keep them; if that fails, nothing changes."""
        capped = _capped(recent)
        kept = self._with_enough(capped)
        check_count(int(np.count_nonzero(kept)), type(self).__name__)
        if not kept.any():
            most = int(capped.notna().sum().max()) if capped.shape[1] else 0
            raise InputError(
                f"returns must have an asset with at least {self.min_observations} known, changing returns within the "
                f"last {self.window} dates, got at most {most}. Pass more dates, or a smaller min_observations."
            )
        found = full_rank_covariance(self._estimate(capped.loc[:, kept]))
        self.covariance_, self.assets_, self._recent = found, recent.columns[kept], recent
        self.factors_ = pd.Index([], dtype=object)
        self.excluded_ = pd.DataFrame({"reason": "too few returns"}, index=recent.columns[~kept])
        self.last_date_ = recent.index[-1]

    def _with_enough(self, capped: pd.DataFrame) -> Any:
        return (capped.notna().sum() >= self.min_observations).to_numpy() & (capped.abs().max() > 0.0).to_numpy()

    def _estimate(self, capped: pd.DataFrame) -> Array:
        """Covariance matrix from capped returns."""
        raise NotImplementedError


def shrunk_correlations(standardised: Array, weights: Array, shrink: bool = True) -> Array:
    """Correlations of columns over their common dates, with non-linear shrinkage.

    Parameters
    ----------
    standardised : (T, N) array
        NaN where missing; values beyond 4 are capped.
    weights : (T,) array
        Weights of the dates.
    shrink : bool
        Shrink the eigenvalues by `quadratic_shrinkage`; the number of dates is (sum w)^2 / sum w^2 times the share of
        values that are known.
    """
    seen = ~np.isnan(standardised)
    z = np.where(seen, np.clip(standardised, -CAP, CAP), 0.0)
    moment, weight = (z.T * weights) @ z, (seen.T * weights) @ seen
    found = to_correlations(moment / np.where(weight > 0.0, weight, 1.0))
    if shrink:
        dates = weights.sum() ** 2 / (weights**2).sum() * seen.mean()
        found = to_correlations(quadratic_shrinkage(found, dates))
    return found if shrink else positive_definite(found)


def positive_definite(correlations: Array) -> Array:
    """Raise eigenvalues to 1e-4 at least; the same matrix where none is smaller."""
    values, vectors = np.linalg.eigh(correlations)
    if values[0] >= _LEAST_EIGENVALUE:
        return correlations
    return to_correlations((vectors * np.maximum(values, _LEAST_EIGENVALUE)) @ vectors.T)


def _frame(table: Any, name: str) -> pd.DataFrame:
    values, dates, columns = read_values(table, name)
    return pd.DataFrame(values, index=dates, columns=columns)


def _capped(frame: pd.DataFrame) -> pd.DataFrame:
    size = frame.abs().median()
    most = (LARGEST / _MEDIAN_OF_GAUSSIAN) * size.where(size > 0.0)
    return frame.clip(-most, most, axis=1)
