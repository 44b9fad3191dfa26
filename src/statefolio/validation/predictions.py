"""What several models say of the same returns, one step ahead: each is fitted once, on dates before the test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import pi
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone

from statefolio._arrays.dates import split_row
from statefolio._arrays.frames import read_labels
from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio._options import is_whole
from statefolio.exceptions import DataTypeError, InputError
from statefolio.loadings.base import LoadingsModel
from statefolio.validation.probability import law_of, probabilities

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Prediction:
    """One model's one-step-ahead predictions.

    Attributes
    ----------
    errors : (T, N)
        Return less its prediction, on all dates.
    variance, density, probability : (test dates, N)
        The error's variance, the log density of the return, and the probability of a lower one, by the model.
    """

    errors: Array
    variance: Array
    density: Array
    probability: Array


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions of all models, and which returns they are judged by.

    Attributes
    ----------
    by_model : dict of Prediction
    dates, assets : Index
        Of T dates and N assets.
    first : int
        Row of the first date of the test.
    known : (T, N)
        Returns that every model predicts.
    scored : (test dates, N)
        Those of the test, after its burn-in.
    """

    by_model: dict[str, Prediction]
    dates: pd.DatetimeIndex
    assets: pd.Index
    first: int
    known: Mask
    scored: Mask

    @property
    def tested(self) -> pd.DatetimeIndex:
        """Dates of the test, the burn-in included."""
        return self.dates[self.first :]


def predict_all(
    named: Mapping[str, LoadingsModel], returns: Any, factors: Any, test_from: Any, burn_in: int
) -> Predictions:
    """Fit clones of all models with `tune_until` the last date before the test, and run them to the end.

    `named` comes from `name_models`; the rest is as for `score_loadings`.
    """
    _check_burn_in(burn_in)
    dates, assets = read_labels(returns, "returns")
    first = split_row(dates, test_from, "test_from")
    found = {name: _predict(model, returns, factors, dates[first - 1], first) for name, model in named.items()}
    known = ~np.isnan(np.sum([one.errors for one in found.values()], axis=0))
    scored = known[first:] & ~np.isnan(np.sum([one.density for one in found.values()], axis=0))
    scored[:burn_in] = False
    return Predictions(found, dates, assets, first, known, scored)


def name_models(models: Any) -> dict[str, LoadingsModel]:
    """Give every model of a mapping or list a name, or say what came instead of models."""
    if isinstance(models, Mapping):
        named = {str(name): model for name, model in models.items()}
        if len(named) < len(models):
            raise InputError(f"models has names that read alike ({listed(list(models))}); others were expected.")
    elif isinstance(models, Sequence) and not isinstance(models, str):
        kinds = [type(model).__name__ for model in models]
        named = {
            kind if kinds.count(kind) == 1 else f"{kind} {kinds[:place].count(kind) + 1}": model
            for place, (kind, model) in enumerate(zip(kinds, models, strict=True))
        }
    else:
        raise DataTypeError(
            f"models is a {type(models).__name__}; a mapping from name to model, or a list of models, was "
            "expected. Pass e.g. {'rolling': RollingLoadings()}."
        )
    if not named:
        raise InputError("models is empty; at least one model was expected. Pass e.g. [RollingLoadings()].")
    for name, model in named.items():
        if not isinstance(model, LoadingsModel):
            raise DataTypeError(
                f"model {name!r} is a {type(model).__name__}; a model of loadings was expected. Pass an "
                "unfitted model, e.g. RollingLoadings()."
            )
    return named


def _check_burn_in(burn_in: Any) -> None:
    if not is_whole(burn_in) or burn_in < 0:
        raise InputError(f"burn_in={burn_in!r}; a number of dates, 0 or more, was expected. Pass e.g. 60.")


def _predict(model: LoadingsModel, returns: Any, factors: Any, tune_until: Any, first: int) -> Prediction:
    fitted = clone(model).fit(returns, factors, tune_until=tune_until)
    found = fitted.innovations_
    errors = found["innovation"].to_numpy()
    v, S = errors[first:], found["innovation_variance"].to_numpy()[first:]
    if "log_density" in found:
        density = found["log_density"].to_numpy()[first:]
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            density = -0.5 * (np.log(2.0 * pi * S) + v * v / S)
    law = law_of(fitted, errors)
    return Prediction(errors, S, density, probabilities(v, S, law if np.ndim(law) == 0 else law[first:]))
