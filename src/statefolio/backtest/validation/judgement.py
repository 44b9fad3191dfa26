"""Judges the back-tests of several portfolios: their significance, and the effect of choosing among many."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
from statefolio.backtest.validation.windows import Window

LEVEL = 0.05


@dataclass(frozen=True, eq=False)
class Judgement:
    """The significance of results, given the number of trials and the choice of the best.

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
        The portfolio that the measure chose in each window, and its result.
    stitched : Series
        Returns in excess of cash of the portfolios chosen in each window, on its test dates.
    choices : DataFrame (window x measure)
        The portfolio that each measure would have chosen.
    chosen_by : DataFrame (measure x measure)
        Results of choosing by each measure, out of sample.
    paths : DataFrame (path x measure), optional
        Results of choosing by the measure along the paths of combinatorial cross-validation.
    """

    scores: pd.DataFrame
    number: int
    effective_number: float
    minimum_length: float
    overfitting: Overfitting
    check: RealityCheck
    better: tuple[str, ...]
    windows: pd.DataFrame
    stitched: "pd.Series[float]"
    choices: pd.DataFrame
    chosen_by: pd.DataFrame
    paths: pd.DataFrame | None = None


def excess_returns(results: Mapping[str, BacktestResult], cash_rate: "pd.Series[float]") -> pd.DataFrame:
    """Return the returns of several back-tests in excess of cash (date x portfolio); 0 after a bankruptcy."""
    returns = pd.DataFrame({name: result.returns for name, result in results.items()})
    return returns.sub(cash_rate.reindex(returns.index), axis=0).fillna(0.0)


def judge_returns(
    excess: pd.DataFrame,
    benchmark: str,
    trials: Trials,
    windows: list[Window],
    *,
    measure: str = "sharpe",
    elsewhere: int = 0,
    folds: Mapping[str, Any] | None = None,
    periods_per_year: float = 252.0,
    seed: int = 0,
) -> Judgement:
    """Judge portfolios, given every configuration that was tried except the benchmark.

    Parameters
    ----------
    excess : DataFrame (date x portfolio)
        Returns in excess of cash.
    benchmark : str
        The portfolio that the others are compared with.
    trials : Trials
        Configurations on record.
    windows : list of Window
        Of the nested selection.
    measure : str
        The measure that chooses.
    elsewhere : int
        Number of configurations tried elsewhere.
    folds : mapping, optional
        Options of `combinatorial_selection`. Default: no paths.
    periods_per_year, seed
        Of annual numbers, and of the reality check.
    """
    year, own = periods_per_year, excess[benchmark]
    number = max(1, len(trials) + elsewhere)
    scores = {name: _score(excess[name], number, trials, year) for name in excess}
    tried = trials.returns.dropna() if len(trials) else excess[[benchmark]]
    tried = tried.loc[tried.index.intersection(own.index)]
    selection = nested_selection(excess, measure, windows, periods_per_year=year)
    choices, chosen_by = compare_choices(excess, windows=windows, periods_per_year=year)
    return Judgement(
        scores=pd.DataFrame(scores).T.rename_axis("portfolio"),
        number=number,
        effective_number=trials.effective_number if len(trials) else 1.0,
        minimum_length=minimum_length(number),
        overfitting=overfitting_probability(tried),
        check=reality_check(tried, own, seed=seed),
        better=tuple(str(name) for name in stepwise(tried, own, size=LEVEL, seed=seed)),
        windows=selection.choices,
        stitched=selection.returns,
        choices=choices,
        chosen_by=chosen_by,
        paths=None if folds is None else _paths(excess, measure, folds, year),
    )


def _paths(excess: pd.DataFrame, measure: str, folds: Mapping[str, Any], year: float) -> pd.DataFrame:
    """Score the paths of combinatorial cross-validation."""
    paths = combinatorial_selection(excess, measure, **folds, periods_per_year=year)
    scores = pd.DataFrame({name: score(paths, name, year) for name in CRITERIA})
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
