"""Compares the losses of models with a benchmark's and with each other's, and tests the differences."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from itertools import combinations, permutations
from typing import Any

import pandas as pd
import xarray as xr

from statefolio._arrays.text import listed, shown
from statefolio.exceptions import InputError, UnknownNameError
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import StaticLoadings
from statefolio.validation.equal_accuracy import EqualAccuracy, clark_west, diebold_mariano
from statefolio.validation.losses import LOSSES, adjustment_series, date_series

Pair = tuple[str, str]


def compare_with(losses: xr.Dataset, benchmark: str, lags: int | str | None = None) -> pd.DataFrame:
    """Test every other model against a benchmark by Diebold-Mariano, for every loss.

    Parameters
    ----------
    losses : Dataset (model, date, asset)
        From `losses_dataset`.
    benchmark : str
        Name of a model.
    lags : int or "newey-west", optional
        As for `diebold_mariano`.

    Returns
    -------
    DataFrame
        One row per loss and model: `difference`, the model's mean loss minus the benchmark's, below zero where the
        model is better; the two-sided test; and the reason where there is none. The test is for models that are not
        nested; for nested models see `compare_nested`.
    """
    others = [name for name in losses.indexes["model"] if name != benchmark]
    return _tests(losses, [(name, benchmark) for name in others], lags)


def compare_pairs(losses: xr.Dataset, lags: int | str | None = None) -> pd.DataFrame:
    """Test every pair of models by Diebold-Mariano, for every loss; columns as in `compare_with`."""
    return _tests(losses, list(combinations(losses.indexes["model"], 2)), lags)


def compare_nested(losses: xr.Dataset, nested: Iterable[Pair], lags: int | str | None = None) -> pd.DataFrame:
    """Test larger models against models nested in them by Clark-West, on squared errors.

    Parameters
    ----------
    losses : Dataset (model, date, asset)
        From `losses_dataset`.
    nested : iterable of (smaller, larger)
        Names of models.
    lags : int or "newey-west", optional
        As for `diebold_mariano`.

    Returns
    -------
    DataFrame
        One row per pair: `model` (the larger), `benchmark` (the smaller), `difference`, the larger's mean squared
        error minus the smaller's, `adjusted`, Clark and West's difference, above zero where the larger is
        better, and the one-sided test.
    """
    means = date_series(losses, "squared_error").mean()
    rows = []
    for smaller, larger in nested:
        found = asdict(clark_west(adjustment_series(losses, smaller, larger), lags))
        adjusted = found.pop("difference")
        rows.append(
            {
                "model": larger,
                "benchmark": smaller,
                "difference": means[larger] - means[smaller],
                "adjusted": adjusted,
                **found,
            }
        )
    names = ["model", "benchmark", "difference", "adjusted", *list(EqualAccuracy.__dataclass_fields__)[1:]]
    return pd.DataFrame(rows, columns=names)


def nested_pairs(models: Mapping[str, LoadingsModel], given: Any = "auto") -> list[Pair]:
    """Find or check pairs (smaller, larger) of models where the smaller is a special case of the larger.

    Parameters
    ----------
    models : mapping from name to model
    given : "auto", None or iterable of (smaller, larger)
        "auto" finds static loadings, nested in Kalman loadings (with state variances of zero), and models without
        the constant, nested in the same model with it.
    """
    if given is None:
        return []
    if isinstance(given, str):
        if given != "auto":
            raise _not_pairs(given)
        return [pair for pair in permutations(models, 2) if _nests(models[pair[0]], models[pair[1]])]
    pairs = []
    if not isinstance(given, Iterable):
        raise _not_pairs(given)
    for pair in given:
        if not isinstance(pair, tuple | list) or len(pair) != 2 or pair[0] == pair[1]:
            raise _not_pairs(pair)
        unknown = [name for name in pair if name not in models]
        if unknown:
            raise UnknownNameError(
                f"nested must name models ({listed(list(models), most=8)}), got {listed(unknown)}. Pass their names."
            )
        pairs.append((str(pair[0]), str(pair[1])))
    return pairs


def _not_pairs(given: Any) -> InputError:
    return InputError(
        f"nested must be 'auto', None or pairs of two names (smaller, larger), got {shown(given)}. Pass e.g. "
        "nested=[('static', 'kalman')]."
    )


def _nests(smaller: LoadingsModel, larger: LoadingsModel) -> bool:
    if isinstance(smaller, StaticLoadings) and isinstance(larger, KalmanLoadings):
        return larger.intercept or not smaller.intercept
    if type(smaller) is not type(larger) or smaller.intercept or not larger.intercept:
        return False
    options = (model.get_params(deep=False) | {"intercept": None} for model in (smaller, larger))
    return repr(next(options)) == repr(next(options))


def _tests(losses: xr.Dataset, pairs: list[Pair], lags: int | str | None) -> pd.DataFrame:
    rows = []
    for loss in LOSSES:
        series = date_series(losses, loss)
        for model, benchmark in pairs:
            found = diebold_mariano(series[model] - series[benchmark], lags)
            rows.append({"loss": loss, "model": model, "benchmark": benchmark, **asdict(found)})
    return pd.DataFrame(rows, columns=["loss", "model", "benchmark", *EqualAccuracy.__dataclass_fields__])
