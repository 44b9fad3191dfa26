"""Finds the assets for which no covariance can be estimated, with the reason."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.types import Array

_TINY = 1e-14


def find_excluded(
    assets: pd.Index, observed: NDArray[np.integer[Any]], needed: int, covariance: Array, noise: Array
) -> pd.DataFrame:
    """Find the assets that a covariance leaves out.

    Parameters
    ----------
    assets : Index
        N names.
    observed : (N,) array
        Number of returns of each asset; at least `needed` are required.
    covariance : (N, J, J) array
        Covariance of the loadings on the next date, NaN where the data do not determine them.
    noise : (N,) array
        Observation variances on the next date.

    Returns
    -------
    DataFrame
        Index asset, column reason.
    """
    undetermined = ~np.isfinite(covariance).all(axis=(1, 2))
    unknown = ~np.isfinite(noise)
    still = ~(noise > _TINY)
    reasons = np.full(len(assets), "", dtype=object)
    reasons[still] = "no idiosyncratic variance: its returns are constant, or the factors explain them exactly"
    reasons[unknown] = "no idiosyncratic variance is known"
    reasons[undetermined] = "its loadings are not determined: too few returns, or factors collinear on their dates"
    short = observed < needed
    reasons[short] = [f"{count} returns were observed, {needed} are needed" for count in observed[short]]
    out = reasons != ""
    return pd.DataFrame({"reason": reasons[out]}, index=assets[out].rename("asset"))
