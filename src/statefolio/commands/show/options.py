"""The options of `statefolio show`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from statefolio.commands.options import Option


@dataclass(frozen=True, kw_only=True)
class ShowOptions:
    """Options of `statefolio show`."""

    model: Annotated[Path, Option("A model that `statefolio loadings` or `risk` saved.", argument=True, file=True)]
    asset: Annotated[
        list[str] | None,
        Option("Asset to show; may be given several times.", repeated=True, default_text="the first ones"),
    ] = None
    out: Annotated[Path | None, Option("Write a page to this file instead, e.g. AAPL.html.")] = None
