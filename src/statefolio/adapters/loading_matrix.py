"""Kalman loadings in skfolio's own time-series factor model."""

from typing import Any, Self

from skfolio.prior import BaseLoadingMatrix
from sklearn.base import clone

from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio.adapters.frames import dated_frames
from statefolio.exceptions import DataTypeError, InputError
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.kalman_loadings import KalmanLoadings


class KalmanLoadingMatrix(BaseLoadingMatrix):
    """Loadings predicted for the next date, as the loading matrix of skfolio's `TimeSeriesFactorModel`.

    That model takes loadings as known and measures idiosyncratic variances around them over the whole past:
    neither the loadings' uncertainty nor that they moved is carried on, and every return must be there.
    `KalmanFactorPrior` does both and takes gaps.

    Parameters
    ----------
    loadings : LoadingsModel, optional
        Unfitted; it is cloned. Default: ``KalmanLoadings()``.

    Attributes
    ----------
    loading_matrix_ : (N, K) array
        Mean of the loadings for the first date not yet seen.
    intercepts_ : (N,) array
        Mean of alpha for that date; zero for a model without intercept.
    model_ : LoadingsModel
        The fitted model.
    """

    loading_matrix_: Array
    intercepts_: Array

    def __init__(self, loadings: LoadingsModel | None = None) -> None:
        self.loadings = loadings

    def fit(self, X: Any, y: Any, **fit_params: Any) -> Self:
        """Fit the loadings of assets on factors.

        Parameters
        ----------
        X : DataFrame or array (T, N)
            Returns of the assets.
        y : DataFrame or array (T, K)
            Returns of the factors.
        **fit_params
            None are known.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If an asset's loadings cannot be told from its returns: it is named.
        """
        if fit_params:
            raise InputError(f"fit was given {listed(list(fit_params))}; X and y alone were expected. Leave it out.")
        returns, factors = dated_frames(X, y)
        model = unfitted(self.loadings).fit(returns, factors)
        mean = model.next_["mean"].to_numpy()
        unknown = ~_finite_rows(mean)
        if unknown.any():
            raise InputError(
                f"{unknown.sum()} assets have loadings that cannot be told from their returns "
                f"({listed(list(model.assets_[unknown]))}); more observed dates than loadings were expected. "
                "Leave those assets out, or use KalmanFactorPrior, which marks them as not investable."
            )
        first = int(model.intercept)
        self.model_ = model
        self.loading_matrix_ = mean[:, first:].copy()
        self.intercepts_ = mean[:, 0].copy() if first else 0.0 * mean[:, 0]
        return self


def unfitted(loadings: LoadingsModel | None) -> LoadingsModel:
    """Clone a model of loadings, or make the default one."""
    if loadings is None:
        return KalmanLoadings()
    if not isinstance(loadings, LoadingsModel):
        raise DataTypeError(
            f"loadings is a {type(loadings).__name__}; a model of loadings was expected. Pass e.g. KalmanLoadings()."
        )
    model: LoadingsModel = clone(loadings)
    return model


def _finite_rows(values: Array) -> Any:
    return (values == values).all(axis=1)
