"""Turns the bytes of a text file into text: UTF-8, UTF-16 and UTF-32 by their mark, else Windows-1252."""

import codecs
import warnings

from statefolio.data.sources import PathName
from statefolio.exceptions import FileFormatError, StatefolioWarning

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHER = {
    "a file packed with bzip2": (b"BZh",),
    "a file packed with xz": (b"\xfd7zXZ\x00",),
    "a file packed with zstd": (b"\x28\xb5\x2f\xfd",),
    "a file packed with lz4": (b"\x04\x22\x4d\x18",),
    "a file packed with 7-Zip": (b"7z\xbc\xaf\x27\x1c",),
    "a file packed with RAR": (b"Rar!\x1a\x07",),
    "a file packed twice": (b"PK\x03\x04", b"\x1f\x8b"),
    "an empty zip": (b"PK\x05\x06",),
    "a PDF": (b"%PDF-",),
    "an image": (b"\x89PNG", b"\xff\xd8\xff"),
    "an HDF5 file": (b"\x89HDF\r\n",),
    "a Feather or Arrow file": (b"ARROW1", b"FEA1"),
    "an array of NumPy": (b"\x93NUMPY",),
    "a pickle": (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"),
    "an SQLite database": (b"SQLite format 3\x00",),
    "a file of Stata": (b"<stata_dta>",),
    "a file of SAS": (b"\x00" * 12 + b"\xc2\xea\x81\x60",),
    "a file of SPSS": (b"$FL2", b"$FL3"),
    "a file of R": (b"RDX2\n", b"RDX3\n", b"RDA3\n"),
    "a file of MATLAB": (b"MATLAB 5.0",),
    "a model of statefolio": (b"statefolio model ",),
}
"""The first bytes of files that are no text, Parquet or workbook, and what they are."""


def decode(content: bytes, path: PathName, *, say: bool = True) -> str:
    r"""Return the text of a file, without a byte order mark, with lines that end in ``\n``.

    Parameters
    ----------
    content : bytes
    path : path-like
        For messages.
    say : bool
        Warn of a file that is not Unicode; its letters with accents may differ from what was meant.

    Raises
    ------
    FileFormatError
        If the bytes are no text.
    """
    other = next((kind for kind, marks in _OTHER.items() if content.startswith(marks)), None)
    if other is not None:
        packed = other.startswith("a file packed")
        advice = "Unpack it" if packed else "Export the table as CSV or Parquet"
        raise FileFormatError(
            f"{path} must be CSV, Parquet or a workbook, plain or in a gzip or zip, got {other}. {advice}."
        )
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        text = _windows(content, error, path, say=say)
    if "\x00" in text:
        raise FileFormatError(f"{path} must be text, got zero bytes, as in binary files. Save the file as UTF-8 again.")
    if not text.strip():
        raise FileFormatError(f"{path} is empty. Get the file again.")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _windows(content: bytes, error: UnicodeDecodeError, path: PathName, *, say: bool) -> str:
    """Read Windows-1252, which older Excel and many publishers write."""
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        text = ""
    if not text or "\x00" in text or error.encoding != "utf-8":
        raise FileFormatError(
            f"{path} must be UTF-8 text, got byte {content[error.start]:#04x} at position {error.start}. "
            "Save the file as UTF-8 again."
        ) from error
    if say:
        start = next(k for k, letter in enumerate(text) if ord(letter) > 127)
        line = text[text.rfind("\n", 0, start) + 1 :].split("\n", 1)[0].strip()
        place = start - text.rfind("\n", 0, start) - 1
        shown = line[max(0, place - 15) : place + 16]
        warnings.warn(
            f"{path} is not UTF-8 and was read as Windows-1252, e.g. {shown!r}. If letters are wrong, save the file as "
            "UTF-8.",
            StatefolioWarning,
            stacklevel=2,
        )
    return text
