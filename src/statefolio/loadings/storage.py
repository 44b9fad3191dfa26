"""Reads and writes model files: a line with a checksum, and a zip of NumPy arrays and a JSON description.

A file is written whole or not at all. Reading it executes none of its content: arrays are in NumPy's own format,
without pickles. Every byte counts in the checksum, and the description and the shapes of all arrays are checked before
the arrays are read.
"""

import hashlib
import io
import json
import math
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Mapping
from struct import error as StructError
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.text import shown
from statefolio._writing import place_of, write_whole
from statefolio.exceptions import FileFormatError, OutputError
from statefolio.loadings.array_layout import Form
from statefolio.loadings.stored_values import decode, encode

FORMAT = "statefolio model"
VERSION = 3
RATIO = 300
"""Most bytes that one byte of a file may unpack to: the compression that `write` uses reaches 230."""
_FREE = 1 << 16
_SMALL, _SAMPLE, _SAMPLES = 1 << 16, 1 << 13, 8
_LONGEST_NUMBER = 400
_MAGIC = f"{FORMAT} ".encode()
_FIRST_VERSION = b"PK\x03\x04"
_DESCRIPTION = "model.json"
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, StructError, tokenize.TokenError, SyntaxError, EOFError, LookupError),
    *(RuntimeError, TypeError, ValueError, ArithmeticError, AttributeError, MemoryError),
)
_FIELDS: dict[str, type | tuple[type, ...]] = {
    "model": str,
    "options": dict,
    "assets": pd.Index,
    "factors": pd.Index,
    "first_date": pd.Timestamp,
    "last_date": pd.Timestamp,
    "tuned_until": pd.Timestamp,
}
Contents = dict[str, Any]
Arrays = dict[str, np.ndarray[Any, Any]]


def write(path: Any, contents: Mapping[str, Any], arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """Write a description and named arrays to one file."""
    encoded = {key: encode(value) for key, value in contents.items()}
    description = json.dumps({"format": FORMAT, "version": VERSION, **encoded})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        # With no time of writing: the same model gives the same bytes.
        archive.writestr(zipfile.ZipInfo(_DESCRIPTION), description, zipfile.ZIP_DEFLATED)
        for name, values in arrays.items():
            array = np.ascontiguousarray(values)
            archive.compression = zipfile.ZIP_DEFLATED if _is_compressible(array) else zipfile.ZIP_STORED
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array.reshape(np.shape(values)), allow_pickle=False)
    payload = buffer.getbuffer()
    write_whole(path, first_line(payload), payload)


def first_line(payload: Any, version: int = VERSION) -> bytes:
    """Return the line with the checksum of the payload, which follows it in a file."""
    return _MAGIC + f"{version} {hashlib.sha256(payload).hexdigest()}\n".encode()


def _is_compressible(array: np.ndarray[Any, Any]) -> bool:
    """Tell whether compressing the array is worth its time, from samples of a large one: random digits are not."""
    if array.nbytes < _SMALL:
        return True
    raw = array.reshape(-1).view(np.uint8)
    starts = np.linspace(0, array.nbytes - _SAMPLE, _SAMPLES).astype(np.int64)
    sample = b"".join(raw[start : start + _SAMPLE].tobytes() for start in starts)
    return 2 * len(zlib.compress(sample, 1)) < len(sample)


def read(path: Any, check: Callable[[Contents, Mapping[str, Form]], None]) -> tuple[Contents, Arrays]:
    """Read the description and the arrays that `write` wrote.

    Parameters
    ----------
    path
        The file.
    check
        Called with the description and the types and shapes of the arrays, before the arrays are read; raises
        ValueError if they are not those of a model.

    Raises
    ------
    FileFormatError
        If the file is truncated, changed or something else, or was written by a newer version.
    """
    raw = _bytes(path)
    try:
        payload = _payload(path, raw)
        with zipfile.ZipFile(io.BytesIO(payload)) as archive:
            members = _members(archive, len(raw))
            description = _load_json(archive.read(members.pop(_DESCRIPTION)))
            _check_version(path, description)
            if (description["version"] == 1) != raw.startswith(_FIRST_VERSION):
                raise ValueError("its checksum is missing")
            contents = _contents(description)
            forms = {name.removesuffix(".npy"): _form(archive, info) for name, info in members.items()}
            check(contents, forms)
            return contents, {name.removesuffix(".npy"): _array(archive.read(info)) for name, info in members.items()}
    except FileFormatError:
        raise
    except _BROKEN as error:
        raise FileFormatError(
            f"{path} is truncated or not a model file ({shown(str(error))}). Save the model again, or check the path."
        ) from error


