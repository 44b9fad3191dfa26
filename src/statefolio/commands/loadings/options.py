"""The options of `statefolio loadings`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from statefolio._options import Whole
from statefolio.commands.options import Option
from statefolio.commands.shared_options import ModelOptions, Overwrite, PanelFiles, SplitDates
from statefolio.exceptions import InputError


@dataclass(frozen=True, kw_only=True)
class ReportOutput:
    """The folder of results, of a panel that fits into memory."""

    out: Annotated[Path | None, Option("Folder to write the results into.")] = None
    overwrite: Overwrite = False


@dataclass(frozen=True, kw_only=True)
class StoreOutput:
    """The store of results, of a panel that is fitted by blocks of its assets."""

    store: Annotated[
        Path | None, Option("Store to fit into by blocks of assets, instead of --out: no comparison and no report.")
    ] = None
    blocks: Annotated[
        int | None,
        Option("Assets of a block, a multiple of 64.", Whole(at_least=64, example=4096), default_text="4096"),
    ] = None
    workers: Annotated[
        int | None, Option("Processes that fit blocks, one thread each.", Whole(at_least=1), default_text="1")
    ] = None
    scheduler: Annotated[
        str | None, Option("Dask cluster that fits the blocks, e.g. tcp://10.0.0.1:8786.", metavar="ADDRESS")
    ] = None
    resume: Annotated[bool, Option("Continue an interrupted fit into the store: complete blocks are kept.")] = False


@dataclass(frozen=True, kw_only=True)
class LoadingsOptions:
    """Options of `statefolio loadings`."""

    files: PanelFiles
    dates: SplitDates = field(default_factory=SplitDates)
    model: ModelOptions = field(default_factory=ModelOptions)
    output: ReportOutput = field(default_factory=ReportOutput)
    blocks: StoreOutput = field(default_factory=StoreOutput)

    def check_output(self) -> None:
        """Raise InputError unless there is one place for the results, with its own options."""
        store, out = self.blocks.store, self.output.out
        if (store is None) == (out is None):
            found = "neither" if out is None else "both"
            raise InputError(f"--out or --store must be given, got {found}. Use one of them.")
        given = {
            "--blocks": self.blocks.blocks,
            "--workers": self.blocks.workers,
            "--scheduler": self.blocks.scheduler,
            "--resume": self.blocks.resume or None,
        }
        if store is None:
            _check_none(given, "--store")
        else:
            _check_none({"--test-from": self.dates.test_from, "--overwrite": self.output.overwrite or None}, "--out")
        if self.blocks.workers is not None and self.blocks.scheduler is not None:
            raise InputError("--workers must be left out with --scheduler, which has its own. Use one of them.")


def _check_none(given: Mapping[str, object], needed: str) -> None:
    for name, value in given.items():
        if value is not None:
            raise InputError(f"{name} must be left out without {needed}, got {value}. Use {needed}, or drop it.")
