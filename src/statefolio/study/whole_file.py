"""A file that a reader finds whole or not at all."""

import os
import tempfile
from pathlib import Path

from statefolio.exceptions import OutputError


def write_whole(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write a temporary file beside the target, make sure it is on disk, then rename it.

    Others may read it unless it is `private`.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.absolute().parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(0o600 if private else 0o644)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}). Choose another place.") from error
