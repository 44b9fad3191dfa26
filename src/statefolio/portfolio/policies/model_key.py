"""Decides whether two models are equal, by a key of their classes and parameters."""

import hashlib
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd


def model_key(value: Any) -> Hashable:
    """A key that equal values share: an estimator's class and all nested parameters, with the bytes of its data.

    Parameters
    ----------
    value
        An estimator (anything with `get_params`), a DataFrame, an array, a container or a plain value. Any other object
        is its own key, so that it equals only itself.

    Returns
    -------
    Hashable
    """
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if value is None or isinstance(value, bool | int | float | complex | str | bytes | np.generic | pd.Timestamp):
        return kind, repr(value)
    if isinstance(value, type):
        return "class", value
    if hasattr(value, "get_params"):
        parameters = value.get_params(deep=False)
        return kind, tuple((name, model_key(parameters[name])) for name in sorted(parameters))
    if isinstance(value, pd.DataFrame):
        return kind, model_key(value.index), model_key(value.columns), _digest(value.to_numpy())
    if isinstance(value, pd.Series):
        return kind, model_key(value.index), _digest(value.to_numpy())
    if isinstance(value, pd.Index | np.ndarray):
        return kind, _digest(np.asarray(value))
    if isinstance(value, Mapping):
        return kind, tuple((model_key(name), model_key(part)) for name, part in value.items())
    if isinstance(value, list | tuple):
        return kind, tuple(model_key(part) for part in value)
    if isinstance(value, set | frozenset):
        return kind, frozenset(model_key(part) for part in value)
    return kind, _Itself(value)


def _digest(values: np.ndarray[Any, Any]) -> Hashable:
    if values.dtype.hasobject:
        return values.shape, tuple(model_key(value) for value in values.ravel().tolist())
    data = np.ascontiguousarray(values)
    return str(data.dtype), data.shape, hashlib.sha256(data.tobytes()).hexdigest()


class _Itself:
    """An object that equals only itself, and lives as long as the key does."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self._value is other._value

    def __hash__(self) -> int:
        return id(self._value)
