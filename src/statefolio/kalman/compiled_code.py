"""Decides where compiled code lies on disk, and compiles with it: the decorator of every compiled function.

Compiled code lies next to the package, or in the user's folder for caches where the package cannot be written; code
that lies next to such a package, compiled when it was installed, is used all the same. Where neither can be written, as
in a container whose user has no name, code lies in a private temporary folder, with one line of warning.
`STATEFOLIO_CACHE_DIR` names another folder; so does Numba's own `NUMBA_CACHE_DIR`, which takes precedence. Machines may
share either.
"""

import os
import tempfile
import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from numba import config, njit
from numba.misc.appdirs import AppDirs

from statefolio._temporary import private_folder
from statefolio.exceptions import StatefolioWarning
from statefolio.kalman.code_cache import CodeCache, Places

VARIABLE = "STATEFOLIO_CACHE_DIR"
FUNCTIONS: list[Any] = []
"""Every function that the imported modules compile."""


def cached(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return the decorator `numba.njit` with these options, its code cached on disk until a source changes."""

    def decorate(function: Callable[..., Any]) -> Any:
        compiled = njit(**options)(function)
        if hasattr(compiled, "stats"):  # not where NUMBA_DISABLE_JIT is set
            compiled._cache = CodeCache(function, _places(Path(function.__code__.co_filename).parent))
            FUNCTIONS.append(compiled)
        return compiled

    return decorate


def is_compiled(function: Any) -> bool:
    """Return whether compiled code of a function is on disk."""
    return not hasattr(function, "_cache") or bool(function._cache._cache_file.is_filled())


def variables_of_children() -> dict[str, str]:
    """Return the variables with which a process that has another temporary folder finds the same compiled code."""
    return {VARIABLE: str(private_folder())} if _temporary.cache_info().currsize else {}


@lru_cache
def _places(sources: Path) -> Places:
    """Return the folders for the compiled code of a folder of sources."""
    if config.CACHE_DIR:
        return _named(Path(config.CACHE_DIR).absolute() / "statefolio", f"NUMBA_CACHE_DIR, {config.CACHE_DIR},")
    if given := os.environ.get(VARIABLE):
        return _named(Path(given).absolute() / "compiled", f"{VARIABLE}, {given},")
    beside = sources / "__pycache__"
    if _is_writable(beside):
        return Places((beside,), beside, _say_nothing, is_ours=True)
    users = Path(AppDirs("numba", False).user_cache_dir) / "statefolio"
    if _is_writable(users):
        return Places((beside, users), users, _say_nothing)
    return _temporary(beside, "neither the package nor the user's folder for caches can be written")


def _named(folder: Path, name: str) -> Places:
    if _is_writable(folder):
        return Places((folder,), folder, _say_nothing)
    return _temporary(folder, f"{name} cannot be written")


@lru_cache
def _temporary(other: Path, reason: str) -> Places:
    folder = private_folder() / "compiled"
    return Places((other, folder), folder, lambda: _announce(folder, reason))


@lru_cache
def _announce(folder: Path, reason: str) -> None:
    message = f"Compiled code is kept in {folder}: {reason}. Set {VARIABLE} to a folder that lasts."
    warnings.warn_explicit(message, StatefolioWarning, "statefolio", 1)  # no source line below the message


def _say_nothing() -> None:
    pass


@lru_cache
def _is_writable(folder: Path) -> bool:
    if not folder.is_absolute():  # below "~", for a user without a home
        return False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True
