"""Writes files atomically: a reader finds the whole file or none."""

import os
import secrets
from pathlib import Path

from statefolio.exceptions import OutputError


def write_whole(path: Path, content: bytes | str, *, private: bool = False) -> None:
    """Write a file: to a temporary one in the same folder, flushed to disk and then renamed.

    Parameters
    ----------
    path
        The file to write; an existing one is replaced.
    content
        Text is written as UTF-8.
    private
        Only the owner may read the file. By default it gets the permissions of any new file.

    Raises
    ------
    OutputError
        If the file cannot be written. An existing file is then unchanged.
    """
    target = path.absolute()
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(temporary, flags, 0o600 if private else 0o666)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror or error}). Make the folder {target.parent}, or choose another "
            "one that you may write to."
        ) from error
