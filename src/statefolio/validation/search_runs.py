"""Runs the configurations of a search, in this process or on an executor."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from typing import Any

import numpy as np

from statefolio._arrays.frames import read_labels
from statefolio._arrays.types import Array
from statefolio.exceptions import StatefolioError
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.log_scores import log_densities

_AT_ONCE = 64


def run_all(
    executor: Executor | None,
    model: LoadingsModel,
    left: list[dict[str, Any]],
    returns: Any,
    factors: Any,
    rows: list[int],
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield each configuration with its entry, in any order."""
    if executor is None:
        for each in left:
            yield each, score_configuration(model, each, returns, factors, rows)
        return
    waiting = iter(left)
    running: dict[Future[dict[str, Any]], dict[str, Any]] = {}
    try:
        while True:
            for each in waiting:
                running[executor.submit(score_configuration, model, each, returns, factors, rows)] = each
                if len(running) >= _AT_ONCE:
                    break
            if not running:
                return
            for future in _first(running):
                yield running.pop(future), future.result()
    finally:
        for future in running:
            future.cancel()


def _first(running: Mapping[Any, Any]) -> list[Any]:
    """Return the futures that are done, at least one; Dask's are not those of the standard library."""
    if all(isinstance(each, Future) for each in running):
        return list(wait(running, return_when=FIRST_COMPLETED).done)
    done = [each for each in running if each.done()]
    return done or [next(iter(running))]


def score_configuration(
    model: LoadingsModel, configuration: Mapping[str, Any], returns: Any, factors: Any, rows: list[int]
) -> dict[str, Any]:
    """Return the mean log scores by date of a configuration, or the reason why it has none. Runs in a worker."""
    from statefolio._estimator import clone

    dates, _ = read_labels(returns, "returns")
    scores: list[Array] = []
    try:
        for first, end in zip(rows, [*rows[1:], len(dates)], strict=True):
            one = clone(model).set_params(**configuration)
            one.fit(returns.iloc[:end], factors, tune_until=dates[first - 1])
            scores.append(_by_date(log_densities(one)[first:]))
    except (StatefolioError, ArithmeticError, np.linalg.LinAlgError) as error:
        return {"scores": [], "reason": str(error)}
    return {"scores": [None if np.isnan(each) else float(each) for each in np.concatenate(scores)], "reason": ""}


def _by_date(density: Array) -> Array:
    count = np.isfinite(density).sum(axis=1)
    total = np.where(np.isfinite(density), density, 0.0).sum(axis=1)
    with np.errstate(invalid="ignore"):
        mean: Array = total / np.where(count > 0, count, np.nan)
    return mean


def plain(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters as JSON values: numbers and texts as they are, other things as text."""
    found = {}
    for name, value in configuration.items():
        each = value.item() if isinstance(value, np.generic) else value
        found[str(name)] = each if isinstance(each, bool | int | float | str | None) else repr(each)
    return found


def key_of(configuration: Mapping[str, Any]) -> str:
    """Return a configuration as text, by which it is counted once."""
    return json.dumps(plain(configuration), sort_keys=True)
