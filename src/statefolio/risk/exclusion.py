"""Finds the assets for which no covariance can be estimated, with the reason."""

import warnings

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio.exceptions import StatefolioWarning
from statefolio.risk.track_record import TrackRecord

_IMPLAUSIBLE = "its idiosyncratic variance is far below its own forecast errors, as of a price that mostly stands still"
_STILL = "its price stands still on most dates, and the other returns tell too little of a day"


def find_excluded(
    record: TrackRecord, needed: int, covariance: Array, noise: Array, given: bool, omega: Array
) -> pd.DataFrame:
    """Find the assets that a covariance leaves out.

    Parameters
    ----------
    record : TrackRecord
        Of N assets; at least `needed` returns of each are required.
    covariance : (N, J, J) array
        Covariance of the loadings on the next date, NaN where the data do not determine them.
    noise : (N,) array
        Observation variances on the next date.
    given : bool
        They are the caller's, and are not judged.
    omega : (K, K) array
        Covariance of the factors, for the condition number in the reason.

    Returns
    -------
    DataFrame
        Index asset, column reason.
    """
    observed, assets = record.observed.to_numpy(), record.sums.index
    reasons = np.full(len(assets), "", dtype=object)
    if not given:
        reasons[record.implausible(noise)] = _IMPLAUSIBLE
        reasons[record.still] = _STILL
        reasons[record.variance == 0.0] = "no idiosyncratic variance: its returns are constant"
    reasons[~np.isfinite(noise)] = "no idiosyncratic variance is known"
    undetermined = ~np.isfinite(covariance).all(axis=(1, 2))
    reasons[undetermined] = (
        "its loadings are not determined: too few returns, or factors collinear on their dates (condition number of "
        f"the factors {_condition_number(omega):.2g})"
    )
    short = observed < needed
    reasons[short] = [f"{count} returns were observed, {needed} are needed" for count in observed[short]]
    out = reasons != ""
    return pd.DataFrame({"reason": reasons[out]}, index=assets[out].rename("asset"))


def _condition_number(omega: Array) -> float:
    """Condition number of factors in units of their standard deviations."""
    size = np.sqrt(np.diag(omega))
    if not (size > 0.0).all():
        return np.inf
    values = np.linalg.eigvalsh(omega / np.outer(size, size))
    return float(np.sqrt(values[-1] / values[0])) if values[0] > 0.0 else np.inf


def warn_of_implausible(excluded: pd.DataFrame) -> None:
    """Name the assets that are left out because their variance cannot be right."""
    for reason in (_IMPLAUSIBLE, _STILL):
        names = excluded.index[excluded["reason"] == reason]
        if len(names):
            warnings.warn(
                f"FactorRisk leaves out {listed(list(names))}: {reason}. Set returns to NaN where the price was not "
                "renewed, or leave the asset out.",
                StatefolioWarning,
                stacklevel=4,
            )
