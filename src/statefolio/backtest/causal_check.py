"""Holds the result of a check for look-ahead."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from statefolio._display.shown import ShownFields

Verdict = Literal["causal", "looks ahead", "cannot be checked"]


@dataclass(frozen=True, repr=False)
class CausalCheck(ShownFields):
    """Result of a check for look-ahead.

    Attributes
    ----------
    verdict : {"causal", "looks ahead", "cannot be checked"}
    first_difference : Timestamp, optional
        Date of the first decision that changed with the future.
    detail : str
        The finding in a sentence.
    cuts : tuple of Timestamp
        Dates at which the future was cut off and replaced.
    scope : str
        End of the sentence of a causal policy: what was repeated in a new process, and what is not searched.

    Examples
    --------
    >>> import statefolio as sf
    >>> market = sf.Market(sf.load_demo().returns.iloc[:100, :3])
    >>> result = sf.run_backtest(sf.portfolio.EqualWeight(), market, cuts=2)
    >>> result.causality.verdict
    'causal'
    >>> print(result.causality)
    no look-ahead found in 2 of 2 cuts; files and unlabelled arrays are not searched
    >>> result.causality.detail
    '2 decisions, repeated without the future and with another one, are equal to the last bit'
    """

    verdict: Verdict
    first_difference: pd.Timestamp | None
    detail: str
    cuts: tuple[pd.Timestamp, ...]
    scope: str = "; files and unlabelled arrays are not searched"

    @property
    def sentence(self) -> str:
        """The verdict with its limits: what was checked, and what is not searched. `str` gives the same."""
        if self.verdict != "causal":
            return f"{'look-ahead found' if self.verdict == 'looks ahead' else self.verdict}: {self.detail}"
        count = len(self.cuts)
        return f"no look-ahead found in {count} of {count} cuts{self.scope}"

    def __str__(self) -> str:
        return self.sentence
