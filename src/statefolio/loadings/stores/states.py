"""The states from which the models of a store are continued: one of each block, and one after appended dates."""

import json
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from statefolio._writing import write_whole
from statefolio.exceptions import FileFormatError, InputError, StatefolioWarning
from statefolio.loadings import storage
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import ExponentialLoadings, RollingLoadings, StaticLoadings
from statefolio.loadings.stores.group import BLOCKS, STATES
from statefolio.loadings.stores.live import LiveRows
from statefolio.loadings.stores.manifest import Manifest
from statefolio.loadings.stores.snapshot import Snapshot

MODELS: dict[str, type[LoadingsModel]] = {
    kind.__name__: kind for kind in (KalmanLoadings, RollingLoadings, ExponentialLoadings, StaticLoadings)
}
_MARK = re.compile(r"(\d{5})\.done")
_STATE = re.compile(r"(\d{8})\.model")


def class_of(name: Any) -> type[LoadingsModel]:
    """Return the class of a model by its name."""
    if name not in MODELS:
        raise InputError(f"identity['model'] must be one of {', '.join(MODELS)}, got {name!r}. Use one of them.")
    return MODELS[name]


def done_blocks(store: Path) -> frozenset[int]:
    """Return the blocks that are complete."""
    names = (_MARK.fullmatch(path.name) for path in (store / BLOCKS).iterdir())
    return frozenset(int(found[1]) for found in names if found)


def read_note(store: Path, number: int) -> dict[str, Any]:
    """Return the note in the mark of a block."""
    found: dict[str, Any] = json.loads((store / BLOCKS / f"{number:05d}.done").read_text(encoding="utf-8"))
    return found


def write_block_state(store: Path, number: int, model: LoadingsModel, note: Mapping[str, Any]) -> None:
    """Write the state of a block, and then its mark, which says that the block is complete."""
    storage.write(block_file(store, number), *model._saved())
    write_whole(store / BLOCKS / f"{number:05d}.done", json.dumps(dict(note)))


def forget_block(store: Path, number: int) -> None:
    """Remove the mark of a block that is written again."""
    (store / BLOCKS / f"{number:05d}.done").unlink(missing_ok=True)


def block_file(store: Path, number: int) -> Path:
    """Return the file with the state of a block."""
    return store / BLOCKS / f"{number:05d}.model"


def state_file(store: Path, number: int) -> Path:
    """Return the file with the state after live rows."""
    return store / STATES / f"{number:08d}.model"


def state_numbers(store: Path) -> list[int]:
    """List the numbers of the states after live rows, in order."""
    names = (_STATE.fullmatch(path.name) for path in (store / STATES).iterdir())
    return sorted(int(found[1]) for found in names if found)


def last_state(snapshot: Snapshot) -> int:
    """Return the number of the last live rows whose state was written, 0 for none."""
    return max((n for n in state_numbers(snapshot.path) if n <= snapshot.last_number), default=0)


def current_model(snapshot: Snapshot) -> LoadingsModel:
    """Return the model after the last date of a store."""
    number = last_state(snapshot)
    if number:
        model = class_of(snapshot.manifest.identity["model"]).load(state_file(snapshot.path, number))
    else:
        model = _model_of_blocks(snapshot.path, snapshot.manifest)
    for rows in snapshot.live:
        if rows.number > number:
            _continue(model, rows, snapshot)
    return model


def _model_of_blocks(store: Path, manifest: Manifest) -> LoadingsModel:
    kind = class_of(manifest.identity["model"])
    parts, shared = [], None
    for start in range(0, len(manifest.assets), manifest.block_assets):
        file = block_file(store, start // manifest.block_assets)
        contents, arrays = storage.read(file, lambda *_: None)
        if not contents["assets"].equals(manifest.assets[start : start + manifest.block_assets]):
            raise FileFormatError(f"{file} must be of the block's assets, got others. Fit into a new store.")
        parts.append(arrays)
        shared = contents if shared is None else shared
    if shared is None:
        raise FileFormatError(f"{store} has no assets. Fit into a new store.")
    return kind._from_saved(store, {**shared, "assets": manifest.assets}, parts)


def _continue(model: LoadingsModel, rows: LiveRows, snapshot: Snapshot) -> None:
    """Continue a model over live rows whose state was not written; its warnings were given at that time."""
    assets = snapshot.assets[: rows.assets]
    names = snapshot.manifest.factors[1:] if model.intercept else snapshot.manifest.factors
    returns = pd.DataFrame(np.array(rows.array("returns")), rows.dates, assets)
    factors = pd.DataFrame(np.array(rows.array("factors")), rows.dates, names)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatefolioWarning)
        model.partial_fit(returns, factors)
