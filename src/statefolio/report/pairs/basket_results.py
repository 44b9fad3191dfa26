"""What the report on a basket is made of."""

from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from statefolio.backtest.baskets import BasketWalk
from statefolio.pairs.cointegration.results import CointegrationTests
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.trading.rules import Rule
from statefolio.pairs.trading.today import Today


class Judged(Protocol):
    """A verdict: the part of its contract that is shown."""

    @property
    def outcome(self) -> str:
        """One of: reverts, fooled itself, no evidence."""

    @property
    def p_value(self) -> float:
        """Calibrated, of the value held."""

    @property
    def sentence(self) -> str:
        """The outcome with the numbers that say so."""

    @property
    def table(self) -> pd.DataFrame:
        """Measure x value, nominal_p, calibrated_p, false_alarms, meaning."""

    @property
    def draws(self) -> pd.DataFrame:
        """Draw x measure: of baskets that do not revert, tuned alike."""

    @property
    def level(self) -> float:
        """At which it was judged."""


@dataclass(frozen=True, eq=False)
class BasketResults:
    """Everything found out about one basket.

    Attributes
    ----------
    hedge : Hedge
        Fitted on all dates.
    static : Hedge
        With constant ratios, on the same prices.
    rule : Rule
    z_score : Series by date
    today : Today
    tests : CointegrationTests, optional
        None where they could not be made; `untested` then says why.
    verdict : Judged, optional
        None where it was not asked for.
    walk : BasketWalk
    trace : DataFrame by pass, optional
        Of the adaptive recipe, also beyond the pass on which it collapsed.
    retuned, costs : str
        How often hedges learned anew in the walk, and what trading cost, in words.
    """

    hedge: Hedge
    static: Hedge
    rule: Rule
    z_score: "pd.Series[float]"
    today: Today
    tests: CointegrationTests | None
    verdict: Judged | None
    walk: BasketWalk
    trace: pd.DataFrame | None = None
    untested: str = ""
    retuned: str = ""
    costs: str = ""

    @property
    def names(self) -> list[str]:
        """Of the assets, the hedged one first."""
        return [str(name) for name in self.hedge.assets_]
