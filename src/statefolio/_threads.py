"""Decides how many threads computations use, for the whole package.

In this order: `set_num_threads`, the variable `STATEFOLIO_NUM_THREADS`, one inside a worker process, and the cores that
this process may use: its affinity, and the quota of its control groups, as containers and clusters set it.
"""

import math
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from threading import local
from typing import Any

from statefolio.exceptions import InputError

VARIABLE = "STATEFOLIO_NUM_THREADS"
MOST = 32
"""Most threads that are used without being asked for."""
_BLAS_VARIABLES = (
    *("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"),
    *("BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"),
)
_LIMITS: dict[str, Any] = {}
_LOCAL = local()


def set_num_threads(count: Any) -> None:
    """Set how many threads the computations of this process use, those of BLAS included.

    Results do not depend on it: loadings, hyper-parameters and simulations are equal to the last bit.

    Parameters
    ----------
    count : int, optional
        None returns to the default; see `get_num_threads`.

    Raises
    ------
    InputError
        If count is not a whole number of at least 1.

    Examples
    --------
    >>> import statefolio as sf
    >>> sf.set_num_threads(1)
    >>> sf.get_num_threads()
    1
    >>> sf.set_num_threads(None)
    """
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
        raise InputError(
            f"count must be a whole number of at least 1 or None, got {count!r}. Use set_num_threads(None) for the "
            "default."
        )
    if count is None:
        _LIMITS.pop("count", None)
        _free_blas()
    else:
        _LIMITS["count"] = count
        _limit_blas(count)


def get_num_threads() -> int:
    """Return how many threads computations use.

    The count of `set_num_threads`; else the variable `STATEFOLIO_NUM_THREADS`; else one in a worker process
    (multiprocessing, joblib, loky, Dask); else the cores that this process may use by its affinity and by the quota of
    its control groups (cgroups), 32 at most.

    Returns
    -------
    int

    Raises
    ------
    InputError
        If `STATEFOLIO_NUM_THREADS` is not a whole number of at least 1.

    Examples
    --------
    >>> import statefolio as sf
    >>> sf.get_num_threads() >= 1
    True
    """
    if (own := getattr(_LOCAL, "count", None)) is not None:
        return int(own)
    if "count" in _LIMITS:
        return int(_LIMITS["count"])
    given = os.environ.get(VARIABLE, "").strip()
    if given:
        if not given.isascii() or not given.isdigit() or int(given) < 1:
            raise InputError(
                f"{VARIABLE} must be a whole number of at least 1, got {given!r}. Set it to 1, or unset it."
            )
        _limit_blas_once(int(given))
        return int(given)
    if _in_worker_process():
        _limit_blas_once(1)
        return 1
    return 1 if _in_dask_task() else min(MOST, usable_cores())


def threads_are_set() -> bool:
    """Tell whether the caller or the environment chose a number of threads."""
    return "count" in _LIMITS or bool(os.environ.get(VARIABLE, "").strip())


@contextmanager
def threads_of_this_thread(count: int) -> Iterator[None]:
    """Use this many threads for what the calling thread computes: executors whose tasks are threads share the cores."""
    before = getattr(_LOCAL, "count", None)
    _LOCAL.count = count
    try:
        yield
    finally:
        _LOCAL.count = before


def usable_cores() -> int:
    """Return the number of cores that this process may use by its affinity and by the quota of its control groups."""
    try:
        cores = len(os.sched_getaffinity(0))
    except (AttributeError, OSError):  # macOS and Windows have none
        cores = os.cpu_count() or 1
    return max(1, min(cores, _quota()))


def _in_worker_process() -> bool:
    """Return whether this process is a worker of a pool: of multiprocessing, joblib, loky, or Dask."""
    return multiprocessing.parent_process() is not None


def _in_dask_task() -> bool:
    """Return whether the calling thread runs a task of a Dask worker, which has a thread for each task."""
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return False
    try:
        distributed.get_worker()
    except (AttributeError, ValueError):  # while it is imported; no worker
        return False
    return True


@lru_cache
def _quota(root: Path = Path("/sys/fs/cgroup"), groups: Path = Path("/proc/self/cgroup")) -> int:
    """Return the cores that the control groups grant, rounded up; a large number without a quota."""
    try:
        lines = groups.read_text(encoding="utf-8").splitlines()
    except OSError:
        return sys.maxsize
    found = [math.inf]
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            found += _quotas(root, path, _version_2)
        elif "cpu" in controllers.split(","):
            for folder in (root / controllers, root / "cpu"):
                found += _quotas(folder, path, _version_1)
    least = min(found)
    return sys.maxsize if math.isinf(least) else max(1, math.ceil(least))


def _quotas(mount: Path, path: str, read: Callable[[Path], float]) -> list[float]:
    """Return the quotas of a control group and of all above it; inside a container, of those it can see."""
    own = mount / path.lstrip("/")
    found = []
    for folder in (own, *own.parents):
        with suppress(OSError, ValueError, ZeroDivisionError):
            found.append(read(folder))
        if folder == mount:
            break
    return found


def _version_2(folder: Path) -> float:
    quota, period = (folder / "cpu.max").read_text(encoding="utf-8").split()
    return math.inf if quota == "max" else int(quota) / int(period)


def _version_1(folder: Path) -> float:
    quota = int((folder / "cpu.cfs_quota_us").read_text(encoding="utf-8"))
    period = int((folder / "cpu.cfs_period_us").read_text(encoding="utf-8"))
    return quota / period if quota > 0 else math.inf


@lru_cache
def _limit_blas_once(count: int) -> None:
    """Limit BLAS where nobody else did."""
    if not any(name in os.environ for name in _BLAS_VARIABLES):
        _limit_blas(count)


def _limit_blas(count: int) -> None:
    from threadpoolctl import threadpool_limits

    limit = threadpool_limits(count, user_api="blas")
    _LIMITS.setdefault("blas", limit)  # the first one knows the original limits


def _free_blas() -> None:
    if (limit := _LIMITS.pop("blas", None)) is not None:
        limit.restore_original_limits()
