"""Tunes a hedge again and again, each time on the dates known by then."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from statefolio._estimator import clone
from statefolio._threads import get_num_threads
from statefolio.pairs.design import design
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.maximum_likelihood import maximise_all
from statefolio.pairs.prices import Basket, check_tunable
from statefolio.pairs.progress import Progress


def retuned(hedge: Hedge, basket: Basket, rows: Sequence[int], progress: Progress | None = None) -> list[Hedge]:
    """Return one tuned copy of a hedge for each number of dates to tune on; the results are not computed yet.

    Parameters
    ----------
    hedge : Hedge
        It is not changed.
    basket : Basket
    rows : sequence of int
        Numbers of dates to tune on.
    progress : callable (done, total), optional
    """
    copies = [clone(hedge) for _ in rows]
    known = [Basket(basket.values[:count], basket.dates[:count], basket.assets) for count in rows]
    if isinstance(hedge, KalmanHedge) and hedge.tuning == "mle":
        for part in known:
            check_tunable(part)
        X, y = design(basket.values)
        Y = np.where(np.arange(len(y))[:, None] < np.asarray(rows), y[:, None], np.nan)
        found = maximise_all(X, Y, hedge.transition == "stationary")
        tuned: list[Hedge] = [copy.use_maximum(one, part) for copy, one, part in zip(copies, found, known, strict=True)]
        if progress is not None:
            progress(len(rows), len(rows))
        return tuned
    with ThreadPoolExecutor(get_num_threads()) as pool:
        tuned = []
        for copy in pool.map(lambda pair: pair[0].learn(pair[1]), zip(copies, known, strict=True)):
            tuned.append(copy)
            if progress is not None:
                progress(len(tuned), len(rows))
    return tuned
