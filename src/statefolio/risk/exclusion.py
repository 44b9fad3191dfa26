"""Which assets have no covariance, and why."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statefolio._arrays.types import Array

_TINY = 1e-14


def excluded_assets(
    assets: pd.Index, observed: NDArray[np.integer[Any]], needed: int, covariance: Array, noise: Array
) -> pd.DataFrame:
    """Assets that a covariance leaves out.

    Parameters
    ----------
    assets : Index
        N names.
    observed : (N,) array
        Returns seen of each, `needed` at least.
    covariance : (N, J, J) array
        Of the loadings on the next date, NaN where the data do not determine them.
    noise : (N,) array
        Observation variances on the next date.

    Returns
    -------
    DataFrame
        By asset: reason.
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
