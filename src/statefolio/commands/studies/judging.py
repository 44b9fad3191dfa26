"""How far a study's results can be trusted: luck, the choice among many, windows."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from statefolio.backtest.result import BacktestResult
from statefolio.backtest.validation.combinatorial_selection import combinatorial_selection
from statefolio.backtest.validation.criteria import CRITERIA, score
from statefolio.backtest.validation.overfitting import Overfitting, overfitting_probability
from statefolio.backtest.validation.reality_check import RealityCheck, reality_check, stepwise
from statefolio.backtest.validation.selection import compare_choices, nested_selection
from statefolio.backtest.validation.sharpe import (
    deflated_sharpe,
    minimum_length,
    minimum_track_record,
    probabilistic_sharpe,
)
from statefolio.backtest.validation.trials import Trials
from statefolio.backtest.validation.windows import Window, Windows, combinatorial_windows
from statefolio.commands.studies.models import naming
from statefolio.commands.studies.schema import Study

LEVEL = 0.05


@dataclass(frozen=True, eq=False)
class Judgement:
    """What chance alone, and choosing the best, would have brought.

    Attributes
    ----------
    scores : DataFrame (portfolio x score)
    number : int
        Configurations tried, those declared included.
    effective_number : float
        Independent ones that those on record are worth.
    minimum_length : float
        Years below which so many trials show a Sharpe ratio of one by luck.
    overfitting : Overfitting
    check : RealityCheck
    better : tuple of str
        Trials that StepM finds better than the benchmark.
    windows : DataFrame
        What the measure chose in each window, and what that earned.
    choices : DataFrame (window x measure)
        What other measures would have chosen.
    chosen_by : DataFrame (measure x measure)
        What choosing by each came to out of sample.
    paths : DataFrame (path x measure), optional
        What choosing by the study's measure came to along the paths of combinatorial cross-validation.
    """

    scores: pd.DataFrame
    number: int
    effective_number: float
    minimum_length: float
    overfitting: Overfitting
    check: RealityCheck
    better: tuple[str, ...]
    windows: pd.DataFrame
    choices: pd.DataFrame
    chosen_by: pd.DataFrame
    paths: pd.DataFrame | None = None


def make_windows(study: Study, dates: pd.DatetimeIndex) -> list[Window]:
    """Cut the dates of a back-test into windows.

    Raises
    ------
    InputError
        If they are too few; the message begins with the field.
    """
    table = study.validation.windows
    with naming("validation.windows"):
        return Windows(table.kind, table.count, table.purge, table.embargo).split(dates)


def check_folds(study: Study, dates: pd.DatetimeIndex) -> None:
    """Raise InputError, which names the field, if the dates are too few for the combinations of folds asked for."""
    table = study.validation.combinatorial
    if table is not None:
        with naming("validation.combinatorial"):
            combinatorial_windows(dates, **table.model_dump())


def judge(
    study: Study, results: Mapping[str, BacktestResult], trials: Trials, cash_rate: "pd.Series[float]"
) -> Judgement:
    """Judge the portfolios of a study, everything that was tried considered.

    Parameters
    ----------
    study
        The file.
    results
        Its portfolios, by name.
    trials
        Every configuration tried under its name, without the benchmark.
    cash_rate
        What cash earned, by date.
    """
    year, seed = study.backtest.periods_per_year, study.study.seed
    excess = pd.DataFrame({name: result.returns for name, result in results.items()})
    excess = excess.sub(cash_rate.reindex(excess.index), axis=0).fillna(0.0)
    benchmark = excess[study.backtest.benchmark]
    number = max(1, len(trials) + study.validation.trials)
    scores = {name: _score(excess[name], number, trials, year) for name in excess}
    tried = trials.returns.dropna() if len(trials) else excess[[study.backtest.benchmark]]
    tried = tried.loc[tried.index.intersection(benchmark.index)]
    cuts, measure = make_windows(study, pd.DatetimeIndex(excess.index)), study.validation.measure
    selection = nested_selection(excess, measure, cuts, periods_per_year=year)
    choices, chosen_by = compare_choices(excess, windows=cuts, periods_per_year=year)
    return Judgement(
        scores=pd.DataFrame(scores).T.rename_axis("portfolio"),
        number=number,
        effective_number=trials.effective_number if len(trials) else 1.0,
        minimum_length=minimum_length(number),
        overfitting=overfitting_probability(tried),
        check=reality_check(tried, benchmark, seed=seed),
        better=tuple(str(name) for name in stepwise(tried, benchmark, size=LEVEL, seed=seed)),
        windows=selection.choices,
        choices=choices,
        chosen_by=_plain(chosen_by),
        paths=_paths(study, excess),
    )


def _paths(study: Study, excess: pd.DataFrame) -> pd.DataFrame | None:
    """Score the paths of combinatorial cross-validation; None where the study asks for none."""
    table, year = study.validation.combinatorial, study.backtest.periods_per_year
    if table is None:
        return None
    with naming("validation.combinatorial"):
        paths = combinatorial_selection(excess, study.validation.measure, **table.model_dump(), periods_per_year=year)
    return _plain(pd.DataFrame({measure: score(paths, measure, year) for measure in CRITERIA}).rename_axis("path"))


def _plain(scores: pd.DataFrame) -> pd.DataFrame:
    """Scores are the higher the better; a reader expects a volatility above zero."""
    return scores.assign(volatility=-scores["volatility"])


def _score(excess: "pd.Series[float]", number: int, trials: Trials, year: float) -> dict[str, float]:
    sharpe = float(np.sqrt(year) * excess.mean() / excess.std()) if excess.std() > 0.0 else np.nan
    return {
        "sharpe": sharpe,
        "probabilistic_sharpe": probabilistic_sharpe(excess, 0.0, year),
        "deflated_sharpe": deflated_sharpe(excess, number, trials.sharpe_variance, year),
        "minimum_track_record": minimum_track_record(excess, 0.0, 1.0 - LEVEL, year),
    }
