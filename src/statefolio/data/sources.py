"""Reads the bytes or text of a file, plain or compressed; a file that cannot be read raises `FileFormatError`."""

import gzip
import io
import zipfile
import zlib
from os import PathLike
from pathlib import Path

from statefolio.exceptions import FileFormatError

PathName = str | PathLike[str]

_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"


def read_bytes(path: PathName) -> bytes:
    """Return the content of a file, unpacked if it is gzip or a zip of one file.

    Compression is recognised by the first bytes, not by the file's name.
    """
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise FileFormatError(
            f"{path} cannot be read ({error.strerror or error}). Check the path and its permissions."
        ) from error
    content = _decompress(raw, path)
    if not content.strip():
        raise FileFormatError(f"{path} is empty. Get the file again.")
    return content


def read_text(path: PathName) -> str:
    """Return the content of a UTF-8 (or ASCII) file as text, without a byte order mark."""
    return decode(read_bytes(path), path)


def decode(content: bytes, path: PathName) -> str:
    """Decode a file's bytes as UTF-8 text, without a byte order mark."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileFormatError(
            f"{path} must be UTF-8 text, got byte {content[error.start]:#04x} at position {error.start}. "
            "Save the file as UTF-8 again."
        ) from error
    if "\x00" in text:
        raise FileFormatError(
            f"{path} must be UTF-8 text, got zero bytes, as in UTF-16 or binary files. Save the file as UTF-8 again."
        )
    return text


def _decompress(raw: bytes, path: PathName) -> bytes:
    try:
        if raw.startswith(_GZIP):
            return gzip.decompress(raw)
        if raw.startswith(_ZIP):
            return _read_only_member(raw, path)
    except (EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile) as error:
        raise FileFormatError(
            f"{path} is compressed and broken ({error}). It is probably truncated: get the file again."
        ) from error
    return raw


def _read_only_member(raw: bytes, path: PathName) -> bytes:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        if len(names) != 1:
            raise FileFormatError(
                f"{path} must be a zip of one file, got a zip of {len(names)} files. Unpack it and name one of them."
            )
        return archive.read(names[0])
