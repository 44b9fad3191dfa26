"""Compiles loops with Numba: without Python's global lock, and cached on disk until a source file changes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit

from statefolio.kalman.stale_code import forget_stale_code

compiled: Callable[..., Any] = njit(nogil=True, cache=True, error_model="numpy", boundscheck=False)

_HERE = Path(__file__).parent
for _package in _HERE.glob("*/__init__.py"):
    forget_stale_code(_package.parent / "__pycache__", _HERE)
