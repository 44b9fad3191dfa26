"""Writes files atomically: a reader finds the whole file or none."""

import os
from pathlib import Path
from typing import Any

from statefolio._arrays.text import shown
from statefolio._temporary import sweep, temporary_file
from statefolio.exceptions import DataTypeError, OutputError


def write_whole(path: Any, *content: bytes | memoryview | str, private: bool = False) -> None:
    """Write a file: to a temporary one in the same folder, flushed to disk and then renamed.

    Temporary files that a killed process left at the same place are removed.

    Parameters
    ----------
    path : path-like
        The file to write; an existing one is replaced. A symbolic link stays, and the file it names is replaced.
    *content
        Written one after the other; text as UTF-8.
    private
        Only the owner may read the file. By default it gets the permissions of any new file.

    Raises
    ------
    DataTypeError
        If the path is not a path.
    OutputError
        If the file cannot be written. An existing file is then unchanged.
    """
    target = place_of(path)
    if os.path.exists(target) and not os.path.isfile(target):  # noqa: PTH110, PTH113 - they raise no OSError
        raise OutputError(f"path must be a file, got {path}, which is a folder or device. Add the name of a file.")
    sweep(target)
    try:
        with temporary_file(target, private=private) as (temporary, handle):
            with os.fdopen(handle, "wb", closefd=os.name == "nt") as file:
                for part in content:
                    file.write(part.encode() if isinstance(part, str) else part)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror or error}). Make the folder {target.parent}, or choose another "
            "one that you may write to."
        ) from error


def place_of(path: Any, name: str = "path") -> Path:
    """Return the absolute path that a path leads to, symbolic links followed.

    Raises
    ------
    DataTypeError
        If it is not text or a path-like object.
    OutputError
        If no file can have such a name, or the links lead nowhere.
    """
    if not isinstance(path, str | os.PathLike) or not isinstance(os.fspath(path), str):
        raise DataTypeError(f"{name} must be the path of a file, got {shown(path)}. Pass e.g. {name}='betas.model'.")
    text = os.fspath(path)
    if not text or "\x00" in text:
        raise OutputError(f"{name} must be the path of a file, got {shown(text)}. Choose another name.")
    target = Path(os.path.realpath(text))
    if os.path.islink(target):  # noqa: PTH114 - it raises no OSError
        raise OutputError(f"{name} must lead to a file, got {path}, whose symbolic links form a circle. Remove one.")
    return target
