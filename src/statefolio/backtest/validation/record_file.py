"""A small JSON file that a reader finds whole or not at all."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from statefolio.exceptions import FileFormatError, OutputError


def write_record(path: Path, content: dict[str, Any]) -> None:
    """Write a temporary file beside the target, make sure it is on disk, then rename it."""
    text = json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.absolute().parent)
    except OSError as error:
        raise _not_written(path, error) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise _not_written(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def read_record(path: Path, kind: str, fields: tuple[str, ...]) -> dict[str, Any]:
    """Read such a file, and see that it is what it should be.

    Raises
    ------
    FileFormatError
        If it cannot be read, is of another kind, or lacks a field.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise FileFormatError(
            f"{path} cannot be read ({error}); a {kind} record was expected. Check the path."
        ) from error
    if not isinstance(content, dict) or content.get("kind") != kind or any(name not in content for name in fields):
        raise FileFormatError(f"{path} is no {kind} record; one written by statefolio was expected. Check the path.")
    return content


def _not_written(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path} cannot be written ({error.strerror}). Choose a folder that is there and open to you.")
