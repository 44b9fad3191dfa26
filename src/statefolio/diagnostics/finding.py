"""What a diagnosis found: a number, a verdict with its false-alarm rate, and what its figure draws."""

from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from statefolio.exceptions import UnknownNameError

Failure = Literal["specification", "estimation", "non-stationarity", "multicollinearity"]


def false_alarms(p_value: float, level: float) -> str:
    """Say a p-value, and how often such a test condemns where nothing is wrong."""
    return f"p = {p_value:.2g}; where nothing is wrong {level:.0%} are condemned"


def no_exclusions() -> pd.DataFrame:
    """Table of excluded assets without any: index asset, column reason."""
    return pd.DataFrame({"reason": pd.Series(dtype=str)}, index=pd.Index([], name="asset"))


@dataclass(frozen=True, eq=False)
class Finding:
    """One number about one failure, and what it means.

    Attributes
    ----------
    name : str
        What was measured, e.g. "largest residual eigenvalue".
    statistic : float
        The number; NaN where it could not be found, with the reason in `verdict`.
    p_value : float
        Probability of a statistic as bad or worse where nothing is wrong; NaN where there is no test.
    level : float
        Share of sound models that the verdict condemns; NaN where it goes by a threshold and not by a test.
    rejected : bool or None
        Is it bad? None where nothing can be said.
    verdict : str
        One sentence, with its false-alarm rate or threshold.
    table : DataFrame
        What its figure draws.
    """

    name: str
    statistic: float
    p_value: float
    level: float
    rejected: bool | None
    verdict: str
    table: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """All findings about one of the four ways in which a factor model fails.

    Attributes
    ----------
    failure : {"specification", "estimation", "non-stationarity", "multicollinearity"}
    findings : tuple of Finding
    excluded : DataFrame
        Index asset, column reason: assets that nothing was asked of. Findings speak of the others.
    """

    failure: Failure
    findings: tuple[Finding, ...]
    excluded: pd.DataFrame = field(default_factory=no_exclusions)

    def __getitem__(self, name: str) -> Finding:
        """Return the finding of that name."""
        for finding in self.findings:
            if finding.name == name:
                return finding
        names = ", ".join(repr(finding.name) for finding in self.findings)
        raise UnknownNameError(f"{name!r} is no finding about {self.failure}; one of {names} was expected.")

    def summary(self) -> pd.DataFrame:
        """One row a finding, in their order: failure, statistic, p_value, level, rejected, verdict."""
        columns = ("statistic", "p_value", "level", "rejected", "verdict")
        rows = [[self.failure, *(getattr(finding, column) for column in columns)] for finding in self.findings]
        names = pd.Index([finding.name for finding in self.findings], name="finding")
        return pd.DataFrame(rows, index=names, columns=["failure", *columns])
