"""The job on a universe: every pair tested, filtered, confirmed on a later period; one folder."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from statefolio._arrays.text import show
from statefolio.commands.listener import Listener
from statefolio.commands.output_folder import whole_folder
from statefolio.commands.pairs.price_inputs import PriceInputs
from statefolio.pairs.screening.result import PairScreen
from statefolio.pairs.screening.screen import screen_pairs
from statefolio.report import write_report
from statefolio.report.pairs.screen_chapters import screen_chapters, screen_lead, screen_tiles

FILES = frozenset({"baskets.parquet", "counts.csv", "report.html", "selected.csv", "untested.csv"})


@dataclass(frozen=True)
class ScreenPlan:
    """How to screen, and where to write."""

    out: Path
    overwrite: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    title: str = "Screen of pairs"


@dataclass(frozen=True)
class ScreenOutcome:
    """What came of it."""

    folder: Path
    screen: PairScreen


def run_screen(inputs: PriceInputs, plan: ScreenPlan, listener: Listener) -> ScreenOutcome:
    """Screen the panel, and write the folder whole or not at all.

    Raises
    ------
    StatefolioError
        For options and prices that cannot be used. That no basket is left is a result.
    """
    with whole_folder(plan.out, FILES, overwrite=plan.overwrite) as folder:
        screen = screen_pairs(inputs.prices, **plan.options, progress=listener.progress)
        listener.progress("writing", 0, 0)
        screen.table.to_parquet(folder / "baskets.parquet")
        screen.selected.to_csv(folder / "selected.csv")
        screen.counts.to_csv(folder / "counts.csv", index_label="filter")
        if len(screen.untested):
            screen.untested.to_csv(folder / "untested.csv")
        write_report(
            folder / "report.html",
            None,
            chapters=screen_chapters(screen),
            tiles=screen_tiles(screen),
            lead=screen_lead(screen),
            reading=inputs.about,
            options=_shown(plan.options),
            suspicious=inputs.suspicious,
            title=plan.title,
        )
        listener.progress("writing", 1, 1)
    return ScreenOutcome(plan.out, screen)


def _shown(options: Mapping[str, Any]) -> dict[str, object]:
    """Options in words; those left to their defaults are not there."""
    named = {name: value for name, value in options.items() if value is not None}
    if "triples" in named:
        named["triples"] = [" ".join(triple) for triple in named["triples"]]
    for name in {"until", "confirm"} & set(named):
        named[name] = show(pd.Timestamp(named[name]))
    if "half_life" in named:
        named["half_life"] = "{:g} to {:g} dates".format(*named["half_life"])
    return {name.replace("_", " "): value for name, value in named.items()}
