"""Tries many configurations of a model out of sample, on any executor, and counts every one of them."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.dates import split_row
from statefolio._arrays.frames import read_labels
from statefolio._arrays.text import show, shown
from statefolio._display.shown import ShownTable
from statefolio._options import Kind, Whole, check
from statefolio.exceptions import DataTypeError, InputError
from statefolio.loadings.base import LoadingsModel
from statefolio.validation.confidence_set import model_confidence_set
from statefolio.validation.equal_accuracy import diebold_mariano
from statefolio.validation.search_record import SearchRecord
from statefolio.validation.search_runs import key_of, plain, run_all

_MODEL = Kind(LoadingsModel, "a model of loadings", "KalmanLoadings()")
_TRIALS = Whole(at_least=1, example=100) | None
Space = Mapping[str, Any] | Iterable[Mapping[str, Any]] | Callable[[np.random.Generator], Mapping[str, Any]]


@dataclass(frozen=True, eq=False, repr=False)
class Search(ShownTable):
    """The configurations that a search tried.

    Attributes
    ----------
    table : DataFrame
        One row per configuration, the best first: its parameters; `log_score`, the mean over dates of the mean log
        score of the date's returns; `behind_best`, how much lower it is than the best one's; `standard_error` of that
        difference, paired by date, and the `p_value` of Diebold and Mariano's test, both without regard to the choice
        of the best among many; and `reason`, where a configuration failed.
    scores : DataFrame (date, configuration)
        Mean log scores by date.
    trials : int
        Number of configurations that were tried, failed ones and those of earlier runs of the record included.
    """

    table: pd.DataFrame
    scores: pd.DataFrame
    trials: int
    _parameters: Mapping[int, Mapping[str, Any]]

    def to_frame(self) -> pd.DataFrame:
        """Return `table`."""
        return self.table

    def _headline(self) -> str:
        best = ", ".join(f"{name}={value!r}" for name, value in self.best_params.items())
        return f"{self.trials:,} configurations tried, best {best or 'the defaults'}"

    @property
    def best_params(self) -> dict[str, Any]:
        """Parameters of the best configuration, for `set_params`."""
        return dict(self._parameters[int(self.table.index[0])])

    def confidence_set(self, size: float = 0.10, seed: int = 0) -> pd.DataFrame:
        """Find the configurations that are not significantly worse than the best, with regard to their number.

        Parameters
        ----------
        size : float
            1 minus the confidence that the set contains the best configuration.
        seed : int

        Returns
        -------
        DataFrame
            As of `model_confidence_set`, whose test accounts for all comparisons at once. Its time grows with the
            square of their number. `sf.backtest.reality_check(search.scores, search.scores[0])` tests whether any is
            better than one chosen in advance, here configuration 0.
        """
        return model_confidence_set(-self.scores.dropna(axis=1, how="all"), size=size, seed=seed)


def search(
    model: LoadingsModel,
    space: Space,
    returns: Any,
    factors: Any,
    test_from: Any,
    *,
    trials: int | None = None,
    executor: Executor | None = None,
    record: Any = None,
    seed: int = 0,
) -> Search:
    """Try configurations of a model: each is tuned before a test window and scored on it, one step ahead.

    Parameters
    ----------
    model : LoadingsModel
        It is cloned and not changed.
    space : mapping, iterable of mappings, or callable
        A grid, a list of values by parameter; or the configurations (scikit-learn's `ParameterGrid` and
        `ParameterSampler` too); or a sampler, which takes a NumPy generator and returns one configuration.
    returns, factors : DataFrame
        As for `fit`.
    test_from : date, or list of dates
        First dates of the test windows: for each, hyper-parameters are tuned on all dates before it, and the returns
        from it to the next one are scored.
    trials : int, optional
        Most configurations to try; needed for a sampler.
    executor : concurrent.futures.Executor, optional
        Runs the configurations: a process pool, `dask.distributed.Client.get_executor()`, loky, MPI. Data go with each
        task. Default: one after another in this process, each on all threads.
    record : path-like, optional
        File to which each configuration is added as soon as it is scored. A search that was killed continues from it,
        and configurations tried in earlier calls are counted.
    seed : int
        Seed of a sampler.

    Returns
    -------
    Search

    Raises
    ------
    InputError
        If the space is empty, a parameter is unknown, or every configuration failed.
    FileFormatError
        If the record is of another model, other data or other windows.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.iloc[:700, :4], demo.factors[["market"]].iloc[:700]
    >>> grid = {"half_life": [10.0, 60.0, 250.0]}
    >>> found = sf.validation.search(sf.ExponentialLoadings(), grid, returns, factors, ["2015-06", "2016"])
    >>> found.trials, found.best_params
    (3, {'half_life': 250.0})
    >>> list(found.table.columns)
    ['half_life', 'log_score', 'behind_best', 'standard_error', 'p_value', 'reason']
    """
    check("model", model, _MODEL)
    check("trials", trials, _TRIALS)
    dates, _ = read_labels(returns, "returns")
    rows = _window_rows(dates, test_from)
    known = SearchRecord(record, _identity(model, returns, factors, dates[rows]))
    wanted = {key_of(each): each for each in _configurations(model, space, trials, seed)}
    if not wanted:
        raise InputError("space must hold at least one configuration, got none. Pass e.g. {'memory': [0.97, 0.99]}.")
    left = [each for key, each in wanted.items() if key not in known.entries]
    for configuration, entry in run_all(executor, model, left, returns, factors, rows):
        known.add(key_of(configuration), {"parameters": plain(configuration), **entry})
    tested = dates[rows[0] :]
    for entry in known.entries.values():
        wanted.setdefault(key_of(entry["parameters"]), entry["parameters"])
    return _result([(wanted[key], known.entries[key]) for key in wanted if key in known.entries], tested)


def _window_rows(dates: pd.DatetimeIndex, test_from: Any) -> list[int]:
    several = test_from if isinstance(test_from, list | tuple | pd.DatetimeIndex | np.ndarray) else [test_from]
    rows = [split_row(dates, date, "test_from") for date in several]
    if not rows or any(b <= a for a, b in pairwise(rows)):
        raise InputError(f"test_from must be increasing dates, got {shown(test_from)}. Sort them, each once.")
    return rows


def _configurations(model: LoadingsModel, space: Any, trials: int | None, seed: int) -> Iterator[dict[str, Any]]:
    if isinstance(space, Mapping):
        lists = [value if isinstance(value, list | tuple | np.ndarray | range) else [value] for value in space.values()]
        every: Iterable[Any] = (dict(zip(space, values, strict=True)) for values in product(*lists))
    elif callable(space):
        if trials is None:
            raise InputError("trials must be given where space is a sampler, got None. Pass e.g. trials=200.")
        rng = np.random.default_rng(seed)
        every = (space(rng) for _ in range(trials))
    elif isinstance(space, Iterable) and not isinstance(space, str):
        every = space
    else:
        raise DataTypeError(f"space must be a grid, configurations or a sampler, got {shown(space)}. Pass a mapping.")
    options = model.get_params(deep=False)
    for number, each in enumerate(every):
        if trials is not None and number >= trials:
            return
        if not isinstance(each, Mapping):
            raise DataTypeError(
                f"space must hold mappings of parameters, got {shown(each)}. Pass e.g. {{'memory': 0.97}}."
            )
        if unknown := [name for name in each if name not in options]:
            raise InputError(
                f"space must have parameters of {type(model).__name__}, got {unknown[0]!r}. Choose among "
                f"{', '.join(options)}."
            )
        yield dict(each)


def _result(entries: list[tuple[Mapping[str, Any], dict[str, Any]]], tested: pd.DatetimeIndex) -> Search:
    nothing = np.full(len(tested), np.nan)
    columns = [np.array(entry["scores"], dtype=float) if entry["scores"] else nothing for _, entry in entries]
    scores = pd.DataFrame(np.column_stack(columns), tested)
    log_score = scores.mean()
    if log_score.isna().all():
        raise InputError(
            f"space must hold a configuration that can be scored, got {len(entries)} that cannot (first: "
            f"{entries[0][1]['reason']}). Change them."
        )
    best = int(np.nanargmax(log_score.to_numpy()))
    parameters = {place: dict(each) for place, (each, _) in enumerate(entries)}
    table = pd.DataFrame.from_dict({place: plain(each) for place, each in parameters.items()}, orient="index")
    tests = [diebold_mariano(scores[best].to_numpy() - scores[place].to_numpy()) for place in scores]
    table["log_score"] = log_score
    table["behind_best"] = log_score[best] - log_score
    table["standard_error"] = [test.standard_error for test in tests]
    table["p_value"] = [test.p_value for test in tests]
    table["reason"] = [entry["reason"] for _, entry in entries]
    table = table.sort_values("log_score", ascending=False, kind="stable").rename_axis("configuration")
    return Search(table, scores.rename_axis("date").rename_axis("configuration", axis=1), len(entries), parameters)


def _identity(model: LoadingsModel, returns: Any, factors: Any, windows: pd.DatetimeIndex) -> dict[str, Any]:
    options = {name: value for name, value in model.get_params(deep=False).items() if name != "progress"}
    return {
        "model": type(model).__name__,
        "options": plain(options),
        "returns": _hash(returns),
        "factors": _hash(factors),
        "test_from": [show(date) for date in windows],
    }


def _hash(table: Any) -> str:
    dates, names = read_labels(table, "returns")
    made = hashlib.sha256(repr((dates.asi8.tolist(), [str(name) for name in names])).encode())
    made.update(np.ascontiguousarray(np.asarray(table, dtype=float)).tobytes())
    return made.hexdigest()[:32]
