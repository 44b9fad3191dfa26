"""Writes a folder of results whole or not at all: at every instant there is the former folder or the new one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from statefolio._temporary import moved_away, sweep, temporary_folder
from statefolio._writing import place_of
from statefolio.commands.exchange import exchange
from statefolio.exceptions import OutputError

_WRITERS = {
    "portfolio_risk.csv": "statefolio risk",
    "loadings.parquet": "statefolio loadings",
    "hedge.csv": "statefolio pairs",
    "capital.csv": "statefolio pairs portfolio",
    "baskets.parquet": "statefolio screen",
    "ledger.parquet": "statefolio run",
}
"""A file that only one command writes, and that command."""


@contextmanager
def whole_folder(folder: Path, files: frozenset[str], *, overwrite: bool) -> Iterator[Path]:
    """Give a temporary folder next to `folder`; put it in place if the block succeeds, else remove it.

    Temporary folders that a killed run left are removed first.

    Parameters
    ----------
    folder
        The folder to make. A symbolic link stays, and the folder it names is replaced.
    files
        The names a run may write. A folder that contains any other file is never replaced.
    overwrite
        Replace a folder that an earlier run wrote.
    """
    target = place_of(folder, "--out")
    sweep(target)
    check_folder(folder, files, overwrite=overwrite)
    try:
        with temporary_folder(target) as temporary:
            yield temporary
            check_folder(folder, files, overwrite=overwrite)
            for file in temporary.iterdir():
                _to_disk(file)
            _put(temporary, target)
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(_unwritable(folder, error)) from error


def check_folder(folder: Path, files: frozenset[str], *, overwrite: bool) -> None:
    """Raise OutputError if the folder could not be written, before the work begins."""
    try:
        _check_place(folder, files, overwrite=overwrite)
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(_unwritable(folder, error)) from error


def _check_place(folder: Path, files: frozenset[str], *, overwrite: bool) -> None:
    parent = place_of(folder, "--out").parent
    if folder.exists():
        if not folder.is_dir():
            raise OutputError(f"--out must be a folder, got the file {folder}. Choose another name.")
        if not overwrite:
            raise OutputError(
                f"--out must be a new folder, got {folder}, which exists already{_written_by(folder, files)}. Choose "
                "another, or pass --overwrite."
            )
        others = sorted(file.name for file in folder.iterdir() if file.name not in files)
        if others:
            raise OutputError(
                f"--out must be a folder with results of an earlier run alone, got {folder}, which has other files "
                f"(first: {others[0]}){_written_by(folder, files)}. Choose another folder."
            )
    if not parent.is_dir():
        raise OutputError(f"--out must be in a folder that exists, got {folder}. Make {parent} first.")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise OutputError(f"--out cannot be written: no permission in {parent}. Choose a folder that you may write to.")


def _written_by(folder: Path, files: frozenset[str]) -> str:
    """Name the other command that wrote a folder; empty if it is not known, or the same command."""
    found = next((name for file, name in _WRITERS.items() if file not in files and (folder / file).exists()), "")
    return f", written by `{found}`" if found else ""


def _put(temporary: Path, folder: Path) -> None:
    """Put the finished folder in place; the former one takes the temporary name, and is removed with it."""
    if not folder.exists():
        temporary.rename(folder)
        return
    if exchange(temporary, folder):
        return
    with moved_away(folder):
        temporary.rename(folder)


def _to_disk(file: Path) -> None:
    with file.open("rb") as handle:
        os.fsync(handle.fileno())


def _unwritable(folder: Path, error: OSError) -> str:
    return f"{folder} cannot be written ({error.strerror or error}). Choose a folder that you may write to."
