"""A hedge whose level and ratios are the hidden states of a Kalman filter."""

from typing import Any, Self

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._options import Flag, OneOf, Whole, check_options
from statefolio._renamed import FormerName
from statefolio.exceptions import InputError
from statefolio.pairs.adaptive.collapse import Collapse
from statefolio.pairs.design import design
from statefolio.pairs.hedges import base
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.hedges.engine import filter_of, run
from statefolio.pairs.hedges.given_model import check_given, given_model
from statefolio.pairs.hedges.maximum_likelihood import Maximum, maximise
from statefolio.pairs.hedges.results import LEVEL, HedgeEstimates
from statefolio.pairs.model import HedgeModel
from statefolio.pairs.prices import Basket

RULES = base.RULES | {
    "transition": OneOf("stationary", "identity"),
    "tuning": OneOf("mle", "fixed", "adaptive"),
    "passes": Whole(at_least=1, example=2000),
    "center_spread": Flag(),
    "adaptive_start": OneOf("johansen", "path"),
    "center": OneOf("johansen", "sample"),
    "on_collapse": OneOf("last_sound", "continue"),
}


class KalmanHedge(Hedge):
    """A hedge by Kalman filter, x_1 = b_1 + b_2 x_2 + ... + b_k x_k + e: level and hedge ratios are hidden states.

    Parameters
    ----------
    transition : {"stationary", "identity"}
        "stationary": the level, which is the spread, reverts to a mean, b_1 <- m + a (b_1 - m), and the ratios are
        random walks. "identity": level and ratios are random walks.
    tuning : {"mle", "fixed", "adaptive"}
        Exact maximum likelihood; given parameters; or adaptive tuning (only for a stationary level).
    delta : float, optional
        "fixed" without `state_variance`: every state variance is delta / (1 - delta) (Chan 2013, chapter 3). By default
        Chan's 1e-4, and with `logs` 1e-5.
    observation_variance : float, optional
        "fixed": R, in squared units of x_1 (Chan's Ve). By default Chan's 1e-3, which suits prices near 20, and with
        `logs` 2.5e-6, the same in relative terms.
    persistence : float, optional
        "fixed" and stationary: a, between -1 and 1.
    state_variance : (k,) array, optional
        "fixed": variances of the level, then of the ratios.
    spread_mean : float, default 0
        "fixed" and stationary: m.
    start : (mean, variance) of (k,) arrays, optional
        "fixed": mean and variances of the state at the first date; zero by default, as in Chan. "mle" starts exact
        diffuse.
    passes : int, default 2000
        "adaptive": maximum number of passes.
    center_spread : bool, default True
        "adaptive": subtract the in-sample mean of the spread first, so that a measures reversion and not that mean.
    adaptive_start : {"johansen", "path"}
        "adaptive": start every pass from Johansen's ratios, or from the means of the last path.
    center : {"johansen", "sample"}
        "adaptive": compute the start covariance around the mean of the first path, or of the last one.
    on_collapse : {"last_sound", "continue"}
        "adaptive": after a collapse use the last sound pass, or continue.
    logs : bool
        Hedge log prices.

    Attributes
    ----------
    model_ : HedgeModel
        The state-space model with its parameters.
    parameters_ : DataFrame (parameter x "value", "standard_error")
    log_likelihood_ : float
        Log-likelihood of the dates of the last `fit` or `partial_fit`.
    converged_ : bool
    reason_ : str
        Why the estimation ended.
    trace_ : DataFrame by pass
        "adaptive": parameters and test statistics of all passes.
    collapse_ : Collapse, optional
        "adaptive": why and at which pass tuning collapsed, and the last sound pass.
    degenerate_ : bool
        Tuning collapsed.

    References
    ----------
    Chan (2013), Algorithmic Trading, chapter 3. Durbin and Koopman (2012), Time Series Analysis by State Space Methods.

    Examples
    --------
    Estimate on 2018 and 2019 how fast the spread of two oil stocks reverts and how much their hedge ratio moves, then
    follow the hedge ratio out of sample:

    >>> import statefolio as sf
    >>> prices = sf.load_demo_prices()[["CVX", "XOM"]].loc["2018":]
    >>> hedge = sf.pairs.KalmanHedge().fit(prices, tune_until="2019")
    >>> round(float(hedge.parameters_.loc["persistence", "value"]), 2)
    0.95
    >>> ratio = hedge.hedge_ratios_["predicted"].sel(asset="XOM")
    >>> [round(float(ratio.sel(date=day)), 2) for day in ("2019-12-31", "2021-12-31")]
    [1.4, 1.52]

    `partial_fit` adds later dates with the same parameters:

    >>> early = sf.pairs.KalmanHedge().fit(prices.loc[:"2021"], tune_until="2019")
    >>> late = early.partial_fit(prices.loc["2022":])
    >>> bool((late.hedge_ratios_["filtered"][-1] == hedge.hedge_ratios_["filtered"][-1]).all())
    True
    """

    law_ = FormerName("model_")

    def __init__(
        self,
        transition: str = "stationary",
        tuning: str = "mle",
        *,
        delta: float | None = None,
        observation_variance: float | None = None,
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
        check_options(self, RULES)
        if self.tuning == "adaptive" and self.transition == "identity":
            raise InputError(
                "transition must be 'stationary' with tuning='adaptive', which estimates how the level reverts, got "
                "'identity'. Pass transition='stationary', or tuning='mle'."
            )
        if self.tuning == "fixed":
            check_given(self)

    @property
    def learns(self) -> bool:
        """Whether prices decide a parameter."""
        return self.tuning != "fixed"

    def _learn(self, basket: Basket) -> None:
        self.collapse_: Collapse | None = None
        self.degenerate_ = False
        if self.tuning == "mle":
            self.use_maximum(maximise(basket.values, self.transition == "stationary"), basket)
        elif self.tuning == "adaptive":
            self._learn_adaptively(basket)
        else:
            self.model_, self.converged_, self.reason_ = given_model(self, len(basket.assets)), True, "given"
            self.parameters_ = _parameters(self.model_, None, basket.assets)

    def use_maximum(self, found: Maximum, basket: Basket) -> Self:
        """Use the parameters at the maximum of the likelihood of these prices."""
        self.assets_, self.tuned_until_ = basket.assets, basket.dates[-1]
        self.collapse_, self.degenerate_ = None, False
        self.model_, self.converged_, self.reason_ = _model_at(found), found.converged, found.reason
        self.parameters_ = _parameters(self.model_, found.standard_error, basket.assets)
        return self

    def _learn_adaptively(self, basket: Basket) -> None:
        from statefolio.pairs.adaptive.tuning import tune_adaptively  # compiled when first used

        found = tune_adaptively(
            basket.values,
            passes=self.passes,
            center_spread=self.center_spread,
            start=self.adaptive_start,
            center=self.center,
            on_collapse=self.on_collapse,
            names=[str(name) for name in basket.assets],
        )
        self.model_, self.trace_, self.collapse_ = found.model, found.trace, found.collapse
        self.converged_ = found.converged
        self.reason_ = f"{found.passes} passes" if found.collapse is None else found.collapse.detail
        self.degenerate_ = found.collapse is not None
        self.parameters_ = _parameters(self.model_, None, basket.assets)

    def _start(self) -> None:
        self._filter = filter_of(self.model_)

    def _run(self, basket: Basket) -> HedgeEstimates:
        return self._run_filter(basket, smooth=True)

    def _run_forwards(self, basket: Basket) -> HedgeEstimates:
        return self._run_filter(basket, smooth=False)

    def _run_filter(self, basket: Basket, smooth: bool) -> HedgeEstimates:
        estimates, self._filter, self.log_likelihood_ = run(self._filter, *design(basket.values), smooth)
        return estimates


def _model_at(found: Maximum) -> HedgeModel:
    return HedgeModel(found.persistence, found.spread_mean, found.observation_variance, found.state_variance)


def _parameters(model: HedgeModel, errors: Array | None, assets: pd.Index) -> pd.DataFrame:
    names = ["persistence", "spread_mean", "observation_variance"]
    names += [f"state_variance_{name}" for name in (LEVEL, *assets[1:])]
    values = np.array([model.persistence, model.spread_mean, model.observation_variance, *model.state_variance])
    errors = np.full(len(values), np.nan) if errors is None else errors
    return pd.DataFrame({"value": values, "standard_error": errors}, index=pd.Index(names, name="parameter"))
