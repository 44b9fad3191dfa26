"""Fits a model once and continues it over the dates of a back-test."""

import inspect
import warnings
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import show, shown
from statefolio._estimator import clone
from statefolio._options import Whole, check_options
from statefolio.exceptions import DataTypeError, InputError, StatefolioWarning
from statefolio.portfolio.policies.model_key import model_key
from statefolio.portfolio.policy import History

RULES = {"retune_every": Whole(at_least=1, example=252) | None, "min_dates": Whole(at_least=1, example=63)}

_NO_RISK: Mapping[str, Any] = {}


@dataclass(eq=False)
class _Fitted:
    """A fitted model and its last date; its results have the dates after `since`, or all if that is None."""

    model: Any
    date: pd.Timestamp
    tuned_until: pd.Timestamp
    tuned_rows: int
    since: pd.Timestamp | None = None
    risk: Any = None


class ModelWalk:
    """A model as of any decision date, shared by the policies of a run.

    At first use the model is fitted on all data known, with hyper-parameters tuned on the same dates. Later it
    continues over the rows it has not seen, with hyper-parameters fixed, which equals to the last bit a fit on all
    dates with `tune_until` set to the date of the first use. It is cached in `history.shared` under its class and
    parameters: policies of one run that use equal models compute once, and nothing passes from one run to another.

    Parameters
    ----------
    model
        Unfitted, with `fit` and `partial_fit`: a `FactorRisk` or a `View`; it is cloned. It gets excess returns,
        factors if the market has them, and `tune_until`, `risk` and `others` (the market's other tables as known at the
        date) if its `fit` has arguments of these names.
    retune_every
        The model is fitted and tuned anew once this many dates have passed since the last tuning. Default: never.
    min_dates
        The model is fitted once some asset has this many returns; until then `not_yet` gives the reason.
    risk
        The walk of a risk model whose loadings and covariance a view can use.
    name
        The model's name in messages.

    Notes
    -----
    A model that is fitted anew repeats no warning of a former fit of the run.

    Hyper-parameters are tuned on the dates when a policy asks. Policies that decide on the same dates get the same
    model as alone; where their dates differ, the first to ask determines the dates of tuning.

    Examples
    --------
    A policy that weights by a risk model's variances:

    >>> import numpy as np
    >>> import pandas as pd
    >>> import statefolio as sf
    >>> class InverseVariance:
    ...     def decide(self, history, holdings):
    ...         walk = sf.portfolio.ModelWalk(sf.FactorRisk(sf.RollingLoadings(63), residual_structure=None))
    ...         if walk.not_yet(history):
    ...             return None
    ...         variance = walk.at(history).covariance_.asset_variance
    ...         return pd.Series(1 / variance / np.sum(1 / variance), index=walk.at(history).assets_)
    >>> demo = sf.load_demo()
    >>> market = sf.Market(demo.returns.iloc[:150, :3], demo.factors.iloc[:150])
    >>> result = sf.run_backtest(InverseVariance(), market)
    >>> result.weights.iloc[-1].round(2).to_dict()
    {'AAPL': 0.52, 'AMD': 0.08, 'BAC': 0.39}
    """

    def __init__(
        self,
        model: Any,
        retune_every: int | None = None,
        *,
        min_dates: int = 63,
        risk: "ModelWalk | None" = None,
        name: str = "model",
    ) -> None:
        _check(model, retune_every, min_dates, name)
        self.model = clone(model)
        self.retune_every = retune_every
        self.min_dates = min_dates
        self.name = name
        self.risk = risk if "risk" in _arguments(model.fit) else None
        risk_key = None if self.risk is None else self.risk._key
        self._key: Hashable = ("walk", model_key(model), retune_every, min_dates, risk_key)

    def not_yet(self, history: History) -> str:
        """The reason why there is no model as of `history.date`; "" if there is one."""
        if self._key in history.shared:
            return ""
        returns, factors = self._data(history)
        longest = int(returns.notna().sum().max()) if returns.size else 0
        if longest >= self.min_dates:
            return ""
        known = " on dates with factors" if factors else ""
        return f"no {self.name} yet: {self.min_dates} returns of an asset are needed{known}, {longest} are known"

    def at(self, history: History) -> Any:
        """The model as of `history.date`. The same object continues with time: read it before the next date.

        Raises
        ------
        InputError
            If it is too early (call `not_yet` first), the model has been continued to a later date, or the data are
            invalid.
        """
        fitted: _Fitted | None = history.shared.get(self._key)
        if fitted is not None and fitted.date >= history.date:
            return self._cached(fitted, history)
        wait = self.not_yet(history)
        if wait:
            raise InputError(f"{wait}. Decide on later dates, or pass a lower min_dates.")
        returns, factors = self._data(history)
        if fitted is None or (self.retune_every and len(returns) - fitted.tuned_rows >= self.retune_every):
            fitted = self._fit(history, returns, factors)
            history.shared[self._key] = fitted
            return fitted.model
        new = returns.index > fitted.date
        if not new.any():  # factors are missing since then
            fitted.date = history.date
            return fitted.model
        given = [table[new] for table in (returns, *factors)]
        options = self._risk_over(history, fitted.date, fitted.risk)
        fitted.model.partial_fit(*given, **options, **_others(self.model, history))
        fitted.since, fitted.date, fitted.risk = fitted.date, history.date, copy(options.get("risk"))
        return fitted.model

    def _cached(self, fitted: _Fitted, history: History) -> Any:
        if fitted.date == history.date:
            return fitted.model
        raise InputError(
            f"history must not end before {show(fitted.date)}, the last date of the {self.name}, got "
            f"{show(history.date)}. Decide on increasing dates, or start another run."
        )

    def _fit(self, history: History, returns: pd.DataFrame, factors: tuple[pd.DataFrame, ...]) -> _Fitted:
        model, options = clone(self.model), dict(self._risk_over(history, None, None))
        risk = copy(options.get("risk"))
        if "tune_until" in _arguments(model.fit):
            options["tune_until"] = history.date
        with _each_warning_once(history.shared.setdefault(("warned", self._key), set())):
            model.fit(returns, *factors, **options, **_others(model, history))
        return _Fitted(model, history.date, history.date, len(returns), None, risk)

    def _risk_over(self, history: History, since: pd.Timestamp | None, former: Any) -> Mapping[str, Any]:
        """The risk model with results of all dates after `since`, even if another policy continued it in other steps.

        In that case its earlier state, `former`, is continued in one step, or it is fitted on all dates; both give the
        same model, with results of more dates.
        """
        if self.risk is None:
            return _NO_RISK
        risk = self.risk.at(history)
        current: _Fitted = history.shared[self.risk._key]
        if current.since is None or (since is not None and current.since <= since):
            return {"risk": risk}
        returns, factors = self.risk._data(history)
        options = _others(self.risk.model, history)
        if since is None or former is None or current.tuned_until > since:
            if "tune_until" in _arguments(self.risk.model.fit):
                options["tune_until"] = current.tuned_until
            with _each_warning_once(history.shared.setdefault(("warned", self.risk._key), set())):
                return {"risk": clone(self.risk.model).fit(returns, *factors, **options)}
        new = returns.index > since
        return {"risk": copy(former).partial_fit(*(table[new] for table in (returns, *factors)), **options)}

    def _data(self, history: History) -> tuple[pd.DataFrame, tuple[pd.DataFrame, ...]]:
        """Excess returns and, if the model takes them, factors, on the dates with all factors."""
        returns, factors = history.excess_returns, history.factors
        takes = list(_arguments(self.model.fit).values())
        second = takes[1] if len(takes) > 1 else None
        if second is None or second.kind is inspect.Parameter.KEYWORD_ONLY:
            return self._where_risk_is_known(returns, history), ()
        if factors is None and second.default is inspect.Parameter.empty:
            raise InputError(
                f"factors must be part of the market for the {self.name}, {type(self.model).__name__}, got None. Pass "
                "factors to the market."
            )
        if factors is None:
            return returns, ()
        known = factors.notna().all(axis=1).to_numpy()
        first = int(known.argmax()) if known.any() else len(factors)
        returns, factors, known = returns.iloc[first:], factors.iloc[first:], known[first:]
        return (returns, (factors,)) if known.all() else (returns[known], (factors[known],))

    def _where_risk_is_known(self, returns: pd.DataFrame, history: History) -> pd.DataFrame:
        """The returns without the dates that the risk model does not see because factors are missing."""
        if self.risk is None or history.factors is None:
            return returns
        seen = self.risk._data(history)[0].index
        known = returns.index.isin(seen) | (returns.index < seen[0]) if len(seen) else np.ones(len(returns), dtype=bool)
        return returns if known.all() else returns[known]


