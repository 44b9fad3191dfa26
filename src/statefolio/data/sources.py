"""Bytes and text of a file, plain or compressed; what cannot be read is a ``FileFormatError``."""

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
            f"{path} cannot be read ({error.strerror or error}). A readable file was expected: "
            "check the path and its permissions."
        ) from error
    content = _unpacked(raw, path)
    if not content.strip():
        raise FileFormatError(f"{path} is empty. A file with data was expected: get it again.")
    return content


def read_text(path: PathName) -> str:
    """Return the content of a UTF-8 (or ASCII) file as text, without a byte order mark."""
    return decoded(read_bytes(path), path)


def decoded(content: bytes, path: PathName) -> str:
    """Return a file's bytes as text; anything but UTF-8 is refused."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileFormatError(
            f"{path} is not UTF-8 text: byte {content[error.start]:#04x} at position {error.start}. "
            "UTF-8 was expected: save it as UTF-8 again (or name Parquet files .parquet)."
        ) from error
    if "\x00" in text:
        raise FileFormatError(
            f"{path} holds zero bytes, as UTF-16 or binary files do. UTF-8 text was expected: "
            "save it as UTF-8 again (or name Parquet files .parquet)."
        )
    return text


def _unpacked(raw: bytes, path: PathName) -> bytes:
    try:
        if raw.startswith(_GZIP):
            return gzip.decompress(raw)
        if raw.startswith(_ZIP):
            return _only_member(raw, path)
    except (EOFError, zlib.error, zipfile.BadZipFile, gzip.BadGzipFile) as error:
        raise FileFormatError(
            f"{path} is compressed and broken ({error}). A whole archive was expected: it is probably "
            "truncated, get it again."
        ) from error
    return raw


def _only_member(raw: bytes, path: PathName) -> bytes:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        if len(names) != 1:
            raise FileFormatError(
                f"{path} is a zip of {len(names)} files. One was expected: unpack it and name the file."
            )
        return archive.read(names[0])
