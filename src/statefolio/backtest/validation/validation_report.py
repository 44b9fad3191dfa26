"""All that is said of a set of trials, for a report to show."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed
from statefolio.backtest.return_series import read_series
from statefolio.backtest.validation.best_of_n import BestOfN, best_of_n
from statefolio.backtest.validation.holdout import Holdout
from statefolio.backtest.validation.overfitting import Overfitting, overfitting_probability
from statefolio.backtest.validation.reality_check import RealityCheck, reality_check, stepwise
from statefolio.backtest.validation.sharpe import (
    deflated_sharpe,
    minimum_length,
    minimum_track_record,
    probabilistic_sharpe,
)
from statefolio.backtest.validation.trials import Trials
from statefolio.exceptions import UnknownNameError


@dataclass(frozen=True, eq=False)
class ValidationReport:
    """What luck may have done.

    Attributes
    ----------
    table : DataFrame
        A row a strategy: `sharpe` (a year), `dates`, `years`, `probabilistic_sharpe`, `deflated_sharpe` (with `trials`
        and their variance), `minimum_track_record` (dates), `minimum_length` (years below which the best of so many
        trials shows this Sharpe ratio by chance), `long_enough`, and `better_than_benchmark` (a survivor of the
        stepwise test).
    trials : int
        Configurations counted.
    effective_trials : float
        Independent ones they amount to.
    sharpe_variance : float
        Of the trials' Sharpe ratios of a year.
    best : BestOfN
    overfitting : Overfitting
    reality_check : RealityCheck
        Against the benchmark.
    survivors : list
        Trials that the stepwise test finds better than the benchmark, at `size`.
    size : float
    benchmark : str
        Its name.
    holdout : str
        What `Holdout.describe` says, or nothing.
    openings : DataFrame
        `Holdout.openings`.
    """

    table: pd.DataFrame
    trials: int
    effective_trials: float
    sharpe_variance: float
    best: BestOfN
    overfitting: Overfitting
    reality_check: RealityCheck
    survivors: list[Any]
    size: float
    benchmark: str
    holdout: str = ""
    openings: pd.DataFrame = field(default_factory=pd.DataFrame)

    def summary(self) -> "pd.Series[Any]":
        """One line a number: trials, p-values, probability of overfitting."""
        return pd.Series(
            {
                "trials counted": self.trials,
                "effective number of trials": self.effective_trials,
                "best trial": self.best.best,
                "p-value of the best": self.best.p_value,
                "probability of back-test overfitting": self.overfitting.probability,
                f"reality check against {self.benchmark}, p-value": self.reality_check.p_value,
                "upper bound (White)": self.reality_check.upper,
                f"better than {self.benchmark}": listed(self.survivors, most=8) or "none",
                "holdout": self.holdout or "none",
            }
        )


def validate_trials(
    trials: Trials,
    strategies: list[str] | None = None,
    benchmark: Any = 0.0,
    *,
    benchmark_name: str = "cash",
    holdout: Holdout | None = None,
    size: float = 0.05,
    blocks: int = 16,
    replications: int = 1000,
    seed: int = 0,
) -> ValidationReport:
    """Say what a set of trials is worth, all of them counted.

    Parameters
    ----------
    trials : Trials
        Everything that was tried.
    strategies : list of str, optional
        Names of those to show a row of; default all.
    benchmark : float, Series by date or back-test's result, default 0
        Returns in excess of cash to beat; 0 is cash. If it is one of the trials, that one is not tested against itself.
    benchmark_name : str
    holdout : Holdout, optional
        To tell of its openings.
    size : float
        Of the stepwise test.
    blocks : int
        Of `overfitting_probability`.
    replications, seed : int
        Of `reality_check` and `stepwise`.

    Returns
    -------
    ValidationReport
        The same trials give the same numbers. Where something cannot be said it is NaN and its record has a `reason`.
    """
    shown = trials.names if strategies is None else strategies
    unknown = [name for name in shown if name not in trials.names]
    if unknown:
        raise UnknownNameError(
            f"strategies names {listed(unknown)}, which is no trial; some of {listed(trials.names, most=8)} were "
            "expected. Add them to the trials first: what is shown was tried."
        )
    against = benchmark if isinstance(benchmark, int | float) else read_series(benchmark, "benchmark")
    returns = trials.returns
    options = {"replications": replications, "seed": seed}
    survivors = stepwise(returns, against, size=size, **options)
    table = pd.DataFrame({name: _row(trials, name) for name in shown}).T.rename_axis("strategy")
    table = table.astype({"dates": int, "long_enough": bool})
    return ValidationReport(
        table=table.assign(better_than_benchmark=[name in survivors for name in shown]),
        trials=len(trials),
        effective_trials=trials.effective_number,
        sharpe_variance=trials.sharpe_variance,
        best=best_of_n(returns, trials.effective_number, seed),
        overfitting=overfitting_probability(returns, blocks=blocks),
        reality_check=reality_check(returns, against, **options),
        survivors=survivors,
        size=size,
        benchmark=benchmark_name,
        holdout="" if holdout is None else holdout.describe(),
        openings=pd.DataFrame() if holdout is None else holdout.openings,
    )


def _row(trials: Trials, name: str) -> dict[str, Any]:
    returns, year, sharpe = trials[name].returns, trials.periods_per_year, trials.sharpe[name]
    needed = minimum_length(len(trials), sharpe) if sharpe > 0.0 else np.nan
    years = len(returns) / year
    return {
        "sharpe": sharpe,
        "dates": len(returns),
        "years": years,
        "probabilistic_sharpe": probabilistic_sharpe(returns, 0.0, year),
        "deflated_sharpe": deflated_sharpe(returns, len(trials), trials.sharpe_variance, year),
        "minimum_track_record": minimum_track_record(returns, periods_per_year=year),
        "minimum_length": needed,
        "long_enough": bool(years >= needed),
    }
