"""Reads and writes small JSON record files: each has a version, and a checksum of its content."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from statefolio._writing import write_whole
from statefolio.exceptions import FileFormatError

VERSION = 1
MOST_BYTES = 64 * 2**20
_LONGEST_NUMBER = 400


def write_record(path: Path, content: dict[str, Any]) -> None:
    """Write a record file, whole or not at all."""
    whole = {**content, "version": VERSION, "checksum": _checksum(content)}
    write_whole(path, json.dumps(whole, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def read_record(path: Path, kind: str, fields: Mapping[str, type | tuple[type, ...]]) -> dict[str, Any]:
    """Read a record file and validate it: its size, its fields and their types, and its checksum.

    A record without version and checksum is one of an earlier release.

    Raises
    ------
    FileFormatError
        If it cannot be read, is of another kind, lacks a field, or was changed.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise ValueError(f"it has more than {MOST_BYTES:,} bytes")
        content = json.loads(raw.decode("utf-8"), parse_int=_whole)
    except (OSError, ValueError, RecursionError) as error:
        raise FileFormatError(
            f"{path} must be a {kind} record, but it cannot be read ({error}). Check the path."
        ) from error
    if not isinstance(content, dict) or content.get("kind") != kind or any(name not in content for name in fields):
        raise FileFormatError(f"{path} must be a {kind} record, but it is another file. Check the path.")
    version, checksum = content.pop("version", None), content.pop("checksum", None)
    if isinstance(version, int) and version > VERSION:
        raise FileFormatError(
            f"{path} must have version {VERSION} or lower, got {version}. Upgrade statefolio to read it."
        )
    wrong = [name for name, types in fields.items() if type(content[name]) not in _several(types)]
    if wrong:
        raise FileFormatError(f"{path} must be a {kind} record, but its {wrong[0]} has another type. Restore it.")
    if (version, checksum) not in ((None, None), (VERSION, _checksum(content))):
        raise FileFormatError(
            f"{path} must be as it was written, but its checksum is another: it was edited or damaged. Restore it."
        )
    return content


def _several(types: type | tuple[type, ...]) -> tuple[type, ...]:
    return types if isinstance(types, tuple) else (types,)


def _whole(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError(f"a number of {len(digits):,} digits")
    return int(digits)


def _checksum(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
