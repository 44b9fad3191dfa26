"""Records what code reads from outside the process: files, connections, databases, other programs.

Python reports such events to audit hooks, which cannot be removed: `watch` is for the process of a check, not for that
of a user. Code that is compiled (pyarrow, HDF5) reads files without an event.
"""

import contextlib
import os
import sys
import sysconfig
from collections.abc import Iterator
from importlib.machinery import all_suffixes
from pathlib import Path
from typing import Any

_CODE = (*all_suffixes(), ".nbi", ".nbc")  # modules, and Numba's compiled functions
_SYSTEM = ("/proc", "/sys", "/etc", "/usr/share/zoneinfo", "/dev/null", "/dev/random", "/dev/urandom")
_HARDWARE = {"lscpu", "sysctl", "uname", "nproc", "wmic", "powershell"}  # programs that count cores
_MADE_NOW = os.O_CREAT | os.O_EXCL
_lists: list[list[str]] = []
_folder: list[str] = []  # the temporary one in which the process has started


@contextlib.contextmanager
def watch() -> Iterator[list[str]]:
    """Collect what is read inside the block, one description each ("reads /data/prices.csv"), without repeats.

    Files of Python and its packages, modules, and files that the block wrote to the folder in which the process has
    started, its temporary one, do not count.
    """
    found: list[str] = []
    if not _folder:
        _folder.append(os.path.realpath(Path.cwd()) + os.sep)
        sys.addaudithook(_hear)
    _lists.append(found)
    try:
        yield found
    finally:
        _lists.remove(found)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if not _lists:
        return
    said = _describe(event, arguments)
    for found in _lists if said else ():
        if said not in found:
            found.append(said)


def _describe(event: str, arguments: tuple[Any, ...]) -> str:
    """Describe an audit event that reads; empty for others."""
    if event == "open":
        return _describe_file(arguments[0], arguments[2])
    if event == "socket.connect":
        address = arguments[1]
        return f"connects to {address[0] if isinstance(address, tuple) and address else address}"
    if event == "sqlite3.connect":
        return "" if arguments[0] == ":memory:" else f"reads {os.fsdecode(arguments[0])}"
    if event == "mmap.__new__":
        return "" if arguments[0] == -1 else "maps memory of a file or of another process"
    if event in ("subprocess.Popen", "os.posix_spawn", "os.system"):
        program = os.fsdecode(arguments[0] or "").split(" ")[0]
        return "" if Path(program).stem.lower() in _HARDWARE else f"starts the program {program}"
    return ""


def _describe_file(path: Any, flags: Any) -> str:
    if not isinstance(path, str | bytes | os.PathLike):
        return ""  # a file descriptor
    if isinstance(flags, int) and (flags & (os.O_WRONLY | os.O_TRUNC) or flags & _MADE_NOW == _MADE_NOW):
        return ""
    named = os.fsdecode(path)
    whole = os.path.realpath(named)
    if whole.endswith(_CODE) or whole.startswith(_own_folders()) or Path(whole).is_dir():
        return ""
    written = whole.startswith(_folder[0]) and Path(whole).exists()
    return "" if written else f"reads {named}"


def _own_folders() -> tuple[str, ...]:
    """Return the folders of Python, its packages and this library, and the system's descriptions of itself."""
    folders = [*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, str(Path(__file__).parents[1])]
    return (*_SYSTEM, *(os.path.realpath(folder) + os.sep for folder in folders))
