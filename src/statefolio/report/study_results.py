"""What a report tells of a study: its back-tests, and what is known about how they were come by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from statefolio.exceptions import InputError
from statefolio.report.backtest.tested import Checked, Tested


class Overfit(Protocol):
    """What combinatorially symmetric cross-validation found: the part that is drawn."""

    @property
    def probability(self) -> float:
        """The share of halvings in which the best in sample is no better than the median out of it."""

    @property
    def logits(self) -> ArrayLike:
        """A number a halving: of the rank out of sample of the best in sample."""

    @property
    def chosen(self) -> "pd.Series[float]":
        """The share of halvings in which each trial was the best in sample."""

    @property
    def reason(self) -> str:
        """Why there is no probability; empty where there is one."""


class Compared(Protocol):
    """What a reality check found: the part that is told."""

    @property
    def p_value(self) -> float:
        """Of no trial being better than the benchmark."""

    @property
    def reason(self) -> str:
        """Why there is none; empty where there is one."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Evidence:
    """How far results can be trusted that are the best of many.

    Parameters
    ----------
    scores : DataFrame (strategy x score)
        E.g. sharpe, probabilistic_sharpe, deflated_sharpe, minimum_track_record; probabilities and p-values are shown
        as such.
    trials : int
        How many configurations were tried, all of them.
    effective_trials : float, optional
        How many independent ones they are worth.
    overfitting : Overfitting, optional
        From `overfitting_probability`.
    reality_check : RealityCheck, optional
        From `reality_check`.
    better : tuple of str, optional
        Those that `stepwise` finds better than the benchmark.
    level : float
        Of that.
    minimum_length : float, optional
        Years below which so many trials show a Sharpe ratio of one by luck.
    """

    scores: pd.DataFrame
    trials: int
    effective_trials: float | None = None
    overfitting: Overfit | None = None
    reality_check: Compared | None = None
    better: tuple[str, ...] | None = None
    level: float = 0.05
    minimum_length: float | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Selection:
    """What choosing among the strategies would have come to.

    Parameters
    ----------
    measure : str
        What the study chooses by.
    windows : DataFrame (window)
        train_from, train_until, test_from, test_until, chosen, in_sample, out_of_sample, rank.
    choices : DataFrame (window x measure), optional
        What each measure would have chosen.
    chosen_by : DataFrame (measure to choose by x measure out of sample), optional
    paths : DataFrame (path x measure), optional
        Out of sample along the paths of combinatorial cross-validation.
    """

    measure: str
    windows: pd.DataFrame
    choices: pd.DataFrame | None = None
    chosen_by: pd.DataFrame | None = None
    paths: pd.DataFrame | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class HoldoutRecord:
    """The sealed last part of the data, and how often it was opened.

    Parameters
    ----------
    start, end : Timestamp
        Its first and last date.
    seal : str
        The hash it is sealed with.
    opened : tuple of Timestamp
        When it was opened; empty while it is sealed.
    results : mapping of str to BacktestResult, optional
        What the opening found.
    measures : DataFrame (measure x strategy), optional
        The same in numbers.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    seal: str
    opened: tuple[pd.Timestamp, ...] = ()
    results: Mapping[str, Tested] = field(default_factory=dict)
    measures: pd.DataFrame | None = None

    @property
    def state(self) -> str:
        """In words: sealed, opened once, opened n times."""
        times = len(self.opened)
        return "sealed" if times == 0 else "opened once" if times == 1 else f"opened {times} times"


@dataclass(frozen=True, eq=False, kw_only=True)
class StudyResults:
    """Everything a study's chapters are made of; what is not given is not told of.

    Parameters
    ----------
    results : mapping of str to BacktestResult
        By strategy.
    benchmark : str, optional
        Which of them the others are held against.
    currency : str
        What the ledgers' unit is called.
    rebalance, costs : str
        When decisions were made, and what trading cost, in words.
    cash_rate : Series or float
        What cash earned a date; taken off returns in Sharpe ratios.
    measures : DataFrame (measure x strategy), optional
        By default each result's own `summary()`.
    checks : mapping of str to CausalCheck
        By strategy.
    attribution : mapping of str to DataFrame (date x source)
        What each factor, alpha and the idiosyncratic part earned, adding up to the return.
    tracked : mapping of str to Dataset
        By strategy: `RiskContributionTracker.tracking_`.
    evidence : Evidence, optional
        How far the results can be trusted.
    selection : Selection, optional
        What choosing among them would have come to.
    trials : DataFrame, optional
        A row a configuration tried.
    holdout : HoldoutRecord, optional
        What was kept for the end.

    Raises
    ------
    InputError
        Where there is no result, or the benchmark is none of them.
    """

    results: Mapping[str, Tested]
    benchmark: str | None = None
    currency: str = ""
    rebalance: str = ""
    costs: str = ""
    cash_rate: "pd.Series[float] | float" = 0.0
    measures: pd.DataFrame | None = None
    checks: Mapping[str, Checked] = field(default_factory=dict)
    attribution: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    tracked: Mapping[str, xr.Dataset] = field(default_factory=dict)
    evidence: Evidence | None = None
    selection: Selection | None = None
    trials: pd.DataFrame | None = None
    holdout: HoldoutRecord | None = None

    def __post_init__(self) -> None:
        """Refuse what no report can be made of."""
        if not self.results:
            raise InputError("results is empty; at least one back-test was expected. Run one first.")
        if self.benchmark is not None and self.benchmark not in self.results:
            some = ", ".join(self.results)
            raise InputError(
                f"benchmark {self.benchmark!r} is none of the results, which are {some}. Name one of them."
            )

    @property
    def strategies(self) -> list[str]:
        """The names of all but the benchmark, or of the benchmark where it stands alone."""
        return [name for name in self.results if name != self.benchmark] or list(self.results)
