"""A hedge whose ratios are the hidden states of a Kalman filter."""

from typing import Any, Self

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._options import is_number, is_whole
from statefolio.exceptions import InputError
from statefolio.pairs.design import design
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.engine import filter_of, run
from statefolio.pairs.hedges.maximum_likelihood import Maximum, maximise
from statefolio.pairs.hedges.results import LEVEL, HedgePaths
from statefolio.pairs.law import HedgeLaw
from statefolio.pairs.prices import Basket
from statefolio.pairs.recipe.collapse import Collapse

_CHOICES = {
    "transition": ("stationary", "identity"),
    "tuning": ("mle", "fixed", "adaptive"),
    "adaptive_start": ("johansen", "path"),
    "center": ("johansen", "sample"),
    "on_collapse": ("last_sound", "continue"),
}


class KalmanHedge(Hedge):
    """Level and hedge ratios as hidden states: x_1 = b_1 + b_2 x_2 + ... + b_k x_k + e.

    Parameters
    ----------
    transition : {"stationary", "identity"}
        The level reverts to a mean, b_1 <- m + a (b_1 - m), because it is the spread itself, and the ratios are random
        walks; or all are random walks.
    tuning : {"mle", "fixed", "adaptive"}
        Exact maximum likelihood; parameters as given; or the adaptive recipe, pass by pass (stationary only).
    delta : float, default 1e-4
        "fixed" without `state_variance`: every state variance is delta / (1 - delta) (Chan 2013, chapter 3).
    observation_variance : float, default 1e-3
        "fixed": R, in squared units of x_1 (Chan's Ve).
    persistence : float, optional
        "fixed" and stationary: a, between -1 and 1.
    state_variance : (k,) array, optional
        "fixed": of the level, then of the ratios.
    spread_mean : float, default 0
        "fixed" and stationary: m.
    start : (mean, variance) of (k,) arrays, optional
        "fixed": law of the state at the first date, zero by default as Chan has it; "mle" starts exact diffuse.
    passes : int, default 2000
        "adaptive": at most so many.
    center_spread : bool, default True
        "adaptive": take the in-sample mean out of the spread first; a measures reversion then and not that mean.
    adaptive_start : {"johansen", "path"}
        "adaptive": every pass starts from Johansen's ratios, or from the means of the last path.
    center : {"johansen", "sample"}
        "adaptive": the start covariance is taken around the first path's mean, or the last one's.
    on_collapse : {"last_sound", "continue"}
        "adaptive": which parameters are used where the recipe collapses.
    logs : bool
        Hedge log prices.

    Attributes
    ----------
    law_ : HedgeLaw
    parameters_ : DataFrame (parameter x "value", "standard_error")
    log_likelihood_ : float
        Of the dates last run over.
    converged_ : bool
    reason_ : str
    trace_ : DataFrame by pass
        "adaptive" only.
    collapse_ : Collapse, optional
        "adaptive" only: how, at which pass, and the last sound one.
    degenerate_ : bool
        Whether tuning collapsed.

    References
    ----------
    Chan (2013), Algorithmic Trading, chapter 3. Durbin and Koopman (2012), Time Series Analysis by State Space Methods.
    """

    def __init__(
        self,
        transition: str = "stationary",
        tuning: str = "mle",
        *,
        delta: float = 1e-4,
        observation_variance: float = 1e-3,
        persistence: float | None = None,
        state_variance: Any = None,
        spread_mean: float = 0.0,
        start: Any = None,
        passes: int = 2000,
        center_spread: bool = True,
        adaptive_start: str = "johansen",
        center: str = "johansen",
        on_collapse: str = "last_sound",
        logs: bool = False,
    ) -> None:
        self.transition = transition
        self.tuning = tuning
        self.delta = delta
        self.observation_variance = observation_variance
        self.persistence = persistence
        self.state_variance = state_variance
        self.spread_mean = spread_mean
        self.start = start
        self.passes = passes
        self.center_spread = center_spread
        self.adaptive_start = adaptive_start
        self.center = center
        self.on_collapse = on_collapse
        self.logs = logs

    def _check_options(self) -> None:
        super()._check_options()
        for name, valid in _CHOICES.items():
            if getattr(self, name) not in valid:
                told = ", ".join(repr(choice) for choice in valid)
                raise InputError(f"{name}={getattr(self, name)!r} came. One of {told} was expected: choose one.")
        if self.tuning == "adaptive" and self.transition == "identity":
            raise InputError(
                "tuning='adaptive' came with transition='identity'; the recipe learns how the level reverts. "
                "Use transition='stationary', or tuning='mle'."
            )
        if not is_whole(self.passes) or self.passes <= 0:
            raise InputError(f"passes={self.passes!r} came; a whole number above zero was expected.")
        if self.tuning == "fixed":
            self._check_given()

    def _check_given(self) -> None:
        if not is_number(self.delta) or not 0.0 <= self.delta < 1.0:
            raise InputError(f"delta={self.delta!r} came; a number from 0 to less than 1 was expected.")
        if not is_number(self.observation_variance) or not 0.0 < self.observation_variance < np.inf:
            raise InputError(f"observation_variance={self.observation_variance!r} came; a number above 0 was expected.")
        if not is_number(self.spread_mean) or not np.isfinite(self.spread_mean):
            raise InputError(f"spread_mean={self.spread_mean!r} came; a finite number was expected.")
        if self.start is not None and (not isinstance(self.start, tuple | list) or len(self.start) != 2):
            raise InputError(f"start={self.start!r} came; a mean and a variance for each state were expected.")
        a = self.persistence
        if self.transition == "stationary" and (not is_number(a) or not -1.0 < a < 1.0):
            raise InputError(
                f"persistence={a!r} came with tuning='fixed' and transition='stationary'; a number between -1 and 1 "
                "was expected. Pass one, or transition='identity'."
            )

    def _learn(self, basket: Basket) -> None:
        self.collapse_: Collapse | None = None
        self.degenerate_ = False
        if self.tuning == "mle":
            self.take(maximise(basket.values, self.transition == "stationary"), basket)
        elif self.tuning == "adaptive":
            self._learn_adaptively(basket)
        else:
            self.law_, self.converged_, self.reason_ = self._given_law(len(basket.assets)), True, "given"
            self.parameters_ = _parameters(self.law_, None, basket.assets)

    def take(self, found: Maximum, basket: Basket) -> Self:
        """Take over a maximum of the likelihood of these prices."""
        self.assets_, self.tuned_until_ = basket.assets, basket.dates[-1]
        self.collapse_, self.degenerate_ = None, False
        self.law_, self.converged_, self.reason_ = _law_of(found), found.converged, found.reason
        self.parameters_ = _parameters(self.law_, found.standard_error, basket.assets)
        return self

    def _learn_adaptively(self, basket: Basket) -> None:
        from statefolio.pairs.recipe.adaptive import tune_adaptively  # compiled when first used

        found = tune_adaptively(
            basket.values,
            passes=self.passes,
            center_spread=self.center_spread,
            start=self.adaptive_start,
            center=self.center,
            on_collapse=self.on_collapse,
            names=[str(name) for name in basket.assets],
        )
        self.law_, self.trace_, self.collapse_ = found.law, found.trace, found.collapse
        self.converged_ = found.converged
        self.reason_ = f"{found.passes} passes" if found.collapse is None else found.collapse.detail
        self.degenerate_ = found.collapse is not None
        self.parameters_ = _parameters(self.law_, None, basket.assets)

    def _given_law(self, states: int) -> HedgeLaw:
        variance = np.full(states, self.delta / (1.0 - self.delta))
        if self.state_variance is not None:
            variance = _vector(self.state_variance, states, "state_variance")
        start = (np.zeros(states), np.zeros(states)) if self.start is None else self.start
        mean, spread = (_vector(part, states, "start") for part in start)
        if (variance < 0.0).any() or (spread < 0.0).any():
            raise InputError("state_variance or start holds a variance below zero; none was expected.")
        reverts = self.transition == "stationary"
        a = float(self.persistence) if reverts and self.persistence is not None else 1.0
        m = float(self.spread_mean) if reverts else 0.0
        return HedgeLaw(a, m, float(self.observation_variance), variance, mean, spread, before_prediction=False)

    def _start(self) -> None:
        self._filter = filter_of(self.law_)

    def _run(self, basket: Basket) -> HedgePaths:
        return self._go_on(basket, smooth=True)

    def _run_forwards(self, basket: Basket) -> HedgePaths:
        return self._go_on(basket, smooth=False)

    def _go_on(self, basket: Basket, smooth: bool) -> HedgePaths:
        paths, self._filter, self.log_likelihood_ = run(self._filter, *design(basket.values), smooth)
        return paths


def _vector(given: Any, states: int, name: str) -> Array:
    try:
        vector = np.asarray(given, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}={given!r} came; {states} numbers were expected, the level's first.") from error
    if vector.shape != (states,) or not np.isfinite(vector).all():
        raise InputError(f"{name}={given!r} came; {states} finite numbers were expected, the level's first.")
    return vector


def _law_of(found: Maximum) -> HedgeLaw:
    return HedgeLaw(found.persistence, found.spread_mean, found.observation_variance, found.state_variance)


def _parameters(law: HedgeLaw, errors: Array | None, assets: pd.Index) -> pd.DataFrame:
    names = ["persistence", "spread_mean", "observation_variance"]
    names += [f"state_variance_{name}" for name in (LEVEL, *assets[1:])]
    values = np.array([law.persistence, law.spread_mean, law.observation_variance, *law.state_variance])
    errors = np.full(len(values), np.nan) if errors is None else errors
    return pd.DataFrame({"value": values, "standard_error": errors}, index=pd.Index(names, name="parameter"))
