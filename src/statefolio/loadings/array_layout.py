"""Types and shapes of the arrays in a model file, their check, and the joining of those of successive assets."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

Shape = tuple[int | None, ...]
Arrays = dict[str, np.ndarray[Any, Any]]


class Form(NamedTuple):
    """The kind of an array's dtype (one letter of NumPy's) and its shape; None is any length.

    `along` is the axis of the assets; None for an array that all assets share. With `newcomer`, the last entry along
    that axis is for an asset not seen yet.
    """

    kind: str
    shape: Shape
    along: int | None = None
    newcomer: bool = False


def check_forms(found: Mapping[str, Form], needed: Mapping[str, Form], optional: Collection[str] = ()) -> None:
    """Raise ValueError unless the arrays are those that are needed; the optional ones may be missing."""
    missing = sorted(name for name in needed if name not in found and name not in optional)
    if missing:
        raise ValueError(f"the array {missing[0]} is missing")
    unknown = sorted(name for name in found if name not in needed)
    if unknown:
        raise ValueError(f"the array {unknown[0]} is unknown")
    for name, form in found.items():
        kinds, shape, *_ = needed[name]
        same = len(form.shape) == len(shape) and all(
            wanted is None or wanted == length for length, wanted in zip(form.shape, shape, strict=True)
        )
        if form.kind not in kinds or not same:
            raise ValueError(f"the array {name} has the type {form.kind} and the shape {form.shape}")


def join_arrays(parts: Sequence[Arrays], forms: Mapping[str, Form]) -> Arrays:
    """Join the arrays of successive assets along the axis of the assets.

    Raises
    ------
    ValueError
        If the parts have other arrays, or differ in one that all assets share.
    """
    if any(part.keys() != parts[0].keys() for part in parts):
        raise ValueError("the blocks have different arrays")
    return {name: _joined([part[name] for part in parts], forms[name], name) for name in parts[0]}


def _joined(parts: Sequence[np.ndarray[Any, Any]], form: Form, name: str) -> np.ndarray[Any, Any]:
    axis = form.along
    if axis is not None and not form.newcomer:
        return np.concatenate(parts, axis=axis)
    shared = [part if axis is None else part.take([-1], axis=axis) for part in parts]
    if not all(np.array_equal(each, shared[0], equal_nan=each.dtype.kind == "f") for each in shared):
        raise ValueError(f"the blocks differ in {name}, which all assets share")
    if axis is None:
        return shared[0]
    own = [part.take(range(part.shape[axis] - 1), axis=axis) for part in parts]
    return np.concatenate([*own, shared[0]], axis=axis)


def with_prefix(arrays: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return the arrays whose names start with the prefix, without it."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
