"""Compiles loops with Numba: without Python's global lock, and cached on disk until a source file changes."""

from collections.abc import Callable
from typing import Any

from statefolio.kalman.compiled_code import cached

compiled: Callable[..., Any] = cached(nogil=True, error_model="numpy", boundscheck=False)
