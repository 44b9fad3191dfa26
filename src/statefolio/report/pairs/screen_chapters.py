"""Builds the chapters of a report on a screen of baskets."""

import pandas as pd

from statefolio._display.numbers import P_VALUE
from statefolio.pairs.screening.result import FILTERS, PairScreen
from statefolio.report.chapters import Chapter, Exhibit, figure_exhibit
from statefolio.report.pairs.screen_figure import MOST_OTHERS, screen_figure

COLUMNS = {
    "p_value": ("p-value", P_VALUE),
    "q_value": ("q-value", P_VALUE),
    "half_life": ("Half-life, dates", ",.1f"),
    "hedge_ratio_2": ("Hedge ratio", ",.3f"),
    "hedge_ratio_3": ("Hedge ratio, third asset", ",.3f"),
    "profit_to_cost": ("Profit / cost", ",.1f"),
    "likelihood_ratio": ("Likelihood ratio, time-varying hedge", ",.1f"),
    "later_p_value": ("p-value, later period", P_VALUE),
    "later_half_life": ("Half-life, later period, dates", ",.1f"),
}
"""Headings and formats of a screen's columns."""
STEPS = {
    "tried": "Tried",
    "tested": "Tested",
    "cointegrated": "Cointegrated",
    "reverts_in_time": "Half-life within the bounds",
    "pays_its_cost": "Profit above costs",
    "confirmed": "Confirmed in the later period",
}


def screen_chapters(screen: PairScreen) -> list[Chapter]:
    """Return the chapters of a report on a screen.

    Returns
    -------
    list of Chapter
        The baskets that pass the filters, and those that could not be tested.
    """
    return [found_chapter(screen), *([untested_chapter(screen)] if len(screen.untested) else [])]


def screen_tiles(screen: PairScreen) -> dict[str, str]:
    """Return the tiles at the top of a screen's report."""
    tiles = {"Baskets tried": f"{screen.counts['tried']:,}", "Passed the filters": f"{len(screen.selected):,}"}
    if screen.later is not None:
        tiles["Confirmed"] = f"{len(screen.confirmed):,}"
    return {**tiles, "Tested until": f"{screen.formation[1]:%Y-%m-%d}"}


def screen_lead(screen: PairScreen) -> str:
    """Return one or two sentences on the numbers of baskets tried and left."""
    return " ".join(str(screen).splitlines()[: 1 if screen.later is None else 2])


def found_chapter(screen: PairScreen) -> Chapter:
    """Return the chapter with the figure, the number of baskets after each filter, and the baskets that pass."""
    limit = f" Of the other baskets, the {MOST_OTHERS:,} with the smallest p-values are drawn."
    limit = limit if len(screen.table) > MOST_OTHERS else ""
    steps = [name for name in STEPS if name != "confirmed" or screen.later is not None]
    counts = pd.DataFrame(
        {"Filter": [STEPS[name] for name in steps], "Baskets left": [screen.counts[name] for name in steps]}
    )
    shown, title = _shown(screen)
    exhibits = [
        figure_exhibit(
            "All baskets",
            "Half-life and p-value of the Engle-Granger test in the formation period, the smallest p-values on top. "
            f"Dotted: the threshold of the false discovery rate.{limit}",
            lambda: screen_figure(screen),
            wide=True,
        ),
        Exhibit("Filters", "Each filter applies to the baskets that the previous ones leave.", table=counts),
        Exhibit(title, _note(screen), table=shown, formats=dict(COLUMNS.values()), wide=True),
    ]
    first, last = screen.formation
    check = ", and checked in the later period" if screen.later is not None else ""
    lead = f"All baskets are tested from {first:%Y-%m-%d} to {last:%Y-%m-%d} and filtered{check}."
    return Chapter("Screen", lead, tuple(exhibits))


def untested_chapter(screen: PairScreen) -> Chapter:
    """Return the chapter on the baskets that could not be tested, with reasons."""
    reasons = screen.untested["reason"].value_counts().rename_axis("Reason").rename("Baskets").reset_index()
    exhibits = (Exhibit("", "", table=reasons), Exhibit("", "", table=screen.untested.reset_index(), wide=True))
    return Chapter("Not tested", f"{len(screen.untested):,} baskets could not be tested.", exhibits)


def _shown(screen: PairScreen) -> tuple[pd.DataFrame, str]:
    """Return the table of the most relevant baskets and its title."""
    for rows, title in ((screen.confirmed, "Confirmed baskets"), (screen.selected, "Baskets that pass the filters")):
        if len(rows):
            return _columns(rows), title
    return _columns(screen.table.head(10)), "No basket passes the filters; the ten smallest p-values"


def _columns(rows: pd.DataFrame) -> pd.DataFrame:
    kept = [name for name in COLUMNS if name in rows and (rows[name].notna().any() or name not in ("hedge_ratio_3",))]
    kept += [name for name in FILTERS if name == "confirmed" and name in rows]
    return rows[kept].rename(columns={name: word for name, (word, _) in COLUMNS.items()}).reset_index()


def _note(screen: PairScreen) -> str:
    parts = [
        "The hedged asset is named first. q-values account for the number of baskets.",
        "Profit / cost is for a round trip. A large likelihood ratio means that the hedge ratio moves.",
    ]
    if screen.later is not None:
        first, last = screen.later
        parts.append(f"Later period: {first:%Y-%m-%d} to {last:%Y-%m-%d}, with the hedge of the formation period.")
    return " ".join(parts)
