"""Compiles ahead on the first run: other processes compile the functions that the job needs later.

Numba compiles one function at a time in a process and stores what it compiled on disk, where the job then finds it.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from statefolio._threads import get_num_threads
from statefolio.commands.progress import Progress

_COMMAND = "import sys; from statefolio.commands.warming.ahead import compile_parts; compile_parts(sys.argv[1:])"
_FIRST_RUN = (
    "  First run on this machine: its filters are being compiled, once, in about half a minute. `statefolio warm` "
    "compiles everything ahead."
)


@contextmanager
def compiling_ahead(progress: Progress, *parts: str) -> Iterator[None]:
    """Compile meanwhile, in other processes, what the job needs after its first score, if nothing is compiled yet.

    Parameters
    ----------
    progress : Progress
        Shows that this is a first run.
    parts : str
        Functions of `warming.parts` without "warm_", in the order in which the job needs them.
    """
    if is_compiled():
        yield
        return
    progress.say(_FIRST_RUN)
    progress("compiling", 0, 0)
    count = min(get_num_threads() - 1, len(parts))
    processes = [process for first in range(count) if (process := _start(parts[first::count]))]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def is_compiled() -> bool:
    """Return whether the compiled filter is on disk."""
    from statefolio.kalman import compiled_code
    from statefolio.kalman.sweep import sweep

    return compiled_code.is_compiled(sweep)


def compile_parts(names: list[str]) -> None:
    """Run these parts one after the other."""
    from statefolio.commands.warming import parts

    for name in names:
        getattr(parts, f"warm_{name}")()


def _start(parts: tuple[str, ...]) -> "subprocess.Popen[bytes] | None":
    quiet = subprocess.DEVNULL
    try:
        return subprocess.Popen([sys.executable, "-P", "-c", _COMMAND, *parts], stdin=quiet, stdout=quiet, stderr=quiet)
    except OSError:
        return None
