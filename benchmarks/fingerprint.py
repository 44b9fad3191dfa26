"""Hashes every public estimator's results on bundled data, to compare two commits to the last bit.

    OPENBLAS_NUM_THREADS=1 python benchmarks/fingerprint.py --out before.json
    OPENBLAS_NUM_THREADS=1 python benchmarks/fingerprint.py --out after.json
    python benchmarks/fingerprint.py --compare before.json after.json

A result becomes up to three hashes: values with their index (`label`), names of columns and variables
(`label.columns`), and strings of more than one word (`label.text`), whose wording may change. Dataclasses are their
fields in order, without names. Labels with `.draws` depend on random normal numbers. What is computed is in
the five files `fingerprint_*.py`. All use the package's top-level names alone, so they run on commits whose modules
have moved; on one machine, with the same libraries and number of threads, hashes must agree.
"""

import argparse
import dataclasses
import hashlib
import json
import os
import struct
import sys
import tempfile
import time
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import fingerprint_baskets  # noqa: F401 - its cases
import fingerprint_commands  # noqa: F401 - its cases
import fingerprint_factors  # noqa: F401 - its cases
import fingerprint_portfolios  # noqa: F401 - its cases
import numpy as np
import pandas as pd
import xarray as xr
from fingerprint_loadings import CASES

import statefolio as sf

DIGITS = 16
VALUES, COLUMNS, TEXT = "", ".columns", ".text"
ERROR = "ERROR: "


class Digest:
    """Reduces a result to bytes, in three streams: values, names and sentences."""

    def __init__(self) -> None:
        self._streams = {VALUES: hashlib.sha256()}

    def hashes(self) -> dict[str, str]:
        return {suffix: stream.hexdigest()[:DIGITS] for suffix, stream in self._streams.items()}

    def add(self, value: Any, to: str = VALUES) -> None:
        """Add a result, whatever it is, to the stream of values or of names."""
        if isinstance(value, np.generic) and not isinstance(value, np.datetime64 | np.timedelta64):
            value = value.item()
        if isinstance(value, bool | int | float | str | bytes | None) or value is pd.NaT or value is pd.NA:
            self._scalar(value, to)
        elif isinstance(value, pd.DataFrame | pd.Series | pd.Index | xr.Dataset | xr.DataArray):
            self._labelled(value, to)
        elif isinstance(value, np.ndarray | np.datetime64 | np.timedelta64):
            self._array(np.asarray(value), to)
        elif hasattr(value, "isoformat"):  # dates, times and their differences
            self._bytes(b"t" + value.isoformat().encode(), to)
        elif isinstance(value, Mapping):
            keys = list(value)
            self._sequence(keys, COLUMNS if all(isinstance(key, str) for key in keys) else to)
            self._sequence(value.values(), to)
        elif dataclasses.is_dataclass(value):
            self._sequence((getattr(value, field.name) for field in dataclasses.fields(value)), to)
        elif isinstance(value, Iterable):
            self._sequence(value, to)
        elif callable(value):
            self._bytes(b"callable", to)
        else:
            self._public(value, to)

    def _bytes(self, data: bytes, to: str) -> None:
        stream = self._streams.setdefault(to, hashlib.sha256())
        stream.update(struct.pack("<q", len(data)))
        stream.update(data)

    def _scalar(self, value: Any, to: str) -> None:
        if isinstance(value, float):
            self._bytes(b"f" + struct.pack("<d", np.nan if np.isnan(value) else value), to)
        elif isinstance(value, str) and len(value.split()) > 1 and to == VALUES:
            self._bytes(b"sentence", VALUES)
            self._bytes(value.encode(), TEXT)
        elif isinstance(value, str | bytes):
            self._bytes(b"s" + (value if isinstance(value, bytes) else value.encode()), to)
        else:
            self._bytes(f"{type(value).__name__} {value}".encode(), to)

    def _array(self, values: Any, to: str) -> None:
        if values.dtype.kind not in "biufcmM":
            return self._sequence([*values.shape, *values.ravel().tolist()], to)
        if values.dtype.kind == "f":
            values = np.where(np.isnan(values), values.dtype.type(np.nan), values)  # one NaN is as good as another
        self._bytes(f"{values.dtype.str} {values.shape}".encode(), to)
        return self._bytes(np.ascontiguousarray(values).tobytes(), to)

    def _sequence(self, values: Iterable[Any], to: str) -> None:
        entries = list(values)
        self._bytes(f"{len(entries)} entries".encode(), to)
        for entry in entries:
            self.add(entry, to)

    def _labelled(self, value: Any, to: str) -> None:
        if isinstance(value, xr.Dataset | xr.DataArray):
            parts = value.variables if isinstance(value, xr.Dataset) else {str(value.name): value, **value.coords}
            self._sequence([[name, list(part.dims)] for name, part in parts.items()], COLUMNS)
            self._sequence([part.to_numpy() for part in parts.values()], to)
        elif isinstance(value, pd.DataFrame):
            self._sequence([value.columns, value.columns.names, value.index.names], COLUMNS)
            self._sequence([value.index, *(plain(column) for _, column in value.items())], to)
        elif isinstance(value, pd.Series):
            self._sequence([value.name, value.index.names], COLUMNS)
            self._sequence([value.index, plain(value)], to)
        else:
            self._array(plain(value), to)
        attributes = getattr(value, "attrs", None)
        if attributes:
            self.add(attributes, to)

    def _public(self, value: Any, to: str) -> None:
        """An object is its public attributes, in no order: their names may change."""
        if not hasattr(value, "__dict__"):
            raise TypeError(f"a {type(value).__name__} cannot be hashed; add it to Digest, or hash what it holds")
        parts = []
        for name, held in vars(value).items():
            if not name.startswith("_"):
                digest = Digest()
                digest.add(held)
                parts.append(digest.hashes())
        for suffix in (VALUES, COLUMNS, TEXT):
            found = sorted(part[suffix] for part in parts if suffix in part)
            if found:
                self._bytes(" ".join(found).encode(), to if suffix == VALUES else suffix)


