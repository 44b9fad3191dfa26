"""Reads the bytes of a file, plain or compressed; a file that cannot be read raises `FileFormatError`."""

import io
import zipfile
import zlib
from os import PathLike
from pathlib import Path

from statefolio.exceptions import FileFormatError

PathName = str | PathLike[str]

_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_WORKBOOK = "xl/workbook"
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

RATIO = 200
"""Most bytes that one compressed byte may unpack to, beyond the first `FREE` bytes: tables reach 20 to 50."""
FREE = 64 * 2**20
MOST = 8 * 2**30
"""Most bytes of a file, packed or not."""
_CHUNK = 1 << 20

BROKEN = (EOFError, zlib.error, zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError)
"""What unpacking a damaged or encrypted file raises."""


def read_bytes(path: PathName) -> bytes:
    """Return the content of a file, unpacked if it is gzip or a zip of one file.

    Compression is recognised by the first bytes, not by the file's name. A workbook, which is a zip too, stays packed.
    """
    raw = _raw(path)
    try:
        content = _decompress(raw, path)
    except BROKEN as error:
        if isinstance(error, FileFormatError):
            raise
        raise FileFormatError(
            f"{path} is compressed and broken ({error}). It is probably truncated: get the file again."
        ) from error
    if not content.strip():
        raise FileFormatError(f"{path} is empty. Get the file again.")
    return content


def is_workbook(content: bytes) -> bool:
    """Return whether the bytes are an Excel workbook (xlsx, xlsm, xlsb, xls) or an OpenDocument sheet."""
    if content.startswith(_OLD_WORKBOOK):
        return True
    if not content.startswith(_ZIP):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError):
        return False
    return any(name.startswith(_WORKBOOK) for name in names) or {"mimetype", "content.xml"} <= set(names)


def check_unpacked_size(packed: int, unpacked: int, path: PathName) -> None:
    """Raise FileFormatError where a file unpacks to more than tables do."""
    most = min(FREE + RATIO * packed, MOST)
    if unpacked > most:
        raise FileFormatError(
            f"{path} must unpack to at most {most / 2**20:,.0f} MB, got more from {packed:,} bytes. If the file is "
            "what you expect, unpack it first and give the unpacked one."
        )


def _raw(path: PathName) -> bytes:
    try:
        file = Path(path)
        if file.is_file() and file.stat().st_size > MOST:
            raise FileFormatError(
                f"{path} must have at most {MOST / 2**30:.0f} GB, got {file.stat().st_size / 2**30:.1f}. Split it."
            )
        return file.read_bytes()
    except (OSError, ValueError, TypeError) as error:  # ValueError: a zero byte in the path
        if isinstance(error, FileFormatError):
            raise
        reason = getattr(error, "strerror", None) or error
        shown = repr(path) if "\x00" in str(path) else path
        raise FileFormatError(f"{shown} cannot be read ({reason}). Check the path and its permissions.") from error


def _decompress(raw: bytes, path: PathName) -> bytes:
    if raw.startswith(_GZIP):
        return _gunzip(raw, path)
    if raw.startswith(_ZIP) and not is_workbook(raw):
        return _read_only_member(raw, path)
    return raw


def _gunzip(raw: bytes, path: PathName) -> bytes:
    """Unpack gzip, member after member, and stop where the size exceeds what tables reach."""
    parts: list[bytes] = []
    size, left = 0, raw
    while left.startswith(_GZIP):
        unpack = zlib.decompressobj(wbits=31)
        while not unpack.eof:
            if not left:
                raise EOFError("the stream ends before its end marker")
            part = unpack.decompress(left, _CHUNK)
            left = unpack.unconsumed_tail or unpack.unused_data
            size += len(part)
            check_unpacked_size(len(raw), size, path)
            parts.append(part)
            if not (part or left or unpack.eof):
                raise EOFError("the stream ends before its end marker")
    if left.strip(b"\x00"):
        raise EOFError("something follows the compressed data")
    return b"".join(parts)


def _read_only_member(raw: bytes, path: PathName) -> bytes:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        members = [each for each in archive.infolist() if not each.is_dir() and not _is_litter(each.filename)]
        if len(members) != 1:
            names = ", ".join(each.filename for each in members[:5])
            raise FileFormatError(
                f"{path} must be a zip of one file, got a zip of {len(members)} files{': ' * bool(names)}{names}. "
                "Unpack it and name one of them."
            )
        member = members[0]
        if member.flag_bits & 0x1:
            raise FileFormatError(f"{path} must not be encrypted, got a zip with a password. Unpack it first.")
        check_unpacked_size(len(raw), member.file_size, path)
        with archive.open(member) as file:
            return file.read(member.file_size + 1)


def _is_litter(name: str) -> bool:
    """Return whether a member of a zip is what macOS and Windows add."""
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1] in {".DS_Store", "Thumbs.db"}
