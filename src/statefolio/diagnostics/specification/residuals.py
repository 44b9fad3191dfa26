"""Selects the residuals to test: a model's standardised innovations, or least-squares residuals."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import span
from statefolio._arrays.types import Array
from statefolio.diagnostics.blocks import block_starts
from statefolio.diagnostics.fitted_panel import FEWEST, FittedPanel, ensure_fitted
from statefolio.diagnostics.specification.jackknife import jackknife_residuals
from statefolio.diagnostics.specification.residual_correlation import Projection, project
from statefolio.exceptions import InputError
from statefolio.loadings.alignment import find_positions
from statefolio.loadings.base import LoadingsModel

BURN_IN = 60
"""First innovations of an asset that are left out, while its loadings are still uncertain."""


@dataclass(frozen=True, eq=False)
class Residuals:
    """Residuals prepared for tests of correlation, their assets, and the assets with too few of them."""

    projection: Projection
    assets: pd.Index
    excluded: pd.DataFrame


def select_residuals(
    model: LoadingsModel | None, kind: str, panel: FittedPanel, returns: Any, factors: Any, block_length: int
) -> Residuals:
    """Return least-squares residuals, or a model's innovations over their predicted standard deviations."""
    if model is None or kind == "least_squares":
        before = jackknife_residuals(panel.fit, panel.regressors, block_starts(len(panel.dates), block_length))
        return Residuals(project(panel.fit.residuals, panel.regressors, before), panel.assets, panel.excluded.iloc[:0])
    z = _standardised(ensure_fitted(model, returns, factors), panel)
    count = np.count_nonzero(~np.isnan(z), axis=0)
    few = (count < FEWEST) | ~((z**2 > 0.0).any(axis=0))
    reasons = [f"{n} innovations after the first {BURN_IN}, fewer than the {FEWEST} needed" for n in count[few]]
    excluded = pd.DataFrame({"reason": reasons}, index=panel.assets[few].rename("asset"), dtype=object)
    return Residuals(project(z[:, ~few], np.empty((len(z), 0))), panel.assets[~few], excluded)


def _standardised(model: LoadingsModel, panel: FittedPanel) -> Array:
    """Innovations over their predicted standard deviations on the panel's dates, the first of each asset left out."""
    found = model.innovations_
    dates = found.indexes["date"]
    rows = dates.get_indexer(panel.dates)
    if (rows < 0).all():
        raise InputError(
            f"returns must have dates in common with the model's results ({span(pd.DatetimeIndex(dates))}), got "
            f"{span(panel.dates)}. Pass those dates."
        )
    columns = find_positions(found.indexes["asset"], panel.assets, "asset")
    v, S = (found[name].to_numpy()[np.ix_(rows, columns)] for name in ("innovation", "innovation_variance"))
    with np.errstate(divide="ignore", invalid="ignore"):
        z: Array = v / np.sqrt(S)
    z[rows < 0] = np.nan
    z[~np.isfinite(z)] = np.nan
    z[np.cumsum(~np.isnan(z), axis=0) <= BURN_IN] = np.nan
    return z
