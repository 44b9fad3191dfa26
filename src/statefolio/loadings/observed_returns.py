"""Leaves stale and absurd returns out of what a filter sees, and says which assets this concerns."""

import warnings

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.panel import Panel
from statefolio._arrays.text import listed, show
from statefolio._arrays.types import Array
from statefolio.exceptions import StatefolioWarning
from statefolio.kalman.specification import FilterPaths
from statefolio.kalman.stale_returns import Marks, Watch, watch_returns
from statefolio.kalman.tuning import NO_RESIDUAL
from statefolio.kalman.tuning_spec import Learned

_MANY = 20
"""Stale returns of an asset, and their share, from which a warning names it: a few are ordinary."""
_MANY_SHARE = 0.02


def observed_returns(Y: Array, watch: Watch) -> tuple[Array, Marks]:
    """Return Y with NaN for returns that count as not observed, and the marks; `watch` is moved past its dates."""
    marks = watch_returns(Y, watch)
    return (np.where(marks.unobserved, np.nan, Y) if marks.unobserved.any() else Y), marks


def write_constants(paths: FilterPaths, returns: Array, constant: NDArray[np.bool_], intercept: bool) -> None:
    """Write the loadings of assets that are constant so far: alpha is their return, all else zero, without error.

    An asset without an alpha has these loadings where it returns zero.
    """
    if not paths.mean.shape[0] or not constant.any():
        return
    first = np.argmax(np.isfinite(returns), axis=0)
    alpha = returns[first, np.arange(returns.shape[1])]
    known = constant & np.isnan(paths.mean[:, 0, : alpha.size]) & (intercept | (alpha == 0.0))
    rows, columns = np.nonzero(known)
    paths.mean[rows, :, columns] = 0.0
    paths.variance[rows, :, columns] = 0.0
    if intercept:
        paths.mean[rows, 0, columns] = alpha[columns]


def warn_of_unobserved(panel: Panel, marks: Marks, learned: Learned) -> None:
    """Warn by name of assets with absurd returns, with many stale ones, and without a residual."""
    count = len(panel.assets)
    many = np.zeros(count, dtype=bool)
    if marks.unobserved.any():
        absurd, unobserved = marks.absurd[:, :count], marks.unobserved[:, :count]
        _warn_of_absurd(panel, absurd)
        stale, seen = (unobserved & ~absurd).sum(axis=0), np.isfinite(panel.returns).sum(axis=0)
        many = (stale > _MANY) & (stale > _MANY_SHARE * seen)
        if many.any():
            rows = np.flatnonzero(many).tolist()
            names = [f"{panel.assets[i]} ({stale[i]} of {seen[i]} dates)" for i in rows]
            _warn(
                f"returns of {listed(names)} stand still. Those dates count as missing, so that they teach no "
                "variance. Check whether the asset is delisted, suspended or padded, and leave it out if so."
            )
    none = (learned.reason[:count] == NO_RESIDUAL) & ~many
    if none.any():
        _warn(
            f"returns of {listed(panel.assets[none].tolist())} have hardly a residual: they are a combination of the "
            "factors. They are left out of what the panel shares. Drop funds on the factors."
        )


def _warn_of_absurd(panel: Panel, absurd: NDArray[np.bool_]) -> None:
    if absurd.any():
        rows, columns = np.nonzero(absurd)
        _warn(
            f"returns has {len(rows)} cells a million times the usual size (first: {panel.assets[int(columns[0])]!r} "
            f"on {show(panel.dates[rows[0]])}). They count as missing. Correct them."
        )


def _warn(message: str) -> None:
    warnings.warn(message, StatefolioWarning, stacklevel=5)
