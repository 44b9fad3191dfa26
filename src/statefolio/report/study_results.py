"""Holds the results of a study that its report shows: back-tests, significance, selection, holdout."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from statefolio._arrays.text import listed, shown
from statefolio.exceptions import InputError
from statefolio.report.backtest.protocols import Backtest, LookAheadCheck


class OverfittingEstimate(Protocol):
    """The part of a result of combinatorially symmetric cross-validation that reports use."""

    @property
    def probability(self) -> float:
        """The share of splits in which the best trial in sample is at most the median out of sample."""

    @property
    def logits(self) -> ArrayLike:
        """The logit of the rank out of sample of the best trial in sample, one number per split."""

    @property
    def chosen(self) -> "pd.Series[float]":
        """The share of splits in which each trial was the best in sample."""

    @property
    def reason(self) -> str:
        """Why there is no probability; empty if there is one."""


class RealityCheckResult(Protocol):
    """The part of a reality check's result that reports use."""

    @property
    def p_value(self) -> float:
        """The p-value of the hypothesis that no trial is better than the benchmark."""

    @property
    def reason(self) -> str:
        """Why there is no p-value; empty if there is one."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Evidence:
    """The statistical significance of results that are the best of many.

    Parameters
    ----------
    scores : DataFrame (strategy x score)
        E.g. sharpe, probabilistic_sharpe, deflated_sharpe, minimum_track_record.
    trials : int
        Number of all configurations tried.
    effective_trials : float, optional
        Effective number of independent trials.
    overfitting : Overfitting, optional
        From `overfitting_probability`.
    reality_check : RealityCheck, optional
        From `reality_check`.
    better : tuple of str, optional
        Strategies that `stepwise` finds better than the benchmark.
    level : float
        Significance level.
    minimum_length : float, optional
        Minimum back-test length in years: in a shorter one, the best of so many trials without skill is expected to
        have a Sharpe ratio of one.
    """

    scores: pd.DataFrame
    trials: int
    effective_trials: float | None = None
    overfitting: OverfittingEstimate | None = None
    reality_check: RealityCheckResult | None = None
    better: tuple[str, ...] | None = None
    level: float = 0.05
    minimum_length: float | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Selection:
    """The results of selecting among the strategies in windows.

    Parameters
    ----------
    measure : str
        The measure by which the study selects.
    windows : DataFrame (window)
        train_from, train_until, test_from, test_until, chosen, in_sample, out_of_sample, rank.
    choices : DataFrame (window x measure), optional
        The strategy selected by each measure.
    chosen_by : DataFrame (measure of selection x measure out of sample), optional
    paths : DataFrame (path x measure), optional
        Results out of sample along the paths of combinatorial cross-validation.
    returns : Series by date, optional
        Returns in excess of cash of the strategies selected in each window, on its test dates: one curve out of sample.
    """

    measure: str
    windows: pd.DataFrame
    choices: pd.DataFrame | None = None
    chosen_by: pd.DataFrame | None = None
    paths: pd.DataFrame | None = None
    returns: "pd.Series[float] | None" = None


@dataclass(frozen=True, eq=False, kw_only=True)
class HoldoutRecord:
    """The sealed last part of the data, and the dates on which it was opened.

    Parameters
    ----------
    start, end : Timestamp
        First and last date of the holdout.
    seal : str
        The hash that seals it.
    opened : tuple of Timestamp
        The dates on which it was opened; empty while it is sealed.
    results : mapping of str to BacktestResult, optional
        Back-tests on the holdout, by strategy.
    measures : DataFrame (measure x strategy), optional
        Their measures.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    seal: str
    opened: tuple[pd.Timestamp, ...] = ()
    results: Mapping[str, Backtest] = field(default_factory=dict)
    measures: pd.DataFrame | None = None

    @property
    def state(self) -> str:
        """Its state in words: sealed, opened once, opened n times."""
        times = len(self.opened)
        return "sealed" if times == 0 else "opened once" if times == 1 else f"opened {times} times"


@dataclass(frozen=True, eq=False, kw_only=True)
class StudyResults:
    """The results that the chapters of a study show; parts that are not given are left out.

    Parameters
    ----------
    results : mapping of str to BacktestResult
        Back-tests by strategy.
    benchmark : str, optional
        The strategy with which the others are compared.
    other_benchmarks : tuple of str
        Further strategies to compare with; they have no chapter of their own.
    currency : str
        Name of the ledgers' unit.
    rebalance, costs : str
        Dates of decisions and trading costs, in words.
    cash_rate : Series or float
        Return of cash per date, subtracted from returns in Sharpe ratios.
    measures : DataFrame (measure x strategy), optional
        By default each result's own `summary()`.
    checks : mapping of str to CausalCheck
        Look-ahead checks by strategy.
    attribution : mapping of str to DataFrame (date x source)
        Contributions of factors, alpha and the idiosyncratic part, which sum to the return; "unattributed" is what
        the loadings do not explain because they are not known or not informative yet.
    counted_from : Series of dates by asset, optional
        First date on which the loadings of each asset are informative.
    tracked : mapping of str to Dataset
        `RiskContributionTracker.tracking_` by strategy.
    evidence : Evidence, optional
        Significance of the results.
    selection : Selection, optional
        Results of selecting among the strategies.
    trials : DataFrame, optional
        One row per configuration tried.
    holdout : HoldoutRecord, optional
        The sealed last part of the data.
    groups : Series of str by asset, optional
        Groups of the assets: charts of many assets then show groups.

    Raises
    ------
    InputError
        If there is no result, or the benchmark is not among the results.
    """

    results: Mapping[str, Backtest]
    benchmark: str | None = None
    other_benchmarks: tuple[str, ...] = ()
    currency: str = ""
    rebalance: str = ""
    costs: str = ""
    cash_rate: "pd.Series[float] | float" = 0.0
    measures: pd.DataFrame | None = None
    checks: Mapping[str, LookAheadCheck] = field(default_factory=dict)
    attribution: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    counted_from: "pd.Series[pd.Timestamp] | None" = None
    tracked: Mapping[str, xr.Dataset] = field(default_factory=dict)
    evidence: Evidence | None = None
    selection: Selection | None = None
    trials: pd.DataFrame | None = None
    holdout: HoldoutRecord | None = None
    groups: "pd.Series[str] | None" = None

    def __post_init__(self) -> None:
        """Check that there is a result, and that the benchmark is one of them."""
        if not self.results:
            raise InputError("results must have at least one back-test, got none. Run run_backtest first.")
        for name in self.benchmarks:
            if name not in self.results:
                known = list(self.results)
                raise InputError(
                    f"benchmark must be one of the results ({listed(known)}), got {shown(name)}. Pass e.g. "
                    f"benchmark={known[0]!r}."
                )

    @property
    def strategies(self) -> list[str]:
        """The names of all strategies but the benchmarks; of the benchmarks if there is no other."""
        return [name for name in self.results if name not in self.benchmarks] or list(self.results)

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """The names of all benchmarks, the main one first."""
        return () if self.benchmark is None else (self.benchmark, *self.other_benchmarks)
