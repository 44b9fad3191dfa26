"""A model that walks with history: fitted once, then continued by the dates that are new."""

import inspect
from collections.abc import Hashable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sklearn.base import clone

from statefolio._arrays.text import show
from statefolio.exceptions import DataTypeError, InputError
from statefolio.portfolio.policies.model_key import model_key
from statefolio.portfolio.policies.options import check_dates
from statefolio.portfolio.policy import History

_NO_RISK: Mapping[str, Any] = {}


@dataclass(eq=False)
class _Fitted:
    """A fitted model and where it stands; its results hold the dates after `since`, all of them where None."""

    model: Any
    date: pd.Timestamp
    tuned_until: pd.Timestamp
    tuned_rows: int
    since: pd.Timestamp | None = None
    risk: Any = None


class ModelWalk:
    """A model as of any decision date, whichever policies of a run ask for it.

    At first use the model is fitted on all that is known, its hyper-parameters tuned on the same dates. Later it
    goes on over the rows it has not seen, hyper-parameters held, which is the same to the last bit as fitting it on
    all dates with `tune_until` the date of the first use. It is kept in `history.shared` under its class and
    parameters: policies of one run that walk equal models compute once, and nothing goes from one run to another.

    Parameters
    ----------
    model
        Unfitted, with `fit` and `partial_fit`: a `FactorRisk`, a `View`; it is cloned. It is given excess returns,
        factors where the market has them, and what it asks for by name of `tune_until` and `risk`.
    retune_every
        The model is fitted anew, tuned on all that is known, once this many dates have come since it was tuned
        last. Default: never.
    min_dates
        Returns that some asset must have before the model is fitted. Until then `not_yet` says so.
    risk
        Walks the risk model that a view may take its loadings and its covariance from.
    name
        What messages call it.

    Notes
    -----
    Hyper-parameters are tuned on dates when a policy of the run asks. Policies that decide on the same dates see
    what each would see alone; where dates differ, the first to ask sets those of tuning.
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
        beside = None if self.risk is None else self.risk._key
        self._key: Hashable = ("walk", model_key(model), retune_every, min_dates, beside)

    def not_yet(self, history: History) -> str:
        """Why there is no model as of `history.date`; "" if there is one, or will be when asked."""
        if self._key in history.shared:
            return ""
        returns, factors = self._data(history)
        longest = int(returns.notna().sum().max()) if returns.size else 0
        if longest >= self.min_dates:
            return ""
        known = " on dates with factors" if factors else ""
        return f"no {self.name} yet: {self.min_dates} returns of an asset are needed{known}, {longest} are known"

    def at(self, history: History) -> Any:
        """The model as of `history.date`. The same object goes on with time: read it before the next date.

        Raises
        ------
        InputError
            If it is too early (ask `not_yet` first), the model has been walked to a later date, or the data cannot
            be used.
        """
        walked: _Fitted | None = history.shared.get(self._key)
        if walked is not None and walked.date >= history.date:
            return self._standing(walked, history)
        wait = self.not_yet(history)
        if wait:
            raise InputError(f"{wait}. Decide on later dates, or ask for fewer (min_dates).")
        returns, factors = self._data(history)
        if walked is None or (self.retune_every and len(returns) - walked.tuned_rows >= self.retune_every):
            walked = self._fit(history, returns, factors)
            history.shared[self._key] = walked
            return walked.model
        new = returns.index > walked.date
        given = [table[new] for table in (returns, *factors)]
        beside = self._risk_over(history, walked.date, walked.risk)
        walked.model.partial_fit(*given, **beside)
        walked.since, walked.date, walked.risk = walked.date, history.date, copy(beside.get("risk"))
        return walked.model

    def _standing(self, walked: _Fitted, history: History) -> Any:
        if walked.date == history.date:
            return walked.model
        raise InputError(
            f"history ends on {show(history.date)}, but the {self.name} has been walked to {show(walked.date)}; "
            "dates that increase within a run were expected. Start another run."
        )

    def _fit(self, history: History, returns: pd.DataFrame, factors: tuple[pd.DataFrame, ...]) -> _Fitted:
        model, options = clone(self.model), dict(self._risk_over(history, None, None))
        risk = copy(options.get("risk"))
        if "tune_until" in _arguments(model.fit):
            options["tune_until"] = history.date
        model.fit(returns, *factors, **options)
        return _Fitted(model, history.date, history.date, len(returns), None, risk)

    def _risk_over(self, history: History, since: pd.Timestamp | None, former: Any) -> Mapping[str, Any]:
        """The risk model, with results of all dates after `since`; another policy may have walked it in other steps.

        Then one of these steps is made of its former self, `former`, or it is fitted on all dates: either is equal
        to it but for the dates that the results hold.
        """
        if self.risk is None:
            return _NO_RISK
        risk = self.risk.at(history)
        stands: _Fitted = history.shared[self.risk._key]
        if stands.since is None or (since is not None and stands.since <= since):
            return {"risk": risk}
        returns, factors = self.risk._data(history)
        if since is None or former is None or stands.tuned_until > since:
            return {"risk": clone(self.risk.model).fit(returns, *factors, tune_until=stands.tuned_until)}
        new = returns.index > since
        return {"risk": copy(former).partial_fit(*(table[new] for table in (returns, *factors)))}

    def _data(self, history: History) -> tuple[pd.DataFrame, tuple[pd.DataFrame, ...]]:
        """Excess returns and, if the model takes them, factors, from the first date on which all are known."""
        returns, factors = history.excess_returns, history.factors
        takes = list(_arguments(self.model.fit).values())
        second = takes[1] if len(takes) > 1 else None
        if second is None or second.kind is inspect.Parameter.KEYWORD_ONLY:
            return returns, ()
        if factors is None and second.default is inspect.Parameter.empty:
            raise InputError(
                f"the market has no factors; the {self.name}, {type(self.model).__name__}, takes them. "
                "Pass factors to the market."
            )
        if factors is None:
            return returns, ()
        known = factors.notna().all(axis=1).to_numpy()
        first = int(known.argmax()) if known.any() else len(factors)
        return returns.iloc[first:], (factors.iloc[first:],)


def _arguments(function: Any) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(function).parameters


def _check(model: Any, retune_every: int | None, min_dates: int, name: str) -> None:
    if isinstance(model, type) or not all(hasattr(model, method) for method in ("fit", "partial_fit", "get_params")):
        what = f"the class {model.__name__}" if isinstance(model, type) else f"a {type(model).__name__}"
        raise DataTypeError(
            f"the {name} is {what}; an estimator with fit and partial_fit was expected. Pass e.g. FactorRisk()."
        )
    if getattr(model, "prefit", False):
        raise InputError(
            f"the {name} has prefit=True; an unfitted model was expected, for it is fitted on what each date knows. "
            "Pass prefit=False; hyper-parameters that are known can be given with tuning='fixed'."
        )
    check_dates("retune_every", retune_every, optional=True)
    check_dates("min_dates", min_dates)
