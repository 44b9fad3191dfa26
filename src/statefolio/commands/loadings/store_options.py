"""The options of `statefolio compact` and `statefolio export`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from statefolio.commands.options import Option
from statefolio.commands.shared_options import Overwrite


@dataclass(frozen=True, kw_only=True)
class CompactOptions:
    """Options of `statefolio compact`."""

    path: Annotated[Path, Option("The store.", argument=True)]


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """Options of `statefolio export`."""

    source: Annotated[Path, Option("A store of loadings, or a folder that `loadings` wrote.", argument=True)]
    to: Annotated[Path, Option("The file: .parquet, .csv, .arrow, .feather or .nc (netCDF).")]
    layout: Annotated[
        Literal["long", "wide"],
        Option("One row per date, asset and factor, or per date and asset with a column per variable and factor."),
    ] = "long"
    variable: Annotated[
        list[str] | None,
        Option("Variable to write, e.g. filtered; may be given several times.", metavar="NAME", repeated=True),
    ] = None
    overwrite: Overwrite = False
