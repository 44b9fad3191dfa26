"""The folder next to a store in which a fit by blocks keeps its inputs while it runs.

Every file is written whole or not at all, so that a process that is killed leaves nothing half written. Arrays are read
as memory maps: processes on one machine share the memory of a block's returns.
"""

import hashlib
import io
import pickle
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statefolio._arrays.types import Array
from statefolio.loadings.stores.layout import OWN, to_disk

SUFFIX = ".scratch"


def scratch_of(store: Path) -> Path:
    """Return the folder of the fit into a store."""
    return store.with_name(store.name + SUFFIX)


class Scratch:
    """Names, writes and reads the files of the folder; workers make one from its path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self) -> None:
        """Make the folder, with the one that its lock lies in."""
        (self.folder / OWN).mkdir(parents=True, exist_ok=True)

    def remove(self) -> None:
        """Remove the folder and all its files."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def write_array(self, name: str, values: NDArray[Any]) -> None:
        """Write an array whole or not at all."""
        file = self.folder / f"{name}.npy"
        temporary = file.with_name(f".{file.name}.part")
        with temporary.open("wb") as opened:
            np.lib.format.write_array(opened, np.ascontiguousarray(values), allow_pickle=False)
        temporary.replace(file)

    def array(self, name: str) -> Array:
        """Return an array as a memory map; changes to it do not reach the file."""
        return np.asarray(np.load(self.folder / f"{name}.npy", mmap_mode="c"))

    def has(self, name: str) -> bool:
        """Tell whether an array was written."""
        return (self.folder / f"{name}.npy").exists()

    def drop(self, name: str) -> None:
        """Remove an array, if it is there."""
        (self.folder / f"{name}.npy").unlink(missing_ok=True)

    def write_object(self, name: str, value: Any) -> None:
        """Write an object whole or not at all."""
        to_disk(self.folder / f"{name}.pickle", pickle.dumps(value))

    def read_object(self, name: str) -> Any:
        """Return an object that this user's processes wrote, None if there is none."""
        try:
            return pickle.loads((self.folder / f"{name}.pickle").read_bytes())
        except FileNotFoundError:
            return None

    @contextmanager
    def under_way(self, number: int) -> Iterator[None]:
        """Leave a mark while a block is computed, which stays if the process is killed."""
        mark = self.folder / f"under-way-{number:05d}"
        mark.touch()
        try:
            yield
        finally:
            mark.unlink(missing_ok=True)

    def left_under_way(self) -> list[int]:
        """Return the blocks whose process ended without saying why, and remove their marks."""
        marks = sorted(self.folder.glob("under-way-*"))
        for mark in marks:
            mark.unlink(missing_ok=True)
        return [int(mark.name.rpartition("-")[2]) for mark in marks]


class Messages:
    """Converts messages to bytes, with arrays that many of them share written once to the scratch folder."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        self._known: dict[int, tuple[NDArray[Any], str]] = {}  # the array is kept, so that its id stays its own

    def share(self, arrays: tuple[NDArray[Any], ...]) -> None:
        """Write arrays that the messages from now on refer to by name."""
        for values in arrays:
            if id(values) in self._known:
                continue
            content = np.ascontiguousarray(values)
            digest = hashlib.blake2b(content.data, digest_size=12, key=str(content.shape).encode())
            name = f"shared-{digest.hexdigest()}"
            if not self._scratch.has(name):
                self._scratch.write_array(name, content)
            self._known[id(values)] = (values, name)

    def dumps(self, value: Any) -> bytes:
        """Return the bytes of a message."""
        known, buffer = self._known, io.BytesIO()

        class Pickler(pickle.Pickler):
            def persistent_id(self, obj: Any) -> str | None:
                return known[id(obj)][1] if type(obj) is np.ndarray and id(obj) in known else None

        Pickler(buffer, protocol=pickle.HIGHEST_PROTOCOL).dump(value)
        return buffer.getvalue()


def loads(folder: Path, message: bytes) -> Any:
    """Return the content of a message."""

    class Unpickler(pickle.Unpickler):
        def persistent_load(self, name: Any) -> Array:
            return _shared(folder, str(name))

    return Unpickler(io.BytesIO(message)).load()


@lru_cache(maxsize=32)
def _shared(folder: Path, name: str) -> Array:
    return np.array(Scratch(folder).array(name))
