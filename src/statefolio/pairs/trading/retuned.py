"""A hedge learned anew, again and again, each time from what was known then."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from sklearn.base import clone

from statefolio.kalman.blocks import THREADS
from statefolio.pairs.design import design
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.hedges.maximum_likelihood import maximise_all
from statefolio.pairs.prices import Basket, check_tunable

Progress = Callable[[int, int], None]


def retuned(hedge: Hedge, basket: Basket, rows: Sequence[int], progress: Progress | None = None) -> list[Hedge]:
    """Copies of a hedge that have learned from the first so many dates, and have not run yet.

    Parameters
    ----------
    hedge : Hedge
        It is not written to.
    basket : Basket
    rows : sequence of int
        Dates to learn from: a copy for each.
    progress : callable, optional
        Called with how many are done, and of how many.
    """
    copies = [clone(hedge) for _ in rows]
    known = [Basket(basket.values[:count], basket.dates[:count], basket.assets) for count in rows]
    if isinstance(hedge, KalmanHedge) and hedge.tuning == "mle":
        for each in known:
            check_tunable(each)
        X, y = design(basket.values)
        Y = np.where(np.arange(len(y))[:, None] < np.asarray(rows), y[:, None], np.nan)
        found = maximise_all(X, Y, hedge.transition == "stationary")
        learned: list[Hedge] = [copy.take(each, part) for copy, each, part in zip(copies, found, known, strict=True)]
        if progress is not None:
            progress(len(rows), len(rows))
        return learned
    with ThreadPoolExecutor(THREADS) as pool:
        learned = []
        for done in pool.map(lambda pair: pair[0].learn(pair[1]), zip(copies, known, strict=True)):
            learned.append(done)
            if progress is not None:
                progress(len(learned), len(rows))
    return learned
