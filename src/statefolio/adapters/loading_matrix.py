"""Defines `KalmanLoadingMatrix`: predicted loadings for skfolio's time-series factor model."""

from typing import Any, Self

from skfolio.prior import BaseLoadingMatrix

from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio._estimator import clone
from statefolio._options import Kind, check
from statefolio.adapters.frames import dated_frames
from statefolio.exceptions import InputError
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.kalman_loadings import KalmanLoadings


class KalmanLoadingMatrix(BaseLoadingMatrix):
    """Loadings predicted for the next date, as the loading matrix of skfolio's `TimeSeriesFactorModel`.

    That model treats loadings as known and constant when it estimates idiosyncratic variances over the whole past, and
    it needs every return. `KalmanFactorPrior` includes the loadings' uncertainty and their movement, and allows gaps.

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

    Examples
    --------
    >>> import statefolio as sf
    >>> from statefolio.adapters import KalmanLoadingMatrix
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns[["AAPL", "KO"]], demo.factors[["market", "value"]]
    >>> matrix = KalmanLoadingMatrix(sf.KalmanLoadings(tuning="discount")).fit(returns, factors)
    >>> matrix.loading_matrix_.round(2).tolist()
    [[1.27, -0.69], [0.59, 0.03]]
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
            Not used; any raises InputError.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If the loadings of an asset are not identified; the message names it.
        """
        if fit_params:
            raise InputError(f"fit must be called with X and y alone, got {listed(list(fit_params))}. Leave it out.")
        returns, factors = dated_frames(X, y)
        model = unfitted(self.loadings).fit(returns, factors)
        mean = model.next_["mean"].to_numpy()
        unknown = ~_finite_rows(mean)
        if unknown.any():
            raise InputError(
                f"X must have more observed dates than loadings for every asset, got {unknown.sum()} assets with too "
                f"few ({listed(list(model.assets_[unknown]))}). Leave those assets out, or use KalmanFactorPrior, "
                "which marks them as not investable."
            )
        first = int(model.intercept)
        self.model_ = model
        self.loading_matrix_ = mean[:, first:].copy()
        self.intercepts_ = mean[:, 0].copy() if first else 0.0 * mean[:, 0]
        return self


def unfitted(loadings: LoadingsModel | None) -> LoadingsModel:
    """Clone a model of loadings; None gives the default model."""
    if loadings is None:
        return KalmanLoadings()
    check("loadings", loadings, Kind(LoadingsModel, "a model of loadings", "KalmanLoadings()"))
    model: LoadingsModel = clone(loadings)
    return model


def _finite_rows(values: Array) -> Any:
    return (values == values).all(axis=1)
