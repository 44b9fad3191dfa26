"""The libraries statefolio is compared with, one file each.

A peer's module names its `PACKAGE` on PyPI and its `JOBS`. A job's `prepare(work)` does whatever the library
lets one do once (converting arrays, building model objects, compiling) and returns a function without
arguments: only calls of that function are timed, and its first call is not.
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
    """What a peer does in one job.

    `assets` is how many of the panel's assets it is given: its time is linear in them and is reported for each
    asset and date. The timed function returns the log-likelihood by asset where it has one, else None.
    """

    prepare: Callable[[Work], Callable[[], Any]]
    assets: int
    note: str = ""
    missing: bool = True  # False: the library cannot skip a missing return, so it gets a panel without any


def load(name: str) -> tuple[ModuleType | None, str]:
    """The peer's module and its version, or None and why it is skipped."""
    try:
        module = import_module(f"peers.{name}")
        return module, metadata.version(module.PACKAGE)
    except ImportError as error:
        return None, f"not installed ({error})"
