"""Confines a child process: CPU time, memory, no network, and its end with its parent's."""

import ctypes
import os
import resource
import signal
from dataclasses import dataclass
from pathlib import Path

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_PARENT_DEATH = 1
_MEGABYTE = 2**20


@dataclass(frozen=True)
class Limits:
    """Limits of one scoring.

    Attributes
    ----------
    cpu_seconds : float
        CPU time.
    memory : int
        Bytes of address space beyond those that the warm scorer has already.
    wall_seconds : float
        Time on the clock; a child that waits uses no CPU.
    """

    cpu_seconds: float = 60.0
    memory: int = 2 * 2**30
    wall_seconds: float = 240.0


def confine(limits: Limits, parent: int) -> None:
    """Confine this process; call it in the child, right after the fork.

    Parameters
    ----------
    limits
        The limits.
    parent
        The parent's process id: the child ends when the parent does.
    """
    end_with_parent(parent, signal.SIGKILL)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGXCPU):
        signal.signal(number, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    seconds = max(int(limits.cpu_seconds), 1)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 2))
    most = address_space() + limits.memory
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    leave_network()


def leave_network() -> bool:
    """Move this process to a network of its own, which has no way out; return whether the system allows it.

    Needs Linux, and either root or user namespaces for everyone.
    """
    unshare = getattr(_libc(), "unshare", None)
    if unshare is None:
        return False
    kind = _NEW_NETWORK if os.geteuid() == 0 else _NEW_USER | _NEW_NETWORK
    return bool(unshare(kind) == 0)


def end_with_parent(parent: int, number: int) -> None:
    """Let the system send this process a signal when its parent ends, where the system can."""
    prctl = getattr(_libc(), "prctl", None)
    if prctl is not None:
        prctl(_PARENT_DEATH, number, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the call
        os.kill(os.getpid(), number)


def address_space() -> int:
    """Return the bytes of address space that this process has; 0 where the system does not tell."""
    return _memory(0)


def resident_memory() -> int:
    """Return the bytes of memory that this process occupies; 0 where the system does not tell."""
    return _memory(1)


def _memory(field: int) -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[field])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * resource.getpagesize()


def is_near_memory_limit() -> bool:
    """Return whether this process came close to its limit of memory."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return False
    try:
        status = Path("/proc/self/status").read_text()
        peak = int(status.split("VmPeak:")[1].split()[0]) * 1024
    except (OSError, ValueError, IndexError):
        return False
    return peak > limit - 128 * _MEGABYTE


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
