"""Variances of smoothed loadings where a filter's errors are not those of its model (errors.py).

The smoother runs under the model. On each date its variances are multiplied by what the errors of the filtered loading
have over the filter's own variance: on the last date they are those of the filter, and on no date are they larger.
"""

import copy
from dataclasses import replace

import numpy as np

from statefolio.kalman.panel import Filter
from statefolio.kalman.smoother import Smoothed
from statefolio.kalman.specification import Floats


def errors_over_model(filter_: Filter, X: Floats, Y: Floats, common: Floats) -> Floats:
    """Return variances of filtered errors over the filter's own (T, K, N); 1 where there are none.

    The filter is before its first date, and stays there.
    """
    own = replace(filter_, state=filter_.state._replace(error=np.zeros((0, filter_.count))))
    theirs, its = (copy.deepcopy(each).run(X, Y, common, store="paths").variance for each in (filter_, own))
    known = np.isfinite(theirs) & (its > 0.0)
    return np.divide(theirs, its, out=np.ones_like(its), where=known)


def scale_errors(smoothed: Smoothed, ratio: Floats) -> None:
    """Multiply variances, and covariances with the date before, in place."""
    smoothed.variance[:] *= ratio
    smoothed.lag_one[1:] *= np.sqrt(ratio[1:] * ratio[:-1])
