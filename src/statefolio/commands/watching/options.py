"""Options of `statefolio watch`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from statefolio._options import Number
from statefolio.commands.options import Option


@dataclass(frozen=True, kw_only=True)
class WatchOptions:
    """Options of `statefolio watch`."""

    folder: Annotated[Path, Option("The folder into which files with new rows are dropped.", argument=True)]
    store: Annotated[Path, Option("The store of the model, as `loadings --store` or `Live` made it.")]
    every: Annotated[float, Option("Seconds between two looks.", Number(above=0.0, example=1))] = 1.0
    once: Annotated[bool, Option("Take the files that are there, and end.")] = False
