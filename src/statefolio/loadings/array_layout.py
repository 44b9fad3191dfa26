"""Types and shapes of the arrays in a model file, and their check against those that a model needs."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

Shape = tuple[int | None, ...]


class Form(NamedTuple):
    """The kind of an array's dtype (one letter of NumPy's) and its shape; None is any length."""

    kind: str
    shape: Shape


def check_forms(found: Mapping[str, Form], needed: Mapping[str, Form], optional: Collection[str] = ()) -> None:
    """Raise ValueError unless the arrays are those that are needed; the optional ones may be missing."""
    missing = sorted(name for name in needed if name not in found and name not in optional)
    if missing:
        raise ValueError(f"the array {missing[0]} is missing")
    unknown = sorted(name for name in found if name not in needed)
    if unknown:
        raise ValueError(f"the array {unknown[0]} is unknown")
    for name, form in found.items():
        kinds, shape = needed[name]
        same = len(form.shape) == len(shape) and all(
            wanted is None or wanted == length for length, wanted in zip(form.shape, shape, strict=True)
        )
        if form.kind not in kinds or not same:
            raise ValueError(f"the array {name} has the type {form.kind} and the shape {form.shape}")
