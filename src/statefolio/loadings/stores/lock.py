"""The lock of a store: one writer at a time, with its name and age.

The lock is a file that names the host, the process and the time. A process that ended without removing its lock is
recognised on its own host, and the lock is taken over; on another host nobody can tell, so that the lock stays.
"""

import json
import os
import socket
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from statefolio._temporary import locked_folder
from statefolio.exceptions import OutputError, StatefolioWarning
from statefolio.loadings.stores.layout import OWN, to_disk

FILE = f"{OWN}/lock"


@contextmanager
def writing(store: Path) -> Iterator[None]:
    """Hold the lock of a store.

    Raises
    ------
    OutputError
        If another writer has it; the message names its host and process, and since when.
    """
    file, mine = store / FILE, _this_process()
    with locked_folder(store / OWN):
        former = _read(file)
        if former is not None:
            if not _is_gone(former):
                raise OutputError(_refusal(store, former))
            warnings.warn(
                f"{store} was locked {_age(former)} ago by process {former['process']}, which has ended without "
                "removing its lock. The lock is taken over.",
                StatefolioWarning,
                stacklevel=4,
            )
        to_disk(file, json.dumps(mine))
    try:
        yield
    finally:
        with locked_folder(store / OWN), suppress(OSError):
            if _read(file) == mine:
                file.unlink(missing_ok=True)


def _this_process() -> dict[str, Any]:
    pid = os.getpid()
    return {"host": socket.gethostname(), "process": pid, "began": _start_of(pid), "since": time.time()}


def _read(file: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        found = None
    if isinstance(found, dict) and {"host", "process", "began", "since"} <= found.keys():
        return found
    return {"host": "an unknown host", "process": 0, "began": None, "since": time.time()}


def _is_gone(owner: dict[str, Any]) -> bool:
    """Tell whether the owner was a process of this host that has ended."""
    if owner["host"] != socket.gethostname():
        return False
    try:
        os.kill(owner["process"], 0)
    except ProcessLookupError:
        return True
    except OSError:  # a process of another user
        return False
    began = _start_of(owner["process"])
    return began is not None and owner["began"] is not None and began != owner["began"]


def _start_of(process: int) -> str | None:
    """Return when a process began, as the system counts it, which distinguishes a reused number; None if unknown."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, *fields = text.rpartition(")")[2].split()
    return "ended" if state in "ZX" else fields[18]


def _refusal(store: Path, owner: dict[str, Any]) -> str:
    here = owner["host"] == socket.gethostname()
    place = "" if here else f" on {owner['host']}"
    advice = "Wait until it ends." if here else f"Wait until it ends, or remove {store / FILE} if that process is gone."
    return (
        f"store must have one writer at a time, got {store}, which process {owner['process']}{place} has been writing "
        f"for {_age(owner)}. {advice}"
    )


def _age(owner: dict[str, Any]) -> str:
    seconds = max(0.0, time.time() - float(owner["since"]))
    for size, name in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {name}"
    return f"{seconds:.0f} seconds"
