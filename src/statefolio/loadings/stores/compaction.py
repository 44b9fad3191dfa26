"""Moves the live rows of a store into its big arrays.

1. The rows are written behind those of the big arrays, where nobody reads them yet, and flushed to disk.
2. The metadata of the group are replaced by one rename. From then on the rows belong to the big arrays, and the live
   rows up to the number in the metadata count no more.
3. The metadata of each array follow, and the live rows are removed.

A process killed before the second step leaves the former store, and the next compaction writes the same rows again;
one killed after it leaves the new store, and the next writer removes what is left.
"""

import numpy as np

from statefolio.loadings import storage
from statefolio.loadings.stores.appending import remove_states
from statefolio.loadings.stores.chunks import write_rows
from statefolio.loadings.stores.group import (
    BLOCKS,
    STATES,
    bytes_of,
    check_space,
    unwritable,
    write_arrays,
    write_group,
)
from statefolio.loadings.stores.layout import flush_folder, write_dates, write_labels
from statefolio.loadings.stores.live import FOLDER, live_name, live_numbers
from statefolio.loadings.stores.snapshot import Own, Snapshot
from statefolio.loadings.stores.states import current_model, last_state, state_file


def compact_rows(snapshot: Snapshot) -> int:
    """Move the live rows into the big arrays; return the number of dates. The store must be locked."""
    try:
        return _compact(snapshot)
    except OSError as error:
        raise unwritable(snapshot.path, error) from error


def _compact(snapshot: Snapshot) -> int:
    path, manifest, own = snapshot.path, snapshot.manifest, snapshot.own
    if snapshot.live and last_state(snapshot) < snapshot.last_number:
        storage.write(state_file(path, snapshot.last_number), *current_model(snapshot)._saved())
        flush_folder(path / STATES)
    assets, now = snapshot.assets, own
    if snapshot.live:
        _check_room(snapshot)
        for name in manifest.variables:
            _move(snapshot, name)
        write_dates(path / "date", snapshot.dates.asi8)
        write_labels(path / "asset", assets)
        for name in ("date", "asset"):
            flush_folder(path / name)
        now = Own(len(snapshot.dates), assets[len(manifest.assets) :], snapshot.last_number, own.finished)
        write_group(path, manifest, now, assets, {**snapshot.attrs, **snapshot.live[-1].attrs})
    write_arrays(path, manifest, now, assets)
    for number in live_numbers(path):
        if number <= now.compacted:
            (path / FOLDER / live_name(number)).unlink(missing_ok=True)
    if current := last_state(snapshot):
        remove_states(snapshot, current)
        for file in (path / BLOCKS).glob("*.model"):  # of the fit, which nothing continues any more
            file.unlink()
    return now.dates - own.dates


def _move(snapshot: Snapshot, name: str) -> None:
    """Write the live rows of a variable behind those of its big array."""
    grid, folder, first = snapshot.grid(name), snapshot.path / name, snapshot.own.dates
    count = len(snapshot.assets)
    for rows in snapshot.live:
        values = rows.array(name)
        if rows.assets < count:
            values = np.concatenate([values, np.full((len(values), count - rows.assets, *values.shape[2:]), np.nan)], 1)
        write_rows(folder, grid, first, values)
        first += len(rows.dates)
    flush_folder(folder)


def _check_room(snapshot: Snapshot) -> None:
    whole, dates = bytes_of(snapshot.manifest), len(snapshot.manifest.dates)
    check_space(snapshot.path, whole * sum(len(rows.dates) for rows in snapshot.live) // dates)
