"""The update of a saved model or store: continues it over new dates and lists the loadings that left their bands."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import span
from statefolio.commands.inputs import read_panel
from statefolio.commands.progress import Progress
from statefolio.commands.shared_options import PanelFiles
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.results import HALF_BAND
from statefolio.loadings.stores.store import LoadingsStore


@dataclass(frozen=True)
class UpdatedModel:
    """A model continued over new dates.

    Attributes
    ----------
    model : Path
        The file or the store.
    last_date : Timestamp
    dates : DatetimeIndex
        The new dates.
    joined : tuple of str
        The new assets.
    moved : DataFrame
        One row per loading whose new filtered mean is outside the 95 % band that was forecast before the new dates,
        the largest surprise first.
    """

    model: Path
    last_date: pd.Timestamp
    dates: pd.DatetimeIndex
    joined: tuple[str, ...]
    moved: pd.DataFrame


def update_model(model_file: Path, files: PanelFiles, progress: Progress) -> UpdatedModel:
    """Continue a saved model over the dates that it has not seen, and save it in place of the former one.

    Parameters
    ----------
    model_file
        A model that `statefolio loadings` saved. It is replaced whole or not at all.
    files
        Files with the new dates; earlier dates in them are ignored.
    progress
        Takes the number of new dates.
    """
    model = KalmanLoadings.load(model_file)
    updated = _continue(model, model_file, files, progress)
    if len(updated.dates):
        model.save(model_file)
    return updated


def update_store(path: Path, files: PanelFiles, progress: Progress) -> UpdatedModel:
    """Continue the model of a store over the dates that it has not seen, and append them: whole or not at all.

    Parameters
    ----------
    path
        A store of loadings; nobody else may write it meanwhile.
    files
        Files with the new dates; earlier dates in them are ignored.
    progress
        Takes the number of new dates.
    """
    store = LoadingsStore.open(path)
    with store.writing():
        model = store.model()
        updated = _continue(model, path, files, progress)
        if len(updated.dates):
            store.append(model)
    return updated


def _continue(model: LoadingsModel, place: Path, files: PanelFiles, progress: Progress) -> UpdatedModel:
    """Continue a model over the dates in the files that it has not seen."""
    seen, known = model.last_date_, {str(name) for name in model.assets_}
    before = model.next_
    inputs = read_panel(files)
    new = inputs.returns.index > seen
    dates = pd.DatetimeIndex(inputs.returns.index[new])
    if not len(dates):
        return UpdatedModel(place, seen, dates, (), moved_beyond(before, before["mean"]))
    progress.say(f"{len(dates):,} new dates, {span(dates)}.")
    model.partial_fit(inputs.returns[new], inputs.factors[new])
    moved = moved_beyond(before, model.loadings_["filtered"].isel(date=-1))
    joined = tuple(str(name) for name in model.assets_ if str(name) not in known)
    return UpdatedModel(place, model.last_date_, dates, joined, moved)


def moved_beyond(before: Any, now: Any) -> pd.DataFrame:
    """List the loadings outside the 95 % bands of their forecasts, the largest surprise first."""
    variances = np.diagonal(before["covariance"].to_numpy(), axis1=1, axis2=2)
    expected, error = before["mean"].to_numpy(), np.sqrt(variances)
    present = now.reindex(asset=before.indexes["asset"]).transpose("asset", "factor").to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        surprise = (present - expected) / error
    rows, columns = np.nonzero(np.abs(surprise) > HALF_BAND)
    half = HALF_BAND * error[rows, columns]
    table = pd.DataFrame(
        {
            "asset": before.indexes["asset"][rows],
            "factor": before.indexes["factor"][columns],
            "expected": expected[rows, columns],
            "lower": expected[rows, columns] - half,
            "upper": expected[rows, columns] + half,
            "now": present[rows, columns],
            "standard_errors": surprise[rows, columns],
        }
    )
    return table.sort_values("standard_errors", key=np.abs, ascending=False, ignore_index=True)
