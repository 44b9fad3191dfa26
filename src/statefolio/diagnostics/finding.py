"""Holds the results of a diagnosis: findings with a statistic, a p-value, a verdict and a table."""

from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from statefolio.diagnostics.showing import ShownDiagnosis, ShownFinding
from statefolio.exceptions import UnknownNameError

Failure = Literal["specification", "estimation", "non-stationarity", "multicollinearity"]


def p_value_text(p_value: float) -> str:
    """Format a p-value to three decimals."""
    return "p < .001" if p_value < 0.001 else f"p = {p_value:.3f}"


def false_alarms(p_value: float, level: float) -> str:
    """Format a p-value and the share of sound models that the test rejects."""
    return f"{p_value_text(p_value)}; the test rejects {level:.0%} of sound models"


def no_exclusions() -> pd.DataFrame:
    """Return a table of excluded assets without rows: index asset, column reason."""
    return pd.DataFrame({"reason": pd.Series(dtype=str)}, index=pd.Index([], name="asset"))


@dataclass(frozen=True, eq=False, repr=False)
class Finding(ShownFinding):
    """One statistic of a diagnosis and its interpretation.

    Attributes
    ----------
    name : str
        Name of the statistic, e.g. "largest residual eigenvalue".
    statistic : float
        Its value; NaN where it could not be computed, with the reason in `verdict`.
    p_value : float
        Probability of a statistic at least as extreme under the null hypothesis; NaN where there is no test.
    level : float
        Share of sound models that the test rejects; NaN where the verdict follows a threshold.
    rejected : bool or None
        True where the model fails the check, None where nothing could be computed.
    verdict : str
        One sentence, with the false-alarm rate of the test or the threshold.
    table : DataFrame
        Data of its figure.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> diagnosis = sf.diagnostics.diagnose_collinearity(None, demo.returns, demo.factors)
    >>> finding = diagnosis["condition number"]
    >>> print(f"{finding.statistic:.1f}", finding.rejected)
    2.9 False
    >>> print(finding.verdict)
    Loadings are robust to small changes of the data: ...
    """

    name: str
    statistic: float
    p_value: float
    level: float
    rejected: bool | None
    verdict: str
    table: pd.DataFrame


@dataclass(frozen=True, eq=False, repr=False)
class Diagnosis(ShownDiagnosis):
    """All findings about one of the four ways in which a factor model fails.

    Attributes
    ----------
    failure : {"specification", "estimation", "non-stationarity", "multicollinearity"}
    findings : tuple of Finding
    excluded : DataFrame
        Assets with too little data, which the findings leave out: index asset, column reason.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> diagnosis = sf.diagnostics.diagnose_collinearity(None, demo.returns, demo.factors)
    >>> [finding.name for finding in diagnosis.findings]
    ['variance inflation', 'condition number', 'variance decomposition']
    >>> diagnosis.summary()["rejected"].tolist()
    [False, False, False]
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
        raise UnknownNameError(
            f"name must be a finding about {self.failure} ({names}), got {name!r}. Pass one of these names."
        )
