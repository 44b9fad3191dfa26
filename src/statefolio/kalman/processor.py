"""Describes what compiled code depends on besides its sources: the processor, and the versions of Numba and NumPy.

LLVM compiles for the processor at hand. Another one has other instructions, so that sums are rounded in another order
and results differ in their last bits. Equal bits on mixed processors need one target for all of them:

    NUMBA_CPU_NAME=generic NUMBA_CPU_FEATURES=""    any 64-bit machine, slowest
    NUMBA_CPU_NAME=x86-64-v3 NUMBA_CPU_FEATURES=""  machines with AVX2

in the environment of every process, and `OPENBLAS_CORETYPE=Haswell` (or `MKL_CBWR=COMPATIBLE`) for BLAS.
"""

import warnings
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.metadata import version

from llvmlite import binding
from numba import config

from statefolio.exceptions import StatefolioWarning

_PACKAGES = ("numba", "llvmlite", "numpy", "scipy")


def processor_fingerprint() -> dict[str, str]:
    """Return what equal bits depend on: the processor that code is compiled for, its features, and versions.

    Returns
    -------
    dict
        processor and features, as LLVM names them, and the versions of numba, llvmlite, numpy and scipy.

    Examples
    --------
    >>> sorted(processor_fingerprint())
    ['features', 'llvmlite', 'numba', 'numpy', 'processor', 'scipy']
    """
    return dict(_fingerprint())


def warn_of_mixed_processors(found: Iterable[Mapping[str, str]], name: str) -> None:
    """Warn with StatefolioWarning where parts of a result come from unlike processors or versions.

    Parameters
    ----------
    found : iterable of mapping
        Fingerprints; those without a field are left out of its comparison.
    name : str
        The result, in the message.
    """
    different = {}
    fingerprints = list(found)
    for field in ("processor", "features", *_PACKAGES):
        values = sorted({one[field] for one in fingerprints if field in one})
        if len(values) > 1:
            different[field] = values
    if not different:
        return
    said = "; ".join(f"{field}: {_difference(field, values)}" for field, values in different.items())
    warnings.warn(
        f"{name} should come from processors and versions of one kind, got {said}. Its last bits may differ from those "
        "of one machine. Set NUMBA_CPU_NAME=generic and NUMBA_CPU_FEATURES= (empty), and install the same versions, "
        "everywhere.",
        StatefolioWarning,
        stacklevel=3,
    )


@lru_cache
def _fingerprint() -> tuple[tuple[str, str], ...]:
    name, features = config.CPU_NAME, config.CPU_FEATURES
    if name is None:
        name = binding.get_host_cpu_name()
        if features is None:
            found = binding.get_host_cpu_features()
            features = ",".join(sorted(key for key, there in found.items() if there))
    versions = tuple((package, version(package)) for package in _PACKAGES)
    return (("processor", str(name)), ("features", features or ""), *versions)


def _difference(field: str, values: list[str]) -> str:
    """Return the values, or of features those that some lack."""
    if field != "features":
        return " and ".join(values)
    sets: list[set[str]] = [set(value.split(",")) for value in values]
    return ", ".join(sorted(sets[0].union(*sets) - sets[0].intersection(*sets)))
