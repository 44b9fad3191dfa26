"""Exchanges the names of two folders in one instant, where the system can."""

import ctypes
import os
import sys
from pathlib import Path
from typing import Any

_HERE = -100  # AT_FDCWD
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS


def exchange(one: Path, other: Path) -> bool:
    """Exchange the names of two folders; return False, with nothing done, where the system or its disk cannot."""
    call = _system_call()
    if call is None:
        return False
    names = os.fsencode(one), os.fsencode(other)
    try:
        return bool(call(*names) == 0)
    except (OSError, ctypes.ArgumentError):
        return False


def _system_call() -> Any:
    """Return the function of the C library that exchanges two names; None where there is none."""
    system: str = sys.platform
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if system == "linux":
            rename = library.renameat2
            rename.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
            return lambda one, other: rename(_HERE, one, _HERE, other, _EXCHANGE)
        if system == "darwin":
            swap = library.renamex_np
            swap.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint]
            return lambda one, other: swap(one, other, _EXCHANGE)
    except (OSError, AttributeError, TypeError):  # another system, or an older C library
        pass
    return None
