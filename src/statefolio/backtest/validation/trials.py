"""Counts every configuration that was tried, once each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import listed
from statefolio._options import check
from statefolio._renamed import FormerName, renamed
from statefolio.backtest.periods import PERIODS_RULE, read_periods
from statefolio.backtest.return_series import read_series, warn_of_returns
from statefolio.backtest.validation.content_hash import hash_frame, hash_parameters, to_plain
from statefolio.backtest.validation.criteria import score
from statefolio.backtest.validation.effective_trials import effective_number
from statefolio.backtest.validation.showing import ShownTrials
from statefolio.exceptions import InputError, UnknownNameError

_SAME_FREQUENCY = 0.1


@dataclass(frozen=True, eq=False)
class Trial:
    """One configuration and its returns.

    Attributes
    ----------
    name : str
    returns : Series
        Returns in excess of cash.
    parameters : mapping
        Parameters as numbers and text.
    content : str
        Hash of parameters and returns, without the name.
    """

    name: str
    returns: "pd.Series[float]"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    content: str = ""


class Trials(ShownTrials):
    """All configurations that were tried, including discarded ones; each is counted once.

    Parameters
    ----------
    periods_per_year : float, optional
        Default: from the dates of the trials, as in `measures`; they must then have one frequency.

    Examples
    --------
    >>> import statefolio as sf
    >>> market = sf.Market(sf.load_demo().returns.iloc[:250, :4])
    >>> trials = sf.backtest.Trials()
    >>> for rebalance in ("weekly", "monthly", 60):
    ...     result = sf.run_backtest(sf.portfolio.EqualWeight(), market, rebalance=rebalance)
    ...     is_new = trials.add(f"equal weights, {rebalance}", result, {"rebalance": rebalance})
    >>> len(trials)
    3
    >>> trials.sharpe.round(2)
    trial
    equal weights, weekly     0.44
    equal weights, monthly    0.41
    equal weights, 60         0.43
    Name: sharpe, dtype: float64
    >>> f"{trials.effective_number:.1f} independent trials"
    '1.1 independent trials'
    """

    periods_a_year = FormerName("periods_per_year")

    @renamed("periods_a_year", "periods_per_year")
    def __init__(self, periods_per_year: float | None = None) -> None:
        check("periods_per_year", periods_per_year, PERIODS_RULE)
        self._periods_given = periods_per_year
        self._periods_found: float | None = None
        self._trials: dict[str, Trial] = {}

    @property
    def periods_per_year(self) -> float:
        """Number of dates per year: as given, else that of the trials' dates; 252 without trials."""
        given = self._periods_given
        return float(given) if given is not None else read_periods(self._periods_found, None)

    def add(self, name: str, returns: Any, parameters: Mapping[str, Any] | None = None) -> bool:
        """Count a configuration.

        Parameters
        ----------
        name : str
            Name for reports.
        returns : Series by date, or a back-test's result
            Returns in excess of cash. Those of a result are, if its market has a cash rate of 0.
        parameters : mapping, optional
            What distinguishes it from the others: numbers, text, dates, frames, estimators, lists and mappings.

        Returns
        -------
        bool
            False if the same parameters with the same returns were counted before, under any name.

        Raises
        ------
        InputError
            If another configuration has this name.
        """
        series = read_series(returns, f"returns of {name!r}").rename(name)
        warn_of_returns(returns, series, f"returns of {name!r}")
        content = hash_parameters({"parameters": parameters or {}, "returns": hash_frame(series)})
        if content in self._trials:
            return False
        if any(trial.name == name for trial in self._trials.values()):
            raise InputError(
                f"name must differ between configurations, got {name!r} again with other parameters or returns. Put "
                f"the difference into the name, e.g. '{name}, window 60'."
            )
        self._check_frequency(name, series)
        self._trials[content] = Trial(name, series, to_plain(parameters or {}), content)
        return True

    def _check_frequency(self, name: str, returns: "pd.Series[float]") -> None:
        if self._periods_given is not None or len(returns) < 2:
            return
        found = read_periods(None, returns.index)
        if self._periods_found is not None and abs(found / self._periods_found - 1.0) > _SAME_FREQUENCY:
            raise InputError(
                f"returns of {name!r} must have the frequency of the other trials, {self._periods_found:.4g} dates per "
                f"year, got {found:.4g}. Compound them to the same dates, or pass Trials(periods_per_year=...)."
            )
        self._periods_found = self._periods_found or found

    def __len__(self) -> int:
        return len(self._trials)

    def __iter__(self) -> Iterator[Trial]:
        return iter(self._trials.values())

    def __getitem__(self, name: str) -> Trial:
        for trial in self:
            if trial.name == name:
                return trial
        raise UnknownNameError(
            f"name must be that of a trial ({listed(self.names, most=8)}), got {name!r}. See trials.names."
        )

    @property
    def names(self) -> list[str]:
        """Names of the trials, in the order in which they were added."""
        return [trial.name for trial in self]

    @property
    def returns(self) -> pd.DataFrame:
        """Returns (date x trial) on all dates of any trial; NaN where missing."""
        if not self._trials:
            raise InputError("trials must hold at least one trial, got none. Use trials.add(name, returns).")
        return pd.concat([trial.returns for trial in self], axis=1).sort_index()

    @property
    def parameters(self) -> pd.DataFrame:
        """Parameters (trial x parameter)."""
        return pd.DataFrame([dict(trial.parameters) for trial in self], index=pd.Index(self.names, name="trial"))

    @property
    def sharpe(self) -> "pd.Series[float]":
        """Annual Sharpe ratios, each on the trial's own dates; NaN if its returns do not vary."""
        found = [score(trial.returns.to_frame(), "sharpe", self.periods_per_year).iloc[0] for trial in self]
        return pd.Series(found, index=pd.Index(self.names, name="trial"), name="sharpe", dtype=np.float64)

    @property
    def sharpe_variance(self) -> float:
        """Variance of the annual Sharpe ratios over trials; 0 for fewer than two."""
        known = self.sharpe.dropna()
        return float(known.var(ddof=1)) if len(known) > 1 else 0.0

    @property
    def effective_number(self) -> float:
        """Effective number of independent trials, from the correlations on the dates that all trials have."""
        return effective_number(self.returns)
