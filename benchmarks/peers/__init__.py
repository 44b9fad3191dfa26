"""Runs the work in the peer libraries, one file each.

A peer's module names its `PACKAGE` on PyPI and its `JOBS`. A job's `prepare(work)` does everything
that is done once (converting arrays, building model objects, compiling) and returns a function without arguments. Only
calls of that function are timed, except its first call.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module, metadata
from types import ModuleType
from typing import Any

from work import Work

NAMES = ("jax", "dynamax", "simdkalman", "ssfortran", "statsmodels", "filterpy", "pykalman")


@dataclass(frozen=True)
class Job:
    """A peer's entry in one job.

    `assets` is how many of the panel's assets it is given: its time is linear in them and is reported for each
    asset and date. The timed function returns the log-likelihood by asset where it has one, else None.
    """

    prepare: Callable[[Work], Callable[[], Any]]
    assets: int
    note: str = ""
    missing: bool = True  # False: the library does not support missing returns and runs on a panel without them


def load(name: str) -> tuple[ModuleType | None, str]:
    """Return the peer's module and version, or None and the reason to skip it."""
    try:
        module = import_module(f"peers.{name}")
        return module, metadata.version(module.PACKAGE)
    except ImportError as error:
        return None, f"not installed ({error})"
