"""Holds the results that a report on one basket shows."""

from dataclasses import dataclass

import pandas as pd

from statefolio.pairs.cointegration.results import CointegrationTests
from statefolio.pairs.hedges.base import Hedge
from statefolio.pairs.trading.rules import Rule
from statefolio.pairs.trading.today import Today
from statefolio.pairs.trading.walk_forward import BasketWalk
from statefolio.pairs.verdict.verdict import Verdict


@dataclass(frozen=True, eq=False)
class BasketResults:
    """The results of one basket.

    Attributes
    ----------
    hedge : Hedge
        Fitted on all dates.
    static : Hedge
        With constant hedge ratios, fitted on the same prices.
    rule : Rule
    z_score : Series by date
    today : Today
    targets : DataFrame by date
        Hedge ratios and targets on every date, of `basket_targets`.
    tests : CointegrationTests, optional
        None if they cannot be computed; `untested` then gives the reason.
    verdict : Verdict, optional
        None if it was not requested.
    walk : BasketWalk
    trace : DataFrame by pass, optional
        Trace of the adaptive tuning, with the passes after its collapse.
    retuned, costs, next_tuning : str
        How often the walk re-estimates the hedges, the trading costs, and when to tune the hedge again, in words.
    capital : float
        In currency.
    """

    hedge: Hedge
    static: Hedge
    rule: Rule
    z_score: "pd.Series[float]"
    today: Today
    targets: pd.DataFrame
    tests: CointegrationTests | None
    verdict: Verdict | None
    walk: BasketWalk
    trace: pd.DataFrame | None = None
    untested: str = ""
    retuned: str = ""
    costs: str = ""
    next_tuning: str = ""
    capital: float = 1_000_000.0

    @property
    def names(self) -> list[str]:
        """The names of the assets, the hedged one first."""
        return [str(name) for name in self.hedge.assets_]