def plain(values: Any) -> Any:
    """An index or a column as an array of NumPy's own types, or of objects."""
    return values.to_numpy() if isinstance(values.dtype, np.dtype) else values.to_numpy(dtype=object)


def fingerprint(only: str = "") -> dict[str, str]:
    """Compute the cases whose labels begin with `only`, in a folder that is empty and away afterwards."""
    found: dict[str, str] = {}
    for name, job in CASES.items():
        if not (name.startswith(only) or only.startswith(f"{name}.")):
            continue
        begun = time.perf_counter()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                results = job()
            for part, result in results.items():
                digest = Digest()
                digest.add(result)
                found |= {f"{name}.{part}{suffix}": value for suffix, value in digest.hashes().items()}
        except Exception as error:  # noqa: BLE001 - a case that fails must not end the others' run
            found[name] = f"{ERROR}{type(error).__name__}: {error}"
        print(f"{time.perf_counter() - begun:6.2f} s  {name}", file=sys.stderr)
    return {label: value for label, value in found.items() if label.startswith(only) or value.startswith(ERROR)}


def compare(one: Mapping[str, str], other: Mapping[str, str]) -> int:
    """Print what became of every label; 1 if anything but a sentence is not there twice and equal."""
    counts: dict[str, int] = {}
    failed = False
    for label in sorted(one.keys() | other.keys()):
        a, b = one.get(label), other.get(label)
        if a is None or b is None:
            state = f"missing in the {'first' if a is None else 'second'}"
        elif a.startswith(ERROR) or b.startswith(ERROR):
            state = "error"
        else:
            state = "equal" if a == b else "different"
        counts[state] = counts.get(state, 0) + 1
        failed = failed or not (state == "equal" or label.endswith(TEXT))
        print(f"{state:22} {label}")
        for value in (a, b) if state == "error" else ():
            print(f"{'':22}   {value}")
    print(", ".join(f"{count} {state}" for state, count in sorted(counts.items())))
    return int(failed)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, help="write the hashes here instead of to standard output")
    parser.add_argument("--only", default="", metavar="PREFIX", help="labels that begin so")
    parser.add_argument("--compare", nargs=2, type=Path, metavar=("A.json", "B.json"))
    given = parser.parse_args()
    if given.compare:
        one, other = (json.loads(path.read_text()) for path in given.compare)
        return compare(one, other)
    out = given.out.resolve() if given.out else None
    print(f"statefolio from {sf.__file__}", file=sys.stderr)
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            found = fingerprint(given.only)
        finally:
            os.chdir(before)
    told = json.dumps(found, indent=1, sort_keys=True) + "\n"
    if out is None:
        print(told, end="")
    else:
        out.write_text(told)
    errors = sum(value.startswith(ERROR) for value in found.values())
    print(f"{len(found)} labels, {errors} errors", file=sys.stderr)
    return int(errors > 0)


if __name__ == "__main__":
    sys.exit(main())
