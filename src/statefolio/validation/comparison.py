"""Models against a benchmark and against each other: which differences in loss are real."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from itertools import combinations, permutations
from typing import Any

import pandas as pd
import xarray as xr

from statefolio._arrays.text import listed
from statefolio.exceptions import InputError, UnknownNameError
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import StaticLoadings
from statefolio.validation.equal_accuracy import EqualAccuracy, clark_west, diebold_mariano
from statefolio.validation.losses import LOSSES, adjustment_series, date_series

Pair = tuple[str, str]


def compare_with(losses: xr.Dataset, benchmark: str, lags: int | str | None = None) -> pd.DataFrame:
    """Diebold-Mariano tests of every other model against one, for every loss.

    Parameters
    ----------
    losses : Dataset (model, date, asset)
        From `losses_dataset`.
    benchmark : str
        One of its models.
    lags : int or "newey-west", optional
        As for `diebold_mariano`.

    Returns
    -------
    DataFrame
        A row a loss and model: `difference`, the model's mean loss less the benchmark's, below zero where the
        model is better; the two-sided test; and why there is none. Models do not nest: for those that do see
        `compare_nested`.
    """
    others = [name for name in losses.indexes["model"] if name != benchmark]
    return _tests(losses, [(name, benchmark) for name in others], lags)


def compare_pairs(losses: xr.Dataset, lags: int | str | None = None) -> pd.DataFrame:
    """Diebold-Mariano tests of every pair of models, for every loss; columns as in `compare_with`."""
    return _tests(losses, list(combinations(losses.indexes["model"], 2)), lags)


def compare_nested(losses: xr.Dataset, nested: Iterable[Pair], lags: int | str | None = None) -> pd.DataFrame:
    """Clark-West tests on squared errors of larger models against those nested in them.

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
        A row a pair: `model` (the larger), `benchmark` (the smaller), `difference`, the larger's mean squared
        error less the smaller's, `adjusted`, Clark and West's difference, above zero where the larger is
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
    """Pairs (smaller, larger) of models of which one nests the other.

    Parameters
    ----------
    models : mapping from name to model
    given : "auto", None or iterable of (smaller, larger)
        What the caller says. "auto" finds static loadings inside loadings that a Kalman filter lets move
        (state variances of zero), and a model without the constant inside the same one with it.
    """
    if given is None:
        return []
    if isinstance(given, str):
        if given != "auto":
            raise InputError(f"nested={given!r}; 'auto', None or pairs (smaller, larger) were expected. Pass 'auto'.")
        return [pair for pair in permutations(models, 2) if _nests(models[pair[0]], models[pair[1]])]
    pairs = []
    if not isinstance(given, Iterable):
        raise InputError(f"nested={given!r}; 'auto', None or pairs (smaller, larger) were expected. Pass 'auto'.")
    for pair in given:
        if not isinstance(pair, tuple | list) or len(pair) != 2 or pair[0] == pair[1]:
            raise InputError(f"nested has {pair!r}; a pair of two names (smaller, larger) was expected. Pass a tuple.")
        unknown = [name for name in pair if name not in models]
        if unknown:
            raise UnknownNameError(
                f"nested names {listed(unknown)}, which is no model; one of {listed(list(models), most=8)} was "
                "expected. Pass names of models."
            )
        pairs.append((str(pair[0]), str(pair[1])))
    return pairs


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
