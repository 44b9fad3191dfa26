"""Runs functions in a new Python process that has nothing of this one but their arguments.

The process starts from an empty folder, with the environment that Python needs and no other variable. It receives one
call after the other, so that a call cannot see the arguments of later ones. It never runs the caller's script: classes
and functions of a script or notebook are sent as code.
"""

import io
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

import cloudpickle
from threadpoolctl import threadpool_info

from statefolio._threads import VARIABLE, get_num_threads
from statefolio.backtest.searched_code import is_from_library
from statefolio.kalman.compiled_code import variables_of_children

_PASSED_ON = (
    *("PATH", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE", "APPDATA", "LOCALAPPDATA"),
    *("HOME", "XDG_CACHE_HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "PYTHONTZPATH", "PYTHONUTF8", "PYTHONIOENCODING"),
    *("PYTHONHOME", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "LD_LIBRARY_PATH"),
    *("DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS", "NUMBA_CPU_NAME"),
    "STATEFOLIO_CACHE_DIR",
    *("NUMBA_CPU_FEATURES", "NUMBA_DISABLE_JIT", "NUMBA_THREADING_LAYER", "OPENBLAS_CORETYPE", "MKL_CBWR"),
)
_THREADS = {
    "blas": ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"),
    "openmp": ("OMP_NUM_THREADS",),
}
_PROGRAM = (sys.executable, "-m", "statefolio.backtest.new_process_main")


@dataclass(frozen=True)
class Answer:
    """What a call returned, or the sentence that says why it did not.

    Attributes
    ----------
    value : object
    error : str
        Empty if the call returned.
    answered : bool
        False if the process ended before, or took too long.
    """

    value: Any = None
    error: str = ""
    answered: bool = True


class CannotStart(Exception):
    """No process can be started on this machine."""


def user_modules(thing: Any) -> set[str]:
    """Return the modules of the classes and functions in an object that come from no library.

    Raises
    ------
    Exception
        Whatever pickling raises for an object that cannot be pickled.
    """
    scan = _Scan(io.BytesIO())
    scan.dump(thing)
    return scan.modules


class _Scan(cloudpickle.Pickler):
    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.modules: set[str] = set()

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, type | FunctionType) and not is_from_library(obj):
            self.modules.add(obj.__module__ or "__main__")
        return super().reducer_override(obj)


def pack(function: Callable[..., Any], arguments: tuple[Any, ...], by_value: set[str]) -> bytes:
    """Pickle a call; the classes and functions of the modules in `by_value` as code with the globals they name.

    Those of other modules are imported afresh by the process, except what a script defines, which is always sent.

    Raises
    ------
    Exception
        Whatever pickling raises for arguments that cannot be pickled.
    """
    with _registered(by_value):
        return bytes(cloudpickle.dumps((function, arguments)))


@contextmanager
def _registered(names: set[str]) -> Iterator[None]:
    registered = cloudpickle.list_registry_pickle_by_value()
    with ExitStack() as undo:
        for name in names & set(sys.modules) - {"__main__"} - registered:
            cloudpickle.register_pickle_by_value(sys.modules[name])
            undo.callback(cloudpickle.unregister_pickle_by_value, sys.modules[name])
        yield


def ask(calls: Sequence[bytes], seconds: float) -> list[Answer]:
    """Run packed calls in one new process, in their order, and return an answer for each.

    Parameters
    ----------
    calls
        Results of `pack`.
    seconds
        Time limit of all of them together.

    Raises
    ------
    CannotStart
        If this machine does not start a process.
    """
    sent = b"".join(pickle.dumps(call) for call in calls)
    with tempfile.TemporaryDirectory(prefix="statefolio-", ignore_cleanup_errors=True) as folder:
        try:
            process = subprocess.Popen(
                _PROGRAM,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env=_environment(folder),
            )
        except (OSError, ValueError, TypeError) as error:
            raise CannotStart(str(error)) from error
        try:
            received, said = process.communicate(sent, timeout=seconds)
            why = f"it ended without an answer ({_last_line(said) or f'exit code {process.returncode}'})"
        except subprocess.TimeoutExpired:
            process.kill()
            received, _ = process.communicate()
            why = f"it did not end within {seconds:.0f} seconds"
    messages = _read(received)
    if not messages:  # not even that it has started
        raise CannotStart(why)
    answers = [Answer(value, error) for value, error in messages[1:]]
    return answers + [Answer(error=why, answered=False)] * (len(calls) - len(answers))


def _read(received: bytes) -> list[tuple[Any, str]]:
    """Return the messages of a process; the last one may be incomplete."""
    stream, messages = io.BytesIO(received), []
    while True:
        try:
            messages.append(pickle.load(stream))
        except (EOFError, pickle.UnpicklingError):
            return messages


def _environment(folder: str) -> dict[str, str]:
    """Return the environment of the process: what Python needs, and as many threads as this process has."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    for library in threadpool_info():
        for name in _THREADS.get(library["user_api"], ()):
            kept[name] = str(library["num_threads"])
    kept[VARIABLE] = str(get_num_threads())
    path = os.pathsep.join(str(Path(each or ".").absolute()) for each in sys.path)
    kept |= variables_of_children()
    return kept | {"PYTHONPATH": path, "TMPDIR": folder, "TEMP": folder, "TMP": folder}


def _last_line(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
