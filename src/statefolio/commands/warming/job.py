"""The job of `warm`: runs everything that is compiled on a small made-up panel, whose results nobody sees."""

import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from statefolio._threads import get_num_threads
from statefolio.commands.progress import Progress
from statefolio.commands.warming import parts

PARTS: tuple[Callable[[], None], ...] = (
    *(parts.warm_loadings, parts.warm_start, parts.warm_pairs),
    *(parts.warm_simulated_pairs, parts.warm_risk, parts.warm_backtests),
)


@dataclass(frozen=True)
class Warmed:
    """What `warm` did.

    Attributes
    ----------
    functions : int
        Compiled functions, each for the signatures that are in use.
    compiled : int
        Of these, compiled now; the others were on disk.
    folders : tuple of str
        Where their code lies.
    """

    functions: int
    compiled: int
    folders: tuple[str, ...]


def run_warm(progress: Progress) -> Warmed:
    """Compile everything into the cache, on all cores."""
    progress("compiling", 0, len(PARTS))
    workers = min(get_num_threads(), len(PARTS))
    missed: dict[str, bool] = {}
    folders: set[str] = set()
    pool = ProcessPoolExecutor(workers, get_context("spawn"))
    with pool:
        for number, (found, places) in enumerate(pool.map(run_part, PARTS), start=1):
            for name, now in found.items():
                missed[name] = missed.get(name, False) or now
            folders |= places
            progress("compiling", number, len(PARTS))
    return Warmed(len(missed), sum(missed.values()), tuple(sorted(folders)))


def run_part(part: Callable[[], None]) -> tuple[dict[str, bool], set[str]]:
    """Run a part; return whether each function that it used was compiled now, and the folders."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        part()
    from statefolio.kalman.compiled_code import FUNCTIONS

    used = [one for one in FUNCTIONS if one.stats.cache_hits or one.stats.cache_misses]
    names = {f"{one.py_func.__module__}.{one.py_func.__qualname__}": bool(one.stats.cache_misses) for one in used}
    return names, {one.stats.cache_path for one in used}