@contextmanager
def _each_warning_once(seen: set[str]) -> Iterator[None]:
    """Pass warnings on, without the library's own ones that were seen before."""
    caught: list[warnings.WarningMessage] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
    finally:
        registry = globals().setdefault("__warningregistry__", {})
        for one in caught:
            if not (issubclass(one.category, StatefolioWarning) and str(one.message) in seen):
                seen.add(str(one.message))
                warnings.warn_explicit(one.message, one.category, one.filename, one.lineno, registry=registry)


def _others(model: Any, history: History) -> dict[str, Any]:
    """The market's other tables as known now, for a model whose `fit` takes them."""
    return {"others": history.others} if "others" in _arguments(model.fit) else {}


def _arguments(function: Any) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(function).parameters


def _check(model: Any, retune_every: int | None, min_dates: int, name: str) -> None:
    if isinstance(model, type) or not all(hasattr(model, method) for method in ("fit", "partial_fit", "get_params")):
        raise DataTypeError(
            f"{name} must be an unfitted estimator with fit and partial_fit, got {shown(model)}. Pass e.g. "
            "FactorRisk()."
        )
    if getattr(model, "prefit", False):
        raise InputError(
            f"{name} must have prefit=False, as it is fitted on the data known at each date, got True. Pass "
            "prefit=False; tuning='fixed' accepts known hyper-parameters."
        )
    check_options({"retune_every": retune_every, "min_dates": min_dates}, RULES)
