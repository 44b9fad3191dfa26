"""The options of the participant's commands."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from statefolio._options import Whole
from statefolio.commands.options import Option
from statefolio.commands.shared_options import Overwrite

SubmissionFile = Annotated[Path, Option("The submission: a TOML file, such as those of the starter.", argument=True)]
SentFile = Annotated[
    Path,
    Option("The submission, a TOML file; or weights or forecasts of a forward round, CSV or Parquet.", argument=True),
]
SubmissionId = Annotated[str, Option("The id of a submission; `submissions` lists them.", argument=True)]


@dataclass(frozen=True, kw_only=True)
class JoinOptions:
    """Options of `statefolio challenge join`."""

    url: Annotated[str, Option("The address of the challenge.", argument=True, metavar="URL")]
    code: Annotated[str, Option("The code of the invitation.", argument=True, metavar="CODE")]


@dataclass(frozen=True, kw_only=True)
class StarterOptions:
    """Options of `statefolio challenge starter`."""

    out: Annotated[Path, Option("Folder to unpack the starter into.")] = Path("starter")
    overwrite: Overwrite = False


@dataclass(frozen=True, kw_only=True)
class TestOptions:
    """Options of `statefolio challenge test`."""

    file: SubmissionFile
    data: Annotated[
        Path | None, Option("Folder of the starter's data.", default_text="the folder data beside the file")
    ] = None


@dataclass(frozen=True, kw_only=True)
class SubmitOptions:
    """Options of `statefolio challenge submit`."""

    file: SentFile
    wait: Annotated[bool, Option("Wait for the score.")] = False


@dataclass(frozen=True, kw_only=True)
class ListOptions:
    """Options of `statefolio challenge submissions`."""

    last: Annotated[int, Option("How many of the newest to show.", Whole(at_least=1, at_most=500))] = 20


@dataclass(frozen=True, kw_only=True)
class LimitsOptions:
    """Options of `statefolio challenge limits`: none."""


@dataclass(frozen=True, kw_only=True)
class BoardOptions:
    """Options of `statefolio challenge leaderboard`."""

    track: Annotated[Literal["forecast", "portfolio"] | None, Option("The track.", default_text="all")] = None
    first: Annotated[int, Option("How many teams to show.", Whole(at_least=1, at_most=200))] = 20


@dataclass(frozen=True, kw_only=True)
class SelectOptions:
    """Options of `statefolio challenge select`."""

    id: SubmissionId
    back: Annotated[bool, Option("Take the finalist back.")] = False


@dataclass(frozen=True, kw_only=True)
class LoginOptions:
    """Options of `statefolio challenge login`: none."""
