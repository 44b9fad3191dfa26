"""How this folder compiles its loops: no lock on the interpreter, and never code that belongs to older sources."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit

compiled: Callable[..., Any] = njit(nogil=True, cache=True, error_model="numpy", boundscheck=False)

_HERE = Path(__file__).parent
_CACHE = _HERE / "__pycache__"
_STAMP = _CACHE / "statefolio-pairs-sources.txt"


def _forget_stale_code() -> None:
    """Delete compiled code that was not made from the sources as they are now; Numba looks at one file only."""
    sources = [
        (path.name, path.stat()) for path in sorted([*_HERE.glob("*.py"), *(_HERE.parent / "kalman").glob("*.py")])
    ]
    now = "\n".join(f"{name} {found.st_mtime_ns} {found.st_size}" for name, found in sources)
    try:
        if _STAMP.is_file() and _STAMP.read_text(encoding="utf-8") == now:
            return
        _CACHE.mkdir(parents=True, exist_ok=True)
        for old in _CACHE.glob("*.nb[ic]"):
            old.unlink(missing_ok=True)
        _STAMP.write_text(now, encoding="utf-8")
    except OSError:  # a folder that cannot be written holds what its owner compiled
        return


_forget_stale_code()
