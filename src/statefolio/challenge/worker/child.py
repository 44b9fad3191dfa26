"""Runs a function in a forked child with limits, and reads its result from a pipe.

The child is a copy of the warm scorer, so that it compiles and reads nothing. It sends bytes, and it is killed when it
exceeds its limits, when the scorer asks for it, and when the scorer ends.
"""

import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NoReturn

from statefolio.challenge.worker.confinement import (
    Limits,
    confine,
    is_near_memory_limit,
    leave_network,
    resident_memory,
)

TICK = 0.25
"""Seconds between two calls of `tick`."""
_DONE, _MEMORY, _ERROR = b"D", b"M", b"E"


@dataclass(frozen=True)
class Outcome:
    """How a child ended.

    Attributes
    ----------
    kind : str
        "done", "time" or "memory" (a limit was exceeded), "error" (an exception, or an unexpected end), "stopped".
    content : bytes
        The result.
    error : str
        The traceback, for the scorer's own log: it may name hidden dates.
    """

    kind: Literal["done", "time", "memory", "error", "stopped"]
    content: bytes = b""
    error: str = ""


def run_limited(task: Callable[[], bytes], limits: Limits, tick: Callable[[], bool] = lambda: True) -> Outcome:
    """Run a function in a child.

    Parameters
    ----------
    task
        Returns the result as bytes.
    limits
        CPU time, memory and time on the clock.
    tick
        Called several times a second while the child runs; False stops it.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    readable, writable = os.pipe()
    parent, before = os.getpid(), resident_memory()
    pid = os.fork()
    if pid == 0:
        os.close(readable)
        _child(task, limits, parent, writable)
    os.close(writable)
    try:
        return _watch(pid, readable, limits, tick, before)
    finally:
        os.close(readable)


def has_no_network() -> bool:
    """Return whether children can be cut off from the network here; tries it in a child."""
    pid = os.fork()
    if pid == 0:
        os._exit(0 if leave_network() else 1)
    return os.waitpid(pid, 0)[1] == 0


def _child(task: Callable[[], bytes], limits: Limits, parent: int, writable: int) -> NoReturn:
    """Run the task and end without the parent's clean-up: its files and connections are not this process's."""
    try:
        os.closerange(3, writable)
        os.closerange(writable + 1, 4096)
        confine(limits, parent)
        message = _DONE + task()
    except MemoryError:
        message = _MEMORY
    except BaseException:  # noqa: BLE001
        kind = _MEMORY if is_near_memory_limit() else _ERROR
        message = kind + traceback.format_exc().encode(errors="replace")
    try:
        view = memoryview(message)
        while view:
            view = view[os.write(writable, view) :]
    finally:
        os._exit(0)


def _watch(pid: int, readable: int, limits: Limits, tick: Callable[[], bool], before: int) -> Outcome:
    """Read the child's message; kill it when its time is over or `tick` says so; `before`: memory of the parent."""
    parts: list[bytes] = []
    deadline = time.monotonic() + limits.wall_seconds
    ended: Literal["", "time", "stopped"] = ""
    try:
        while not ended:
            if select.select([readable], [], [], TICK)[0]:
                part = os.read(readable, 1 << 16)
                if not part:
                    break
                parts.append(part)
            elif not tick():
                ended = "stopped"
            elif time.monotonic() > deadline:
                ended = "time"
    finally:
        # It has ended, must end, or an error passes through here: no child outlives the call.
        if ended or sys.exc_info()[0] is not None:
            os.kill(pid, signal.SIGKILL)
        _, status, usage = os.wait4(pid, 0)
    if ended:
        return Outcome(ended)
    return _outcome(b"".join(parts), status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 - before, limits)


def _outcome(message: bytes, status: int, cpu: float, most: int, limits: Limits) -> Outcome:
    kind, content = message[:1], message[1:]
    if kind == _DONE and os.WIFEXITED(status):
        return Outcome("done", content)
    if kind == _MEMORY:
        return Outcome("memory", error=content.decode(errors="replace"))
    if kind == _ERROR:
        return Outcome("error", error=content.decode(errors="replace"))
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if number == signal.SIGXCPU or cpu >= max(int(limits.cpu_seconds), 1):
        return Outcome("time")
    # Compiled code ends with SIGABRT or SIGSEGV where it gets no memory; the system's killer sends SIGKILL.
    if number in (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGKILL) and most > 0.8 * limits.memory:
        return Outcome("memory")
    name = signal.Signals(number).name if number else f"exit code {os.waitstatus_to_exitcode(status)}"
    return Outcome("error", error=f"The child ended with {name}.")
