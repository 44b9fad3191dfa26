"""Files that a reader finds whole or not at all."""

import os
import secrets
from pathlib import Path

from statefolio.exceptions import OutputError


def write_whole(path: Path, content: bytes | str, *, private: bool = False) -> None:
    """Write a temporary file beside the target, make sure it is on disk, then rename it.

    Parameters
    ----------
    path
        The file to write; one that is there is replaced.
    content
        Text is written as UTF-8.
    private
        Nobody else may read the file; otherwise its permissions are those that any new file gets.

    Raises
    ------
    OutputError
        If it cannot be written; the former file, if any, is then still there.
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
            f"{path} cannot be written ({error.strerror or error}); a folder that exists and may be written to was "
            f"expected. Make the folder {target.parent}, or choose another."
        ) from error
