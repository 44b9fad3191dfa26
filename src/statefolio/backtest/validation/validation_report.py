"""Collects all tests of a set of trials for a report."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed
from statefolio._display.summary import SummaryList
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
from statefolio.backtest.validation.showing import ShownReport
from statefolio.backtest.validation.trials import Trials
from statefolio.exceptions import UnknownNameError


@dataclass(frozen=True, eq=False, repr=False)
class ValidationReport(ShownReport):
    """Tests of a set of trials for luck.

    Attributes
    ----------
    table : DataFrame (strategy)
        `sharpe` (annual), `dates`, `years`, `probabilistic_sharpe`, `deflated_sharpe` (with the number of trials and
        their variance), `minimum_track_record` (dates), `minimum_length` (years; the best of that many trials reaches
        this Sharpe ratio by chance in a shorter back-test), `long_enough`, and `better_than_benchmark` (found by the
        stepwise test).
    trials : int
        Number of configurations.
    effective_trials : float
        Effective number of independent trials.
    sharpe_variance : float
        Variance of the trials' annual Sharpe ratios.
    best : BestOfN
    overfitting : Overfitting
    reality_check : RealityCheck
        Test against the benchmark.
    survivors : list
        Trials that the stepwise test finds better than the benchmark, at `size`.
    size : float
        Significance level of the stepwise test.
    benchmark : str
        Name of the benchmark.
    holdout : str
        Description of the holdout; empty without one.
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

    def summary(self) -> SummaryList:
        """Return the main numbers by name: trials, p-values, probability of overfitting."""
        found = pd.Series(
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
        return SummaryList(found, "Tests of all trials")


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
    """Test a set of trials for luck, accounting for all of them.

    Parameters
    ----------
    trials : Trials
        All configurations that were tried.
    strategies : list of str, optional
        Names of the trials in the table. Default: all.
    benchmark : float, Series by date or back-test's result, default 0
        Benchmark returns in excess of cash; 0 is cash. A trial that equals the benchmark is not tested against it.
    benchmark_name : str
    holdout : Holdout, optional
        Holdout whose openings are reported.
    size : float
        Significance level of the stepwise test.
    blocks : int
        As for `overfitting_probability`.
    replications, seed : int
        As for `reality_check` and `stepwise`.

    Returns
    -------
    ValidationReport
        Equal trials give equal numbers. Undefined results are NaN and have a `reason`.

    Raises
    ------
    UnknownNameError
        If a strategy is not one of the trials.
    InputError, DataTypeError
        If an option or a benchmark cannot be used.

    Examples
    --------
    >>> import statefolio as sf
    >>> trials = sf.backtest.Trials()
    >>> for name, returns in sf.load_demo().returns.iloc[:500, :5].items():
    ...     is_new = trials.add(name, returns)
    >>> report = sf.backtest.validate_trials(trials, blocks=8, replications=100)
    >>> report.table[["sharpe", "probabilistic_sharpe", "deflated_sharpe"]].astype(float).round(2)
              sharpe  probabilistic_sharpe  deflated_sharpe
    strategy
    AAPL        0.82                  0.88             0.65
    AMD        -0.04                  0.48             0.20
    BAC         0.29                  0.66             0.36
    BBY        -0.07                  0.46             0.19
    CVX        -0.40                  0.29             0.09
    >>> f"p-value of the best {report.best.p_value:.2f}, of the reality check {report.reality_check.p_value:.2f}"
    'p-value of the best 0.46, of the reality check 0.39'
    """
    names = trials.names if strategies is None else strategies
    unknown = [name for name in names if name not in trials.names]
    if unknown:
        raise UnknownNameError(
            f"strategies must be names of trials ({listed(trials.names, most=8)}), got {listed(unknown)}. Add them to "
            "the trials first."
        )
    against = benchmark if isinstance(benchmark, int | float) else read_series(benchmark, "benchmark")
    returns = trials.returns
    options = {"replications": replications, "seed": seed}
    survivors = stepwise(returns, against, size=size, **options)
    table = pd.DataFrame({name: _row(trials, name) for name in names}).T.rename_axis("strategy")
    table = table.astype({"dates": int, "long_enough": bool})
    return ValidationReport(
        table=table.assign(better_than_benchmark=[name in survivors for name in names]),
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
