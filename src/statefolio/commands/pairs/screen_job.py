"""The job of `screen`: tests every pair of a universe, filters them, confirms the rest, and writes one folder."""

from dataclasses import dataclass
from pathlib import Path

from statefolio._arrays.text import show
from statefolio.commands.csv_tables import write_csv
from statefolio.commands.options import errors_of
from statefolio.commands.output_folder import whole_folder
from statefolio.commands.pairs.options import Screening, ScreenOptions
from statefolio.commands.pairs.price_inputs import PriceInputs
from statefolio.commands.progress import Progress
from statefolio.pairs.screening.result import PairScreen
from statefolio.pairs.screening.screen import screen_pairs
from statefolio.report import write_report
from statefolio.report.pairs.screen_chapters import screen_chapters, screen_lead, screen_tiles

FILES = frozenset({"baskets.parquet", "counts.csv", "report.html", "selected.csv", "untested.csv"})
TITLE = "Screen of pairs"


@dataclass(frozen=True)
class ScreenResult:
    """A screen of a universe, with the folder it was written to."""

    folder: Path
    screen: PairScreen


def run_screen(inputs: PriceInputs, options: ScreenOptions, progress: Progress) -> ScreenResult:
    """Screen the panel, and write the folder whole or not at all.

    Raises
    ------
    StatefolioError
        For options and prices that cannot be used. That no basket passes the filters is a result.
    """
    output = options.output
    with whole_folder(output.out, FILES, overwrite=output.overwrite) as folder:
        with errors_of(Screening):
            screen = screen_pairs(inputs.prices, **vars(options.screening), progress=progress)
        progress("writing", 0, 0)
        screen.table.to_parquet(folder / "baskets.parquet")
        write_csv(screen.selected, folder / "selected.csv")
        write_csv(screen.counts, folder / "counts.csv", index_label="filter")
        if len(screen.untested):
            write_csv(screen.untested, folder / "untested.csv")
        write_report(
            folder / "report.html",
            None,
            chapters=screen_chapters(screen),
            tiles=screen_tiles(screen),
            lead=screen_lead(screen),
            reading=inputs.facts,
            options=_as_text(options.screening),
            suspicious=inputs.suspicious,
            title=TITLE,
        )
        progress("writing", 1, 1)
    return ScreenResult(output.out, screen)


def _as_text(screening: Screening) -> dict[str, object]:
    """The options as the report shows them, without those that are None."""
    named: dict[str, object] = {name: value for name, value in vars(screening).items() if value is not None}
    if screening.triples is not None:
        named["triples"] = [" ".join(triple) for triple in screening.triples]
    named |= {name: show(named[name]) for name in ("until", "confirm") if name in named}
    named["half_life"] = "{:g} to {:g} dates".format(*screening.half_life)
    return {name.replace("_", " "): value for name, value in named.items()}
