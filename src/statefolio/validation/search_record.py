"""The record of a search: one line per configuration, on disk before the next one is counted."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from statefolio._arrays.text import shown
from statefolio._writing import place_of, write_whole
from statefolio.exceptions import FileFormatError, OutputError

_KIND = "statefolio search"
_VERSION = 1


class SearchRecord:
    """The configurations that a search has tried, in a file that only grows.

    Parameters
    ----------
    path : path-like, optional
        None keeps them in memory alone.
    identity : mapping
        What the search is of: model, data and windows, as JSON values.

    Raises
    ------
    FileFormatError
        If the file is no record, or one of another search; what differs is named.
    """

    def __init__(self, path: Any, identity: Mapping[str, Any]) -> None:
        self.entries: dict[str, dict[str, Any]] = {}
        self._path: Path | None = None if path is None else place_of(path, "record")
        if self._path is None:
            return
        if self._path.exists():
            self._read(dict(identity))
        else:
            write_whole(self._path, _line({"kind": _KIND, "version": _VERSION, "identity": dict(identity)}))

    def add(self, key: str, entry: dict[str, Any]) -> None:
        """Count a configuration: it is on disk when this returns."""
        self.entries[key] = entry
        if self._path is None:
            return
        try:
            with self._path.open("ab") as file:
                file.write(_line({"key": key, **entry}))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise OutputError(
                f"{self._path} cannot be written ({error.strerror or error}). Make room on the disk."
            ) from error

    def _read(self, identity: dict[str, Any]) -> None:
        if self._path is None:
            return
        try:
            raw = self._path.read_bytes()
        except OSError as error:
            raise FileFormatError(f"{self._path} cannot be read ({error}). Check the path.") from error
        lines = raw.split(b"\n")
        head = _content(lines[0])
        if head is None or head.get("kind") != _KIND or head.get("version") != _VERSION:
            raise FileFormatError(
                f"{self._path} must be the record of a search, got another file. Choose another path."
            )
        for name, mine in identity.items():
            if (other := head["identity"].get(name)) != mine:
                raise FileFormatError(
                    f"{self._path} must be the record of this search, but its {name} is {shown(other)}, not "
                    f"{shown(mine)}. Choose another path."
                )
        whole = len(lines[0]) + 1
        for line in lines[1:]:
            found = _content(line)
            if found is None:
                break
            self.entries[found.pop("key")] = found
            whole += len(line) + 1
        if whole < len(raw):  # the last line of a killed process
            if raw[whole:].count(b"\n") > 1:
                raise FileFormatError(f"{self._path} was damaged or changed in the middle. Restore it.")
            write_whole(self._path, raw[:whole])


def _line(content: Mapping[str, Any]) -> bytes:
    text = json.dumps(content, allow_nan=False, sort_keys=True)
    return f"{hashlib.sha256(text.encode()).hexdigest()[:16]} {text}\n".encode()


def _content(line: bytes) -> dict[str, Any] | None:
    """Return the content of a line; None if it is incomplete."""
    checksum, _, text = line.partition(b" ")
    if hashlib.sha256(text).hexdigest()[:16].encode() != checksum:
        return None
    found: dict[str, Any] = json.loads(text)
    return found
