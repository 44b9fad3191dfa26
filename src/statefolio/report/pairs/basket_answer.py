"""States the answer on a basket: whether it reverts, and what to hold today; opens the report and the console."""

import numpy as np
import pandas as pd

from statefolio._display.headings import capitalised
from statefolio._display.numbers import MINUS, equals_p, number
from statefolio.pairs.hedges.static_hedges import StaticHedge
from statefolio.pairs.verdict.calibration import NO_EVIDENCE, REVERTS, SPURIOUS
from statefolio.report.pairs.basket_results import BasketResults

NO_VERDICT = "No verdict (--draws 0): the report does not judge whether the basket reverts to its mean."
NO_PREDICTION = (
    "This does not predict: of 16,945 real pairs in four universes, 0.0 to 4.8 % of those with evidence in the first "
    "half of the dates (calibrated p of at most .05) reverted at 5 % in the second half, and 2.0 to 4.2 % of the "
    "others."
)
"""What a verdict does not say; measured by `benchmarks/pair_prediction.py`, with tables in `benchmarks/README.md`."""
_HEADLINES = {
    REVERTS: "Reverts in sample",
    SPURIOUS: "No evidence of reversion, and the spread is misleading",
    NO_EVIDENCE: "No evidence of reversion",
}


def headline(found: BasketResults) -> str:
    """Return whether the basket reverts, in one sentence with the calibrated p-value."""
    if found.verdict is None:
        return NO_VERDICT
    verdict = found.verdict
    says = _HEADLINES.get(verdict.outcome, capitalised(verdict.outcome))
    return f"{says}: the held value's calibrated p {equals_p(verdict.p_value)}."


def answer(found: BasketResults) -> str:
    """Return the first paragraph of the report: the verdict, what it does not say, and the position today."""
    facts = today_facts(found)
    ratios = "; ".join(f"{name[0].lower()}{name[1:]} {value}" for name, value in facts.items() if "ratio" in name)
    says = [headline(found), *([] if found.verdict is None else [NO_PREDICTION])]
    today = (
        f"After the close of {found.today.date:%Y-%m-%d}: {facts['Position']}, z-score {facts['Z-score']}, {ratios}."
    )
    return " ".join([*says, today])


def today_facts(found: BasketResults) -> dict[str, str]:
    """Return position, z-score, hedge ratios with bands, next level and next tuning, as text."""
    now, last = found.today, _last(found)
    facts = {"Position": side(now.units), "Z-score": _signed(now.z_score)}
    for name in found.names[1:]:
        facts[f"Hedge ratio of {name}"] = _ratio(found, last, name)
    facts["Next level"] = _next_level(found)
    if found.next_tuning:
        facts["Next tuning"] = found.next_tuning
    return facts


def tiles_today(found: BasketResults) -> dict[str, str]:
    """Return the facts of today in so few words that they fit in tiles."""
    facts = today_facts(found)
    facts["Next level"] = ", ".join([facts["Next level"].split(" at ")[0], facts["Next level"].split(", ")[1]])
    facts["Next level"] = facts["Next level"].split(" (")[0]
    if found.next_tuning:
        facts["Next tuning"] = found.next_tuning.split(":")[0].removeprefix("first date ").removesuffix(" on")
    last = _last(found)
    unit = ", ".join(f"{last[f'one_unit_{name}']:,.0f} {name}" for name in found.names).replace("-", MINUS)
    return facts | {f"One unit, {found.capital:,.0f}": unit}


def today_table(found: BasketResults) -> pd.DataFrame:
    """Return the shares of each asset: to hold now, and of one whole unit long."""
    last = _last(found)
    now = found.today.positions
    return pd.DataFrame(
        {
            "asset": found.names,
            "shares now": now["shares"].to_numpy(),
            "currency now": now["currency"].to_numpy(),
            "shares of one long unit": [float(last[f"one_unit_{name}"]) for name in found.names],
        }
    )


def level_table(found: BasketResults) -> pd.DataFrame:
    """Return each level of the rule with its distance from today's z-score and the price that reaches it."""
    distances = found.today.distances
    return pd.DataFrame(
        {
            "level": distances.index,
            "z-score": distances["z_score"].to_numpy(),
            "distance": distances["deviations"].to_numpy(),
            f"price of {found.names[0]}": distances["price"].to_numpy(),
        }
    )


def side(units: float) -> str:
    """Return a position in words."""
    if units == 0.0:
        return "flat"
    return f"{'long' if units > 0.0 else 'short'}, {abs(units):.2g} of 1 unit"


def _last(found: BasketResults) -> "pd.Series[float]":
    last: pd.Series[float] = found.targets.loc[[found.today.date]].iloc[0]
    return last


def _ratio(found: BasketResults, last: "pd.Series[float]", name: str) -> str:
    ratio, lower, upper = (float(last[f"{part}_{name}"]) for part in ("ratio", "lower", "upper"))
    if not np.isfinite(lower):
        johansen = isinstance(found.hedge, StaticHedge)
        return f"{number(ratio)} ({'Johansen: no band' if johansen else 'no band'})"
    return f"{number(ratio)} ({number(lower)} to {number(upper)})"


def _next_level(found: BasketResults) -> str:
    """Return the level that is nearest to today's z-score among those that would change the position."""
    now = found.today
    wanted = {-1.0: ("short exit", "short stop"), 0.0: ("long entry", "short entry"), 1.0: ("long exit", "long stop")}
    names = [name for name in wanted.get(float(np.sign(now.units)), ()) if name in now.distances.index]
    levels = now.distances.loc[names] if names else now.distances
    place = int(levels["deviations"].abs().to_numpy().argmin())
    nearest, row = levels.index[place], levels.iloc[place]
    return (
        f"{nearest} at {_signed(float(row['z_score']))}, {abs(float(row['deviations'])):.2f} away "
        f"({found.names[0]} at {number(float(row['price']))})"
    )


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", MINUS)
