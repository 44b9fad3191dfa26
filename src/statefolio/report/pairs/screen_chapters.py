"""The chapters of the report on a screen."""

import pandas as pd

from statefolio.pairs.screening.result import FILTERS, PairScreen
from statefolio.report.chapters import Chapter, Exhibit, drawn
from statefolio.report.pairs.screen_figure import MOST_OTHERS, screen_figure

COLUMNS = {
    "p_value": ("p", ".2g"),
    "q_value": ("q", ".2g"),
    "half_life": ("half-life, dates", ",.1f"),
    "hedge_ratio_2": ("hedge ratio", ",.3f"),
    "hedge_ratio_3": ("of the third", ",.3f"),
    "profit_to_cost": ("profit to cost", ",.1f"),
    "likelihood_ratio": ("moving hedge, likelihood ratio", ",.1f"),
    "later_p_value": ("p, later", ".2g"),
    "later_half_life": ("half-life, later", ",.1f"),
}
"""What the table shows of a screen, under which names, and how it is written."""
STEPS = {
    "tried": "tried",
    "tested": "could be tested",
    "cointegrated": "of these cointegrated",
    "reverts_in_time": "of these with a half-life in bounds",
    "pays_its_cost": "of these earn their costs",
    "confirmed": "of these confirmed later",
}


def screen_chapters(screen: PairScreen) -> list[Chapter]:
    """Put together what a report says of a screen.

    Returns
    -------
    list of Chapter
        The picture with the baskets that were left, and those that could not be tested.
    """
    return [found_chapter(screen), *([untested_chapter(screen)] if len(screen.untested) else [])]


def screen_tiles(screen: PairScreen) -> dict[str, str]:
    """Return the few words that open the report of a screen."""
    tiles = {"baskets tried": f"{screen.counts['tried']:,}", "left by the filters": f"{len(screen.selected):,}"}
    if screen.later is not None:
        tiles["confirmed"] = f"{len(screen.confirmed):,}"
    return {**tiles, "tested until": f"{screen.formation[1]:%Y-%m-%d}"}


def screen_lead(screen: PairScreen) -> str:
    """Return in a sentence or two how many baskets were tried, and how many were left."""
    return " ".join(str(screen).splitlines()[: 1 if screen.later is None else 2])


def found_chapter(screen: PairScreen) -> Chapter:
    """The picture, the baskets that were left, and how many each filter took."""
    drawn_of = f" Of the baskets that were not left the {MOST_OTHERS:,} strongest are drawn."
    crowd = drawn_of if len(screen.table) > MOST_OTHERS else ""
    steps = [name for name in STEPS if name != "confirmed" or screen.later is not None]
    counts = pd.DataFrame(
        {"filter": [STEPS[name] for name in steps], "baskets": [screen.counts[name] for name in steps]}
    )
    shown, what = _shown(screen)
    exhibits = [
        drawn(
            "Every basket",
            "By half-life and p-value of Engle and Granger's test on the formation period, the surest on top. Dotted: "
            f"where the false discovery rate draws the line.{crowd}",
            lambda: screen_figure(screen),
            wide=True,
        ),
        Exhibit("Filters", "Each takes from what the one before left.", table=counts),
        Exhibit(what, _reading(screen), table=shown, formats=dict(COLUMNS.values()), wide=True),
    ]
    first, last = screen.formation
    lead = f"Every basket tested on {first:%Y-%m-%d} to {last:%Y-%m-%d}, what the filters left, and what held later."
    return Chapter("Found", lead, tuple(exhibits))


def untested_chapter(screen: PairScreen) -> Chapter:
    """Baskets without a test, and why."""
    reasons = screen.untested["reason"].value_counts().rename_axis("reason").rename("baskets").reset_index()
    exhibits = (Exhibit("", "", table=reasons), Exhibit("", "", table=screen.untested.reset_index(), wide=True))
    return Chapter("Not tested", f"{len(screen.untested):,} baskets could not be tested.", exhibits)


def _shown(screen: PairScreen) -> tuple[pd.DataFrame, str]:
    """The baskets that matter most, with few columns, and what they are called."""
    for rows, what in ((screen.confirmed, "Confirmed"), (screen.selected, "Left by the filters")):
        if len(rows):
            return _columns(rows), what
    return _columns(screen.table.head(10)), "None was left; the ten of the smallest p-values"


def _columns(rows: pd.DataFrame) -> pd.DataFrame:
    kept = [name for name in COLUMNS if name in rows and (rows[name].notna().any() or name not in ("hedge_ratio_3",))]
    kept += [name for name in FILTERS if name == "confirmed" and name in rows]
    return rows[kept].rename(columns={name: word for name, (word, _) in COLUMNS.items()}).reset_index()


def _reading(screen: PairScreen) -> str:
    parts = [
        "The hedged asset is named first; q is the p-value with all baskets counted.",
        "Profit to cost: of a round trip. A large likelihood ratio says that the hedge ratio moves.",
    ]
    if screen.later is not None:
        first, last = screen.later
        parts.append(f"Later: the formation's hedge, held from {first:%Y-%m-%d} to {last:%Y-%m-%d}.")
    return " ".join(parts)
