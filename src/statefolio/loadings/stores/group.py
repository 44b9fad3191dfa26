"""Makes the folder of a store, and changes the metadata of its group."""

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from statefolio._temporary import sweep, temporary_folder
from statefolio._writing import place_of
from statefolio.exceptions import OutputError
from statefolio.loadings.stores.layout import (
    GROUP_FILE,
    OWN,
    date_metadata,
    flush_folder,
    grid_of,
    group_text,
    label_metadata,
    numbers_metadata,
    to_disk,
    write_dates,
    write_labels,
)
from statefolio.loadings.stores.live import FOLDER as LIVE
from statefolio.loadings.stores.manifest import Manifest, write_manifest
from statefolio.loadings.stores.snapshot import Own, dims_of

BLOCKS, STATES = f"{OWN}/blocks", f"{OWN}/states"
UNFINISHED = {"unfinished": "blocks of assets that are not written yet are NaN"}


def make_store(path: Path, manifest: Manifest, attrs: dict[str, Any]) -> None:
    """Make the folder of a store without results: whole or not at all."""
    target = place_of(path, "store")
    sweep(target)
    check_space(target.parent, bytes_of(manifest))
    try:
        with temporary_folder(target) as folder:
            own = Own(len(manifest.dates), manifest.assets[:0])
            for name in (*manifest.variables, "date", "asset", "factor", OWN, BLOCKS, STATES, LIVE):
                (folder / name).mkdir()
            for name in (OWN, BLOCKS, STATES, LIVE):
                to_disk(folder / name / GROUP_FILE, json.dumps(_EMPTY))
            write_dates(folder / "date", manifest.dates.asi8)
            write_labels(folder / "asset", manifest.assets)
            write_labels(folder / "factor", manifest.factors)
            write_arrays(folder, manifest, own, manifest.assets)
            write_manifest(folder, manifest)
            write_group(folder, manifest, own, manifest.assets, {**attrs, **UNFINISHED})
            if target.is_dir():
                target.rmdir()  # an empty folder; others were refused
            folder.rename(target)
            flush_folder(target.parent)
    except OSError as error:
        raise unwritable(path, error) from error


def write_group(path: Path, manifest: Manifest, own: Own, assets: pd.Index, attrs: dict[str, Any]) -> None:
    """Replace the metadata of the group by one rename: the instant at which dates and assets join the big arrays."""
    to_disk(path / GROUP_FILE, group_text(attrs, metadata_of(manifest, own, assets), own.attributes()))
    flush_folder(path)


def write_arrays(path: Path, manifest: Manifest, own: Own, assets: pd.Index) -> None:
    """Write the metadata of each array, for readers that do not look into that of the group."""
    for name, metadata in metadata_of(manifest, own, assets).items():
        to_disk(path / name / GROUP_FILE, json.dumps(metadata))


def metadata_of(manifest: Manifest, own: Own, assets: pd.Index) -> dict[str, Any]:
    """Return the metadata of all arrays of a group."""
    sizes = {"date": own.dates, "asset": len(assets), "factor": len(manifest.factors)}
    found = {
        "date": date_metadata(own.dates, manifest.unit),
        "asset": label_metadata(assets, "asset"),
        "factor": label_metadata(manifest.factors, "factor"),
    }
    for name in manifest.variables:
        dims = dims_of(name)
        found[name] = numbers_metadata(grid_of(dims, sizes, manifest.chunk_assets), dims)
    return found


def bytes_of(manifest: Manifest, assets: int | None = None) -> int:
    """Return how many bytes the results and the state of some assets take (default: all)."""
    count = len(manifest.assets) if assets is None else assets
    states = len(manifest.factors)
    cells = sum(states if "factor" in dims_of(name) else 1 for name in manifest.variables)
    return 8 * count * (cells * len(manifest.dates) + states * (states + 12))


def check_space(folder: Path, needed: int) -> None:
    """Raise OutputError if a disk has less room than is needed."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise unwritable(folder, error) from error
    if needed > free:
        raise OutputError(
            f"store must fit on its disk: it needs {_size(needed)}, got {_size(free)} free in {folder}. "
            "Free some space, or choose a folder on another disk."
        )


def unwritable(path: Path, error: OSError) -> OutputError:
    """Return the error of a store that cannot be written."""
    return OutputError(
        f"{path} cannot be written ({error.strerror or error}). Free some space or correct its permissions, and run "
        "again: what is complete is kept."
    )


def _size(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.2f} MB"


_EMPTY: dict[str, Any] = {"attributes": {}, "zarr_format": 3, "node_type": "group"}
