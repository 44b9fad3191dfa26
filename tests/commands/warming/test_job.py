"""The parts of `warm` use every compiled function."""

import importlib
import pkgutil

import statefolio
from statefolio.commands.warming import job


def test_every_compiled_function_is_used_by_a_part():
    from statefolio.kalman.compiled_code import FUNCTIONS

    for module in pkgutil.walk_packages(statefolio.__path__, "statefolio."):
        if "main" not in module.name.rpartition(".")[2] and "migrations" not in module.name:
            importlib.import_module(module.name)
    for part in job.PARTS:
        job.run_part(part)
    unused = [one.py_func.__qualname__ for one in FUNCTIONS if not (one.signatures or _is_inner(one))]
    assert unused == []


def _is_inner(function):
    """Whether it was compiled as part of another one, on disk."""
    return function._cache._cache_file.is_filled()
