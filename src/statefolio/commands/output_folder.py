"""Writes a folder of results whole or not at all."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from statefolio.exceptions import OutputError


@contextmanager
def whole_folder(folder: Path, files: frozenset[str], *, overwrite: bool) -> Iterator[Path]:
    """Give a temporary folder next to `folder`; rename it to `folder` if the block succeeds, else remove it.

    Parameters
    ----------
    folder
        The folder to make.
    files
        The names a run may write. A folder that contains any other file is never replaced.
    overwrite
        Replace a folder that an earlier run wrote.
    """
    check_folder(folder, files, overwrite=overwrite)
    temporary = folder.absolute().with_name(f".{folder.absolute().name}.{secrets.token_hex(4)}.part")
    try:
        temporary.mkdir()
        yield temporary
        check_folder(folder, files, overwrite=overwrite)
        for file in temporary.iterdir():
            _to_disk(file)
        _put(temporary, folder.absolute())
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(_unwritable(folder, error)) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_folder(folder: Path, files: frozenset[str], *, overwrite: bool) -> None:
    """Raise OutputError if the folder could not be written, before the work begins."""
    try:
        _check_place(folder, files, overwrite=overwrite)
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(_unwritable(folder, error)) from error


def _check_place(folder: Path, files: frozenset[str], *, overwrite: bool) -> None:
    parent = folder.absolute().parent
    if folder.exists():
        if not folder.is_dir():
            raise OutputError(f"--out must be a folder, got the file {folder}. Choose another name.")
        if not overwrite:
            raise OutputError(
                f"--out must be a new folder, got {folder}, which exists already. Choose another, or pass --overwrite."
            )
        others = sorted(file.name for file in folder.iterdir() if file.name not in files)
        if others:
            raise OutputError(
                f"--out must be a folder with results of an earlier run alone, got {folder}, which has other files "
                f"(first: {others[0]}). Choose another folder."
            )
    if not parent.is_dir():
        raise OutputError(f"--out must be in a folder that exists, got {folder}. Make {parent} first.")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise OutputError(f"--out cannot be written: no permission in {parent}. Choose a folder that you may write to.")


def _put(temporary: Path, folder: Path) -> None:
    """Rename the finished folder into place, then remove the former one."""
    if not folder.exists():
        temporary.rename(folder)
        return
    former = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.old")
    folder.rename(former)
    try:
        temporary.rename(folder)
    except BaseException:
        former.rename(folder)
        raise
    shutil.rmtree(former)


def _to_disk(file: Path) -> None:
    with file.open("rb") as handle:
        os.fsync(handle.fileno())


def _unwritable(folder: Path, error: OSError) -> str:
    return f"{folder} cannot be written ({error.strerror or error}). Choose a folder that you may write to."
