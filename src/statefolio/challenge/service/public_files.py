"""The folder of public files: what may be downloaded, with sizes and hashes."""

import hashlib
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from statefolio.challenge.rules.universe import RULES_FILE, Universe, read_universe

FACTOR_PAGE = "factor_page.json"
CONTENTS = {
    "returns": "Returns by date and asset",
    "factors": "Returns by date and factor",
    "cash": "Interest on cash by date",
    "rules": "Rules, names of assets and factors, windows",
    "commitment": "Hash of data, engine and rules",
    "starter": "Everything in one archive, with working submissions and a notebook",
    "factor_page": "What each factor earned, with bands",
    "data": "The data as one file, which the command test reads",
    "dollar_volumes": "Traded value by date and asset",
    "results": "Final results",
    "revealed": "Salt and the other parts of the commitment",
    "revealed_data": "The data with their hidden dates",
    "revealed_submissions": "The finalists with their scores",
    "true_loadings": "True loadings beside the finalists' estimates",
}


@dataclass(frozen=True)
class Listed:
    """A public file."""

    name: str
    size: int
    sha256: str

    @property
    def content(self) -> str:
        """What is in it."""
        return CONTENTS.get(self.name.partition(".")[0], "Public data")


class PublicFolder:
    """Files of one folder. Links, folders and hidden files are not public; hashes are computed once per version."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, tuple[tuple[int, int], str]] = {}
        self._universe: tuple[tuple[int, int], Universe] | None = None

    def files(self) -> list[Listed]:
        """Return the files by name. Reads them, so call it in a thread."""
        if not self.folder.is_dir():
            return []
        found = []
        for entry in sorted(os.scandir(self.folder), key=lambda each: each.name):
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(status.st_mode) and not entry.name.startswith("."):
                found.append(Listed(entry.name, status.st_size, self._hash(entry.name, status)))
        return found

    def file(self, name: str) -> Path | None:
        """Return the path of a public file; None if there is none of this name."""
        path = self.folder / name
        if name.startswith(".") or "/" in name or "\\" in name or "\0" in name:
            return None
        try:
            return path if stat.S_ISREG(path.lstat().st_mode) else None
        except OSError:
            return None

    def json(self, name: str) -> Any:
        """Return the content of a public JSON file; None if it is not there."""
        path = self.file(name)
        return None if path is None else json.loads(path.read_text(encoding="utf-8"))

    def universe(self) -> Universe | None:
        """Return the names that submissions may use; None before the round is open."""
        path = self.file(RULES_FILE)
        if path is None:
            return None
        version = _version(path.lstat())
        if self._universe is None or self._universe[0] != version:
            self._universe = (version, read_universe(self.folder))
        return self._universe[1]

    def _hash(self, name: str, status: os.stat_result) -> str:
        version = _version(status)
        if name not in self._known or self._known[name][0] != version:
            with (self.folder / name).open("rb") as file:
                self._known[name] = (version, hashlib.file_digest(file, "sha256").hexdigest())
        return self._known[name][1]


def _version(status: os.stat_result) -> tuple[int, int]:
    return status.st_mtime_ns, status.st_size
