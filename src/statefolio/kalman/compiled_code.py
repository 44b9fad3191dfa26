"""Decides where compiled code lies on disk, and compiles with it: the decorator of every compiled function.

Numba stores compiled code next to the package, or in the user's folder for caches. Where it can write to neither, as in
a container whose user has no name, code lies in a private temporary folder, with one line of warning.
`STATEFOLIO_CACHE_DIR` names another folder; so does Numba's own `NUMBA_CACHE_DIR`, which takes precedence.
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
from statefolio.kalman.stale_code import forget_stale_code

VARIABLE = "STATEFOLIO_CACHE_DIR"
_PACKAGE = Path(__file__).parent.parent


def cached(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Return the decorator `numba.njit` with these options, its code cached on disk until a source changes."""

    def decorate(function: Callable[..., Any]) -> Any:
        sources = Path(function.__code__.co_filename).parent
        former = config.CACHE_DIR
        config.CACHE_DIR = _folder(sources) or former
        try:
            compiled = njit(cache=True, **options)(function)
        finally:
            config.CACHE_DIR = former
        if hasattr(compiled, "stats"):  # not where NUMBA_DISABLE_JIT is set
            _forget_once(compiled.stats.cache_path, sources)
        return compiled

    return decorate


def variables_of_children() -> dict[str, str]:
    """Return the variables with which a process that has another temporary folder finds the same compiled code."""
    return {VARIABLE: str(private_folder())} if _temporary.cache_info().currsize else {}


@lru_cache
def _forget_once(folder: str, sources: Path) -> None:
    """Delete code that was made from other sources: those of this folder and of the part of the package it serves."""
    part = sources.relative_to(_PACKAGE).parts[0] if sources.is_relative_to(_PACKAGE) else sources
    forget_stale_code(Path(folder), _PACKAGE / part)


@lru_cache
def _folder(sources: Path) -> str:
    """Return the folder for the compiled code of a folder of sources; empty where Numba's own choice serves."""
    if config.CACHE_DIR:
        usable = _is_writable(Path(config.CACHE_DIR).absolute())
        return "" if usable else _temporary(f"NUMBA_CACHE_DIR, {config.CACHE_DIR}, cannot be written")
    given = os.environ.get(VARIABLE)
    if given:
        folder = Path(given).absolute() / "compiled"
        return str(folder) if _is_writable(folder) else _temporary(f"{VARIABLE}, {given}, cannot be written")
    if _is_writable(sources / "__pycache__") or _is_writable(Path(AppDirs("numba", False).user_cache_dir)):
        return ""
    return _temporary("neither the package nor the user's folder for caches can be written")


@lru_cache
def _temporary(reason: str) -> str:
    folder = private_folder() / "compiled"
    message = f"Compiled code is kept in {folder}: {reason}. Set {VARIABLE} to a folder that lasts."
    warnings.warn_explicit(message, StatefolioWarning, "statefolio", 1)  # no source line below the message
    return str(folder)


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
