"""Appends new dates to a store: the state of the model, and then the live rows whose rename makes them count."""

from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import show, shown
from statefolio._arrays.types import Array
from statefolio.exceptions import DataTypeError, InputError
from statefolio.loadings import storage
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.stored_values import encode
from statefolio.loadings.stores.group import STATES, unwritable
from statefolio.loadings.stores.layout import flush_folder
from statefolio.loadings.stores.live import FOLDER, write_live
from statefolio.loadings.stores.results_arrays import result_arrays
from statefolio.loadings.stores.snapshot import Snapshot
from statefolio.loadings.stores.states import state_file, state_numbers


def append_rows(snapshot: Snapshot, model: LoadingsModel, returns: Any, factors: Any, *, checkpoint: bool) -> None:
    """Append the results of a continued model; the store must be locked."""
    _check(snapshot, model)
    path, number = snapshot.path, snapshot.last_number + 1
    arrays = result_arrays(model, snapshot.manifest.variables)
    if returns is not None and factors is not None:
        arrays |= _inputs(model, returns, factors)
    elif not checkpoint:
        raise InputError("returns and factors must be given where checkpoint=False, got none. Pass the new rows.")
    try:
        if checkpoint:
            storage.write(state_file(path, number), *model._saved())
            flush_folder(path / STATES)
        joined = model.assets_[len(snapshot.assets) :]
        write_live(path, number, model.dates_, joined, arrays, model._labels().attrs)
        flush_folder(path / FOLDER)
        if checkpoint:
            remove_states(snapshot, number)
    except OSError as error:
        raise unwritable(path, error) from error


def remove_states(snapshot: Snapshot, current: int) -> None:
    """Remove the states before the current one, and those of killed processes after it."""
    for number in state_numbers(snapshot.path):
        if number != current:
            state_file(snapshot.path, number).unlink(missing_ok=True)


def _check(snapshot: Snapshot, model: LoadingsModel) -> None:
    """Raise InputError unless a model continues that of a store."""
    model._results()
    identity, before = snapshot.manifest.identity, snapshot.dates[-1]
    mine = {name: value for name, value in model.get_params(deep=False).items() if name != "progress"}
    same = (
        type(model).__name__ == identity["model"]
        and encode(mine) == encode(identity["options"])
        and model.tuned_until_ == pd.Timestamp(identity["tune_until"])
        and model.first_date_ == snapshot.manifest.dates[0]
    )
    if not same:
        raise InputError(
            f"model must be the store's own ({identity['model']}, tuned until {show(identity['tune_until'])}), got "
            f"another. Continue store.model()."
        )
    if model.dates_[0] <= before:
        raise InputError(
            f"model must have new dates, after {show(before)}, got {show(model.dates_[0])}. Continue store.model()."
        )
    known = snapshot.assets
    if not (model.assets_[: len(known)].equals(known) and model.factors_.equals(snapshot.manifest.factors)):
        raise InputError("model must have the assets and factors of the store, got others. Continue store.model().")


def _inputs(model: LoadingsModel, returns: Any, factors: Any) -> dict[str, Array]:
    """Return the new rows in the order of the model."""
    names = model.factors_[1:] if model.intercept else model.factors_
    found = {}
    for name, table, columns in (("returns", returns, model.assets_), ("factors", factors, names)):
        if not isinstance(table, pd.DataFrame):
            raise DataTypeError(f"{name} must be a DataFrame, got {shown(table)}. Pass the rows of partial_fit.")
        found[name] = np.asarray(table.reindex(index=model.dates_, columns=columns).to_numpy(float, na_value=np.nan))
    return found
