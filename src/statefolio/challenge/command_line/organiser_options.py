"""The options of the organiser's commands."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from statefolio._options import Whole
from statefolio.commands.options import Option
from statefolio.commands.shared_options import Overwrite

Folder = Annotated[Path, Option("The challenge's folder.", argument=True, metavar="DIR")]
NamedFolder = Annotated[Path, Option("The challenge's folder.", metavar="DIR")]
Port = Whole(at_least=1, at_most=65_535, example=8000)


@dataclass(frozen=True, kw_only=True)
class FolderOptions:
    """Options of the commands that take the folder alone: check, open, status and rescore."""

    folder: Folder = Path()


@dataclass(frozen=True, kw_only=True)
class InitOptions:
    """Options of `statefolio challenge init`."""

    folder: Folder
    tutorial: Annotated[bool, Option("Write the rules of a tutorial: synthetic data, every score shown.")] = False


@dataclass(frozen=True, kw_only=True)
class ServeOptions:
    """Options of `statefolio challenge serve`."""

    folder: Folder = Path()
    host: Annotated[str | None, Option("Address to listen at.", default_text="[server] host")] = None
    port: Annotated[int | None, Option("Port to listen at.", Port | None, default_text="[server] port")] = None


@dataclass(frozen=True, kw_only=True)
class ScoreOptions:
    """Options of `statefolio challenge score`."""

    folder: Folder = Path()
    workers: Annotated[int, Option("Scorers to run, one CPU each.", Whole(at_least=1, at_most=256))] = 1


@dataclass(frozen=True, kw_only=True)
class InviteOptions:
    """Options of `statefolio challenge invite`."""

    teams: Annotated[list[str], Option("Names of the teams.", argument=True, metavar="TEAM...", repeated=True)]
    folder: NamedFolder = Path()
    days: Annotated[int, Option("Days that the codes are valid.", Whole(at_least=1, at_most=366))] = 30
    renew: Annotated[bool, Option("Give teams that exist a new token; the old one ends when the code is used.")] = False


@dataclass(frozen=True, kw_only=True)
class RevokeOptions:
    """Options of `statefolio challenge revoke`."""

    what: Annotated[str, Option("A team's name, or a code, or its prefix.", argument=True, metavar="TEAM|CODE")]
    folder: NamedFolder = Path()
    tokens: Annotated[bool, Option("End the team's tokens and sessions alone; the team stays.")] = False


@dataclass(frozen=True, kw_only=True)
class ExtendOptions:
    """Options of `statefolio challenge extend`."""

    data: Annotated[Path, Option("A folder with returns and factors of new dates.", argument=True, metavar="DATA")]
    folder: NamedFolder = Path()


@dataclass(frozen=True, kw_only=True)
class CloseOptions:
    """Options of `statefolio challenge close`."""

    folder: Folder = Path()
    early: Annotated[bool, Option("Close before the closing time.")] = False


@dataclass(frozen=True, kw_only=True)
class RevealOptions:
    """Options of `statefolio challenge reveal`."""

    folder: Folder = Path()
    data: Annotated[bool, Option("Publish the data with their hidden dates, so that everyone can verify.")] = True


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """Options of `statefolio challenge export`."""

    folder: Folder = Path()
    out: Annotated[Path, Option("Folder to write the tables into.")] = Path("challenge-export")
    format: Annotated[Literal["csv", "parquet"], Option("Format of the files.")] = "csv"
    overwrite: Overwrite = False


@dataclass(frozen=True, kw_only=True)
class BackupOptions:
    """Options of `statefolio challenge backup`."""

    folder: Folder = Path()
    out: Annotated[Path | None, Option("New folder of the backup.", default_text="DIR/backups/TIME")] = None


@dataclass(frozen=True, kw_only=True)
class RestoreOptions:
    """Options of `statefolio challenge restore`."""

    backup: Annotated[Path, Option("The folder of the backup.", argument=True, metavar="BACKUP")]
    folder: Annotated[Path, Option("New folder of the challenge.", argument=True, metavar="DIR")]


@dataclass(frozen=True, kw_only=True)
class VerifyOptions:
    """Options of `statefolio challenge verify`."""

    folder: Annotated[
        Path, Option("The challenge's folder, or one with the files that were revealed.", argument=True, metavar="DIR")
    ] = Path()
    submission: Annotated[
        list[str] | None, Option("Score this submission again; may be given several times.", repeated=True)
    ] = None


@dataclass(frozen=True, kw_only=True)
class TutorialOptions:
    """Options of `statefolio challenge tutorial`."""

    folder: Annotated[Path, Option("The tutorial's folder.", argument=True, metavar="DIR")] = Path("tutorial")
    port: Annotated[int, Option("Port to serve at, on this machine alone.", Port)] = 8000
    workers: Annotated[int, Option("Scorers to run.", Whole(at_least=1, at_most=64))] = 2
