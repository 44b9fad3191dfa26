"""Step 4: judges a study's results: their significance, the effect of choosing among many, and the windows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

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
from statefolio.commands.progress import Progress
from statefolio.commands.studies.parts.models import errors_about
from statefolio.commands.studies.parts.windows import make_windows
from statefolio.commands.studies.schema.study import Study
from statefolio.commands.studies.walking import WalkedStudy

LEVEL = 0.05


@dataclass(frozen=True, eq=False)
class Judgement:
    """The significance of a study's results, given the number of trials and the choice of the best.

    Attributes
    ----------
    scores : DataFrame (portfolio x score)
    number : int
        Configurations tried, including the declared ones.
    effective_number : float
        Effective number of independent trials among the recorded ones.
    minimum_length : float
        Years below which the best of this number of trials has a Sharpe ratio of one by chance.
    overfitting : Overfitting
    check : RealityCheck
    better : tuple of str
        Trials that StepM finds better than the benchmark.
    windows : DataFrame
        The portfolio that the study's measure chose in each window, and its result.
    choices : DataFrame (window x measure)
        The portfolio that each measure would have chosen.
    chosen_by : DataFrame (measure x measure)
        Results of choosing by each measure, out of sample.
    paths : DataFrame (path x measure), optional
        Results of choosing by the study's measure along the paths of combinatorial cross-validation.
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


def judge(walked: WalkedStudy, trials: Trials, progress: Progress) -> Judgement:
    """Judge the portfolios of a study, given every configuration tried under its name except the benchmark."""
    progress("judging", 0, 1)
    study, results, cash_rate = walked.built.study, walked.results, walked.built.market.cash_rate
    year, seed = walked.built.periods_per_year, study.study.seed
    excess = pd.DataFrame({name: result.returns for name, result in results.items()})
    excess = excess.sub(cash_rate.reindex(excess.index), axis=0).fillna(0.0)
    benchmark = excess[study.backtest.main_benchmark]
    number = max(1, len(trials) + study.validation.trials)
    scores = {name: _score(excess[name], number, trials, year) for name in excess}
    tried = trials.returns.dropna() if len(trials) else excess[[study.backtest.main_benchmark]]
    tried = tried.loc[tried.index.intersection(benchmark.index)]
    cuts, measure = make_windows(study, pd.DatetimeIndex(excess.index)), study.validation.measure
    selection = nested_selection(excess, measure, cuts, periods_per_year=year)
    choices, chosen_by = compare_choices(excess, windows=cuts, periods_per_year=year)
    judgement = Judgement(
        scores=pd.DataFrame(scores).T.rename_axis("portfolio"),
        number=number,
        effective_number=trials.effective_number if len(trials) else 1.0,
        minimum_length=minimum_length(number),
        overfitting=overfitting_probability(tried),
        check=reality_check(tried, benchmark, seed=seed),
        better=tuple(str(name) for name in stepwise(tried, benchmark, size=LEVEL, seed=seed)),
        windows=selection.choices,
        choices=choices,
        chosen_by=chosen_by,
        paths=_paths(study, excess, year),
    )
    progress("judging", 1, 1)
    return judgement


def _paths(study: Study, excess: pd.DataFrame, year: float) -> pd.DataFrame | None:
    """Score the paths of combinatorial cross-validation; None where the study has no such table."""
    table = study.validation.combinatorial
    if table is None:
        return None
    with errors_about("validation.combinatorial"):
        paths = combinatorial_selection(excess, study.validation.measure, **table.model_dump(), periods_per_year=year)
    scores = pd.DataFrame({measure: score(paths, measure, year) for measure in CRITERIA})
    return _volatility_above_zero(scores.rename_axis("path"))


def _volatility_above_zero(scores: pd.DataFrame) -> pd.DataFrame:
    """Change the sign of the volatility, which scores have below zero because a higher score is better."""
    return scores.assign(volatility=-scores["volatility"])


def _score(excess: "pd.Series[float]", number: int, trials: Trials, year: float) -> dict[str, float]:
    sharpe = float(np.sqrt(year) * excess.mean() / excess.std()) if excess.std() > 0.0 else np.nan
    return {
        "sharpe": sharpe,
        "probabilistic_sharpe": probabilistic_sharpe(excess, 0.0, year),
        "deflated_sharpe": deflated_sharpe(excess, number, trials.sharpe_variance, year),
        "minimum_track_record": minimum_track_record(excess, 0.0, 1.0 - LEVEL, year),
    }
