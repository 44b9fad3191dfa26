"""Keeps compiled functions on disk and finds them by content: one file for each function, signature and processor.

The name of a file holds two hashes. The first is of the sources that the function was compiled from: its own file and
the files of the package that it imports. Only their content counts, neither their places nor their times of change, so
that machines can share a folder. The second is of the signature, the processor and the versions of Numba and llvmlite.
Different releases, versions and processors therefore live next to each other, and no process replaces the code of
another. A file is written whole or not at all, and one that is damaged is compiled again.
"""

import hashlib
import os
import pickle
import re
import sys
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite
import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator
from numba.core.serialize import dumps

PACKAGE = Path(__file__).parent.parent
_IMPORT = re.compile(rb"^[ \t]*from (statefolio[\w.]*) import (\([^)]*\)|[^\n]*)", re.MULTILINE)
_NOT_COMPILED = frozenset({PACKAGE / "exceptions.py", PACKAGE / "kalman" / "compiled_code.py", Path(__file__)})
_LENGTH = 16
_SUFFIX = ".nbc"


class Places(NamedTuple):
    """Folders of compiled code: those that are read, in order, and the one that is written."""

    read: tuple[Path, ...]
    written: Path
    announce: Callable[[], None]
    """Called before the first file is written."""
    is_ours: bool = False
    """Whether the written folder serves these sources alone, so that code of earlier ones can be deleted."""


class CodeCache(FunctionCache):  # type: ignore[misc]
    """The compiled code of one function on disk; a dispatcher of Numba uses it.

    Parameters
    ----------
    function
        The Python function.
    places
        Folders.
    """

    def __init__(self, function: Callable[..., Any], places: Places) -> None:
        self._name, self._py_func = repr(function), function
        self._impl = _Implementation(function, places.written)
        self._cache_path = str(places.written)
        self._cache_file = _Files(function, places)
        self.enable()


class _Implementation(CompileResultCacheImpl):  # type: ignore[misc]
    """What Numba stores of a compiled function, without its own choice of a place."""

    def __init__(self, function: Callable[..., Any], folder: Path) -> None:
        self._lineno = function.__code__.co_firstlineno
        self._locator = _Locator(function, folder)


class _Locator(_CacheLocator):  # type: ignore[misc]
    def __init__(self, function: Callable[..., Any], folder: Path) -> None:
        self._py_file, self._folder = function.__code__.co_filename, folder

    def get_cache_path(self) -> str:
        return str(self._folder)

    def get_source_stamp(self) -> str:
        return sources_of(Path(self._py_file))

    def get_disambiguator(self) -> str:
        return ""

    def ensure_cache_path(self) -> None:
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)


class _Files:
    """The files of one function."""

    def __init__(self, function: Callable[..., Any], places: Places) -> None:
        self._places = places
        file, self._line = Path(function.__code__.co_filename), function.__code__.co_firstlineno
        place = file.relative_to(PACKAGE) if file.is_relative_to(PACKAGE) else Path(file.name)
        name = re.sub(r"[^\w.]", "", ".".join([*place.with_suffix("").parts, function.__qualname__]))
        self.name = f"{name}.py{sys.version_info.major}{sys.version_info.minor}{getattr(sys, 'abiflags', '')}"
        self._sources = sources_of(file)

    def load(self, key: object) -> Any:
        """Return the stored function of a signature; None where there is none, or a damaged one."""
        for folder in self._places.read:
            with suppress(OSError):
                whole = (folder / self._file(key)).read_bytes()
                if whole[:32] == hashlib.sha256(whole[32:]).digest():
                    return pickle.loads(whole[32:])
        return None

    def save(self, key: object, data: object) -> None:
        """Store a function; a full disk or a folder that cannot be written costs a compilation later, no more."""
        self._places.announce()
        content = dumps(data)
        place = self._places.written / self._file(key)
        part = place.with_name(f"{place.name}.tmp.{uuid.uuid4().hex[:16]}")
        try:
            part.write_bytes(hashlib.sha256(content).digest() + content)
            part.replace(place)
        except OSError:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        if self._places.is_ours:
            self._forget_others()

    def flush(self) -> None:
        """Delete the files of the present sources."""
        for file in self._places.written.glob(f"{self.name}-{self._sources}-*{_SUFFIX}"):
            file.unlink(missing_ok=True)

    def is_filled(self) -> bool:
        """Return whether code of the present sources is on disk."""
        pattern = f"{self.name}-{self._sources}-*{_SUFFIX}"
        return any(next(folder.glob(pattern), None) is not None for folder in self._places.read)

    def _file(self, key: object) -> str:
        return f"{self.name}-{self._sources}-{_short(repr((self._line, key, *_VERSIONS)).encode())}{_SUFFIX}"

    def _forget_others(self) -> None:
        for file in self._places.written.glob(f"{self.name}-*{_SUFFIX}"):
            if not file.name.startswith(f"{self.name}-{self._sources}-"):
                with suppress(OSError):
                    file.unlink(missing_ok=True)


_VERSIONS = (numba.__version__, llvmlite.__version__)


@lru_cache
def sources_of(file: Path) -> str:
    """Return a hash of a source file and of the files of the package that it imports, directly or through others."""
    found: dict[Path, str] = {}
    waiting = [file]
    while waiting:
        if (one := waiting.pop()) in found or one in _NOT_COMPILED:
            continue
        found[one], imported = _read(one)
        waiting += imported
    lines = [f"{one.relative_to(PACKAGE) if one.is_relative_to(PACKAGE) else one.name} {found[one]}" for one in found]
    return _short("\n".join(sorted(line.replace(os.sep, "/") for line in lines)).encode())


@lru_cache
def _read(file: Path) -> tuple[str, tuple[Path, ...]]:
    """Return the hash of a file, and the files of the package that it imports."""
    content = file.read_bytes().replace(b"\r\n", b"\n")
    imported: list[Path] = []
    for module, names in _IMPORT.findall(content):
        place = PACKAGE.joinpath(*module.decode().split(".")[1:])
        if place.is_dir():
            candidates = (place / f"{name.decode()}.py" for name in re.findall(rb"\w+", names))
            imported += [one for one in candidates if one.is_file()]
        elif place.with_suffix(".py").is_file():
            imported.append(place.with_suffix(".py"))
    return hashlib.sha256(content).hexdigest(), tuple(imported)


def _short(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_LENGTH]
