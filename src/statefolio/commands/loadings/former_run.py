"""Compares a newly fitted model with the one of the run that it replaces."""

from pathlib import Path
from typing import Any

import numpy as np

from statefolio.commands.loadings.update import moved_beyond
from statefolio.exceptions import StatefolioError
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.report.chapters import Chapter
from statefolio.report.update_chapter import since_chapter


def former_next(model_file: Path) -> tuple[Any, Any] | None:
    """Return the last date and the forecast loadings of the model of a former run; None if it cannot be read."""
    if not model_file.is_file():
        return None
    try:
        former = KalmanLoadings.load(model_file)
        return former.last_date_, former.next_
    except StatefolioError:
        return None


def moves_since(former: tuple[Any, Any] | None, model: KalmanLoadings) -> list[Chapter]:
    """Return the chapter on what moved since a former run; none if the two do not have the same factors."""
    if former is None:
        return []
    since, before = former
    if since > model.last_date_ or set(before.indexes["factor"]) != set(model.factors_):
        return []
    now = model.loadings_["filtered"].isel(date=-1).reindex(factor=before.indexes["factor"])
    moved = moved_beyond(before, now)
    compared = int((np.isfinite(before["mean"]) & before["asset"].isin(model.assets_)).sum())
    return [since_chapter(moved, compared, since)]
