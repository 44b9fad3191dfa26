"""Reads and writes small JSON record files."""

import json
from pathlib import Path
from typing import Any

from statefolio._writing import write_whole
from statefolio.exceptions import FileFormatError


def write_record(path: Path, content: dict[str, Any]) -> None:
    """Write a record file, whole or not at all."""
    write_whole(path, json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def read_record(path: Path, kind: str, fields: tuple[str, ...]) -> dict[str, Any]:
    """Read a record file and validate it.

    Raises
    ------
    FileFormatError
        If it cannot be read, is of another kind, or lacks a field.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise FileFormatError(
            f"{path} must be a {kind} record, but it cannot be read ({error}). Check the path."
        ) from error
    if not isinstance(content, dict) or content.get("kind") != kind or any(name not in content for name in fields):
        raise FileFormatError(f"{path} must be a {kind} record, but it is another file. Check the path.")
    return content
