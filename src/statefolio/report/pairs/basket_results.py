"""What the report on a basket is made of."""

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
    verdict : Verdict, optional
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
    verdict: Verdict | None
    walk: BasketWalk
    trace: pd.DataFrame | None = None
    untested: str = ""
    retuned: str = ""
    costs: str = ""

    @property
    def names(self) -> list[str]:
        """Of the assets, the hedged one first."""
        return [str(name) for name in self.hedge.assets_]
