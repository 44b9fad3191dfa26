"""The update of a saved model or store: continues it over new dates and lists the loadings that left their bands."""

import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import counted, span
from statefolio._writing import write_whole
from statefolio.commands.inputs import PanelInputs, read_panel
from statefolio.commands.loadings.tables import write_loadings
from statefolio.commands.progress import Progress
from statefolio.commands.shared_options import PanelFiles
from statefolio.exceptions import InputError
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.results import HALF_BAND
from statefolio.loadings.stores.store import LoadingsStore
from statefolio.report import write_report
from statefolio.report.loadings_overview import data_light
from statefolio.report.update_chapter import (
    UpdateResults,
    innovations_of,
    update_answer,
    update_chapter,
    update_lights,
    update_tiles,
)

RISK_FREE = "risk_free"
"""Name of the note in a model file that says which column was subtracted; empty for none."""


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
    loadings : int
        Number of loadings compared.
    """

    model: Path
    last_date: pd.Timestamp
    dates: pd.DatetimeIndex
    joined: tuple[str, ...]
    moved: pd.DataFrame
    loadings: int = 0


def update_model(model_file: Path, files: PanelFiles, progress: Progress, *, force: bool = False) -> UpdatedModel:
    """Continue a saved model over the dates that it has not seen, and save it in place of the former one.

    Next to the model, the loadings of the new dates, a short report and a backup of the former model are written.

    Parameters
    ----------
    model_file
        A model that `statefolio loadings` saved. It is replaced whole or not at all.
    files
        Files with the new dates; earlier dates in them are ignored.
    progress
        Takes the number of new dates.
    force
        Accept returns that look like percent or prices, and another risk-free rate than the model's.

    Raises
    ------
    InputError
        If returns look like percent or prices, or another risk-free rate is subtracted than the model was fitted with.
    """
    model = KalmanLoadings.load(model_file)
    files = with_known_rate(files, model, progress, force=force)
    updated, inputs = _continue(model, model_file, files, progress, force=force)
    if len(updated.dates):
        _write(model, model_file, updated, inputs)
    return updated


def update_store(path: Path, files: PanelFiles, progress: Progress, *, force: bool = False) -> UpdatedModel:
    """Continue the model of a store over the dates that it has not seen, and append them: whole or not at all.

    Parameters
    ----------
    path
        A store of loadings; nobody else may write it meanwhile.
    files
        Files with the new dates; earlier dates in them are ignored.
    progress
        Takes the number of new dates.
    force
        Accept returns that look like percent or prices.
    """
    store = LoadingsStore.open(path)
    with store.writing():
        model = store.model()
        updated, _ = _continue(model, path, files, progress, force=force)
        if len(updated.dates):
            store.append(model)
    return updated


def _continue(
    model: LoadingsModel, place: Path, files: PanelFiles, progress: Progress, *, force: bool
) -> tuple[UpdatedModel, PanelInputs]:
    """Continue a model over the dates in the files that it has not seen."""
    seen, known = model.last_date_, {str(name) for name in model.assets_}
    before = model.next_
    inputs = read_panel(files, insist=force)
    new = inputs.returns.index > seen
    dates = pd.DatetimeIndex(inputs.returns.index[new])
    if not len(dates):
        return UpdatedModel(place, seen, dates, (), moved_beyond(before, before["mean"])), inputs
    progress.say(f"{counted(len(dates), 'new date')}, {span(dates)}.")
    model.partial_fit(inputs.returns[new], inputs.factors[new])
    moved = moved_beyond(before, model.loadings_["filtered"].isel(date=-1))
    joined = tuple(str(name) for name in model.assets_ if str(name) not in known)
    compared = int(np.isfinite(before["mean"].to_numpy()).sum())
    return UpdatedModel(place, model.last_date_, dates, joined, moved, compared), inputs


def with_known_rate(files: PanelFiles, model: KalmanLoadings, progress: Progress, *, force: bool) -> PanelFiles:
    """Subtract the risk-free rate that the model was fitted with; refuse another one unless forced."""
    known = getattr(model, "notes_", {}).get(RISK_FREE)
    if known is None or files.risk_free == (known or None) or (force and files.risk_free is not None):
        return files
    if files.risk_free is None:
        progress.say(f"Subtracts the risk-free rate {known!r}, as when the model was fitted.")
        return replace(files, risk_free=known)
    before = f"{known!r} was subtracted" if known else "none was subtracted"
    raise InputError(
        f"--risk-free must be the one that the model was fitted with ({before}), got {files.risk_free!r}. Leave it "
        "out, or pass --force."
    )


def companions(model_file: Path) -> dict[str, Path]:
    """Return the files next to a model that an update writes, by what they hold."""
    stem = model_file.stem
    return {
        "loadings": model_file.with_name(f"{stem}-new-loadings.parquet"),
        "report": model_file.with_name(f"{stem}-update.html"),
        "backup": model_file.with_name(f"{model_file.name}.backup"),
    }


def _write(model: KalmanLoadings, model_file: Path, updated: UpdatedModel, inputs: PanelInputs) -> None:
    """Write the new loadings, the report, the backup and, last, the model."""
    places = companions(model_file)
    table = io.BytesIO()
    write_loadings(table, model.loadings_)
    write_whole(places["loadings"], table.getvalue())
    found = UpdateResults(updated.dates, updated.joined, updated.moved, updated.loadings, innovations_of(model))
    write_report(
        places["report"],
        None,
        chapters=[update_chapter(found)],
        lead=update_answer(found),
        tiles=update_tiles(found),
        lights=[*update_lights(found), data_light(inputs.suspicious)],
        reading={**inputs.facts, "model": model_file.name, "notes": " ".join(inputs.notes)},
        title="Update of the loadings",
    )
    write_whole(places["backup"], model_file.read_bytes())
    model.save(model_file)


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
