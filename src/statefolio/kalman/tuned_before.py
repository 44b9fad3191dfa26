"""Remembers tunings inside a context, for jobs that fit the same model of the same returns more than once."""

import hashlib
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
from numpy.typing import NDArray

from statefolio.kalman.identified import tune_identified
from statefolio.kalman.observations import Observations, Observed
from statefolio.kalman.specification import Floats
from statefolio.kalman.tuning import Progress
from statefolio.kalman.tuning_spec import Learned, TuningSpec

_remembered: ContextVar[dict[bytes, Learned] | None] = ContextVar("_remembered", default=None)


@contextmanager
def remembering_tunings() -> Iterator[None]:
    """Tune the same options on the same numbers once inside this context.

    Tuning depends on its options, the regressors and the observations alone, so that what is remembered has the same
    digits as what would be learned again.
    """
    token = _remembered.set({})
    try:
        yield
    finally:
        _remembered.reset(token)


def tune_once(
    options: TuningSpec, X: Floats, Y: Observations, unknown: NDArray[np.bool_], progress: Progress | None = None
) -> Learned:
    """Learn hyper-parameters as `tune_identified` does, or recall what was learned from the same numbers."""
    remembered = _remembered.get()
    if remembered is None or not isinstance(Y, Observed):
        return tune_identified(options, X, Y, unknown, progress)
    digest = hashlib.sha256(pickle.dumps((options, X.shape, Y.Y.shape, Y.count)))
    for values in (X, Y.Y, unknown):
        digest.update(np.ascontiguousarray(values).data)
    key = digest.digest()
    if key not in remembered:
        remembered[key] = tune_identified(options, X, Y, unknown, progress)
    return remembered[key]