def _bytes(path: Any) -> bytes:
    try:
        return place_of(path).read_bytes()
    except OutputError as error:  # a name that no file can have
        raise FileFormatError(f"{path!r} cannot be read. Check the path.") from error
    except OSError as error:
        if isinstance(error, IsADirectoryError | PermissionError) and place_of(path).is_dir():  # as Windows says it
            raise FileFormatError(
                f"{path} cannot be read as a model file: it is a folder. Pass the model.statefolio in it; "
                "a store is opened with LoadingsStore.open, or with `statefolio update --store`."
            ) from error
        raise FileFormatError(
            f"{path} cannot be read ({error.strerror or error}). Check the path and its permissions."
        ) from error


def _payload(path: Any, raw: bytes) -> bytes:
    """Return the zip in a file whose checksum is right; files of the first version have none."""
    if raw.startswith(_FIRST_VERSION):
        return raw
    line, _, payload = raw.partition(b"\n")
    if not line.startswith(_MAGIC):
        raise ValueError("its first bytes are those of another file")
    said = line.removeprefix(_MAGIC).split(b" ")[0]
    version = int(said) if said.isdigit() and len(said) < 10 else VERSION
    if version > VERSION:
        raise _newer(path, version)
    if line + b"\n" != first_line(payload, version):
        raise FileFormatError(
            f"{path} is truncated or not a model file: its content does not have the checksum in its first line. It "
            "was damaged or changed after it was saved. Save the model again, or restore the file."
        )
    return payload


def _members(archive: zipfile.ZipFile, size: int) -> dict[str, zipfile.ZipInfo]:
    members = {info.filename: info for info in archive.infolist()}
    if len(members) != len(archive.infolist()) or not all(
        name == _DESCRIPTION or name.endswith(".npy") for name in members
    ):
        raise ValueError("its members are not those of a model")
    if sum(info.file_size for info in members.values()) > _FREE + RATIO * size:
        raise ValueError("it unpacks to more than a model does")
    return members


def _load_json(text: bytes) -> Any:
    def whole(digits: str) -> int:
        if len(digits) > _LONGEST_NUMBER:
            raise ValueError(f"a number of {len(digits):,} digits")
        return int(digits)

    return json.loads(text, parse_int=whole)


def _contents(description: dict[str, Any]) -> Contents:
    contents = {name: decode(description[name]) for name in _FIELDS}
    contents["notes"] = decode(description["notes"]) if "notes" in description else {}
    return checked(contents)


def checked(contents: Contents) -> Contents:
    """Return the description of a model whose values have the right types; raises ValueError otherwise."""
    if not isinstance(contents["notes"], dict) or not all(isinstance(text, str) for text in contents["notes"].values()):
        raise ValueError("notes has another type")
    for name, kind in _FIELDS.items():
        if not isinstance(contents[name], kind) or contents[name] is pd.NaT:
            raise ValueError(f"{name} has another type")
    return contents


def _form(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Form:
    """Return the type and the shape of an array from its header, which must agree with the size of the member."""
    with archive.open(info) as member:
        version = np.lib.format.read_magic(member)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"{info.filename} has another format")
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read_header(member)
        if dtype.kind not in "biufU" or member.tell() + math.prod(shape) * dtype.itemsize != info.file_size:
            raise ValueError(f"{info.filename} does not have the size that its header says")
    return Form(dtype.kind, tuple(shape))


def _array(member: bytes) -> np.ndarray[Any, Any]:
    array: np.ndarray[Any, Any] = np.lib.format.read_array(io.BytesIO(member), allow_pickle=False)
    return array


def _check_version(path: Any, description: Any) -> None:
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise FileFormatError(f"{path} must be a model file written by save, got something else. Check the path.")
    if not isinstance(description["version"], int):
        raise ValueError("version has another type")
    if description["version"] > VERSION:
        raise _newer(path, description["version"])


def _newer(path: Any, version: int) -> FileFormatError:
    return FileFormatError(
        f"{path} must have format version {VERSION} or lower, got {version}. Upgrade statefolio to read it."
    )
