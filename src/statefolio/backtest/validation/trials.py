"""Every configuration that was tried, counted once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from statefolio._renamed import FormerName, renamed
from statefolio.backtest.performance import PERIODS, check_periods
from statefolio.backtest.return_series import read_series
from statefolio.backtest.validation.content import hash_frame, hash_parameters, plain
from statefolio.backtest.validation.criteria import score
from statefolio.backtest.validation.effective_trials import effective_number
from statefolio.exceptions import InputError, UnknownNameError


@dataclass(frozen=True, eq=False)
class Trial:
    """One configuration and what it earned.

    Attributes
    ----------
    name : str
    returns : Series
        In excess of cash.
    parameters : mapping
        As plain numbers and words.
    content : str
        Hash of parameters and returns; the name does not count.
    """

    name: str
    returns: "pd.Series[float]"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    content: str = ""


class Trials:
    """A counter of configurations: whatever was run belongs in it, also what was thrown away.

    Parameters
    ----------
    periods_per_year : float, default 252

    Examples
    --------
    >>> trials = Trials()
    >>> for window in (20, 60, 120):
    ...     excess = run_backtest(Momentum(window), market).returns - market.cash_rate.iloc[1:]
    ...     trials.add(f"momentum {window}", excess, {"window": window})
    >>> len(trials)
    3
    """

    periods_a_year = FormerName("periods_per_year")

    @renamed("periods_a_year", "periods_per_year")
    def __init__(self, periods_per_year: float = PERIODS) -> None:
        self.periods_per_year = check_periods(periods_per_year)
        self._trials: dict[str, Trial] = {}

    def add(self, name: str, returns: Any, parameters: Mapping[str, Any] | None = None) -> bool:
        """Count a configuration.

        Parameters
        ----------
        name : str
            To show it by.
        returns : Series by date, or a back-test's result
            In excess of cash; a result's are, where its market's cash rate is 0.
        parameters : mapping, optional
            What makes it differ from the others: numbers, text, dates, frames, estimators, lists and mappings.

        Returns
        -------
        bool
            False if the same parameters with the same returns were counted before, under whatever name.

        Raises
        ------
        InputError
            If the name stands for another configuration.
        """
        series = read_series(returns, f"returns of {name!r}").rename(name)
        content = hash_parameters({"parameters": parameters or {}, "returns": hash_frame(series)})
        if content in self._trials:
            return False
        if any(trial.name == name for trial in self._trials.values()):
            raise InputError(
                f"a trial called {name!r} came with other parameters or returns than the one counted; a name for each "
                f"was expected. Put what differs into the name, e.g. '{name}, window 60'."
            )
        self._trials[content] = Trial(name, series, plain(parameters or {}), content)
        return True

    def __len__(self) -> int:
        return len(self._trials)

    def __iter__(self) -> Iterator[Trial]:
        return iter(self._trials.values())

    def __getitem__(self, name: str) -> Trial:
        for trial in self:
            if trial.name == name:
                return trial
        raise UnknownNameError(f"{name!r} is no trial; one of those counted was expected. See trials.names.")

    @property
    def names(self) -> list[str]:
        """In the order they were counted."""
        return [trial.name for trial in self]

    @property
    def returns(self) -> pd.DataFrame:
        """Returns (date x trial) on all dates of any trial; NaN where one has none."""
        if not self._trials:
            raise InputError("no trial was counted; one or more were expected. Use trials.add(name, returns).")
        return pd.concat([trial.returns for trial in self], axis=1).sort_index()

    @property
    def parameters(self) -> pd.DataFrame:
        """Parameters, a row a trial."""
        return pd.DataFrame([dict(trial.parameters) for trial in self], index=pd.Index(self.names, name="trial"))

    @property
    def sharpe(self) -> "pd.Series[float]":
        """Sharpe ratios of a year, each on its own dates; NaN where returns do not vary."""
        found = [score(trial.returns.to_frame(), "sharpe", self.periods_per_year).iloc[0] for trial in self]
        return pd.Series(found, index=pd.Index(self.names, name="trial"), name="sharpe", dtype=np.float64)

    @property
    def sharpe_variance(self) -> float:
        """Variance over trials of the Sharpe ratios of a year; 0 for fewer than two."""
        known = self.sharpe.dropna()
        return float(known.var(ddof=1)) if len(known) > 1 else 0.0

    @property
    def effective_number(self) -> float:
        """Number of independent trials they amount to, from their correlations on the dates that all have."""
        return effective_number(self.returns)
