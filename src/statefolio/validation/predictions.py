"""Predicts the same returns one step ahead with several models, each tuned once on the dates before the test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio._arrays.dates import split_row
from statefolio._arrays.frames import read_labels
from statefolio._arrays.text import listed, shown
from statefolio._arrays.types import Array
from statefolio._estimator import clone
from statefolio._options import Kind, Whole, check
from statefolio.exceptions import DataTypeError, InputError
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.log_scores import log_densities
from statefolio.validation.probability import predictive_degrees_of_freedom, probabilities

Mask = npt.NDArray[np.bool_]
BURN_IN = Whole(at_least=0, example=60)
_MODEL = Kind(LoadingsModel, "a model of loadings", "RollingLoadings()")


@dataclass(frozen=True, eq=False)
class Prediction:
    """One model's one-step-ahead predictions.

    Attributes
    ----------
    errors : (T, N)
        Return minus its prediction, on all dates.
    informative : (T, N)
        Whether the predicted loadings are informative; see `LoadingsModel.informative_`.
    variance, density, probability : (test dates, N)
        The model's variance of the error, log density of the return, and probability of a lower return.
    """

    errors: Array
    informative: Mask
    variance: Array
    density: Array
    probability: Array


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions of all models, and the returns that are scored.

    Attributes
    ----------
    by_model : dict of Prediction
    dates, assets : Index
        Of T dates and N assets.
    first : int
        Row of the first date of the test.
    known : (T, N)
        Whether every model predicts the return.
    scored : (test dates, N)
        Whether the return is scored: known, in the test, after the burn-in, and predicted from informative loadings.
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
    """Fit clones of all models on all dates, with `tune_until` the last date before the test.

    `named` comes from `name_models`; the other arguments are those of `score_loadings`.
    """
    check("burn_in", burn_in, BURN_IN)
    dates, assets = read_labels(returns, "returns")
    first = split_row(dates, test_from, "test_from")
    found = {name: _predict(model, returns, factors, dates[first - 1], first) for name, model in named.items()}
    known = ~np.isnan(np.sum([one.errors for one in found.values()], axis=0))
    scored = known[first:] & ~np.isnan(np.sum([one.density for one in found.values()], axis=0))
    scored &= np.logical_and.reduce([one.informative[first:] for one in found.values()])
    scored[:burn_in] = False
    return Predictions(found, dates, assets, first, known, scored)


def name_models(models: Any) -> dict[str, LoadingsModel]:
    """Check models in a mapping or list, and name them; models in a list are named by their class.

    Raises
    ------
    InputError
        If there are no models, or names are equal as text.
    DataTypeError
        If they are not models in a mapping or list.
    """
    if isinstance(models, Mapping):
        named = {str(name): model for name, model in models.items()}
        if len(named) < len(models):
            raise InputError(f"models must have names that differ as text, got {listed(list(models))}. Rename one.")
    elif isinstance(models, Sequence) and not isinstance(models, str):
        kinds = [type(model).__name__ for model in models]
        named = {
            kind if kinds.count(kind) == 1 else f"{kind} {kinds[:place].count(kind) + 1}": model
            for place, (kind, model) in enumerate(zip(kinds, models, strict=True))
        }
    else:
        raise DataTypeError(
            f"models must be a mapping from name to model, or a list of models, got {shown(models)}. Pass e.g. "
            "{'rolling': RollingLoadings()}."
        )
    if not named:
        raise InputError("models must not be empty, got no model. Pass e.g. [RollingLoadings()].")
    for name, model in named.items():
        check(f"models[{name!r}]", model, _MODEL)
    return named


def _predict(model: LoadingsModel, returns: Any, factors: Any, tune_until: Any, first: int) -> Prediction:
    fitted = clone(model).fit(returns, factors, tune_until=tune_until)
    found = fitted.innovations_
    errors = found["innovation"].to_numpy()
    v, S = errors[first:], found["innovation_variance"].to_numpy()[first:]
    density = log_densities(fitted)[first:]
    freedom = predictive_degrees_of_freedom(fitted, errors)
    informative = fitted.informative_.to_numpy()
    return Prediction(
        errors, informative, S, density, probabilities(v, S, freedom if np.ndim(freedom) == 0 else freedom[first:])
    )
