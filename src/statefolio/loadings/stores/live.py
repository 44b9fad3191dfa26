"""Live rows of a store: new dates of all assets, one file for each time they were appended.

A file is a line with the checksum of its header, the header, and arrays of plain numbers. It is written whole or not
at all, so that its rename is the instant at which its dates belong to the store. Files are numbered; those up to the
number in the group's metadata are in the big arrays already.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio._writing import write_whole
from statefolio.exceptions import FileFormatError
from statefolio.loadings.stored_values import decode, encode
from statefolio.loadings.stores.layout import OWN

FOLDER = f"{OWN}/live"
INPUTS = ("returns", "factors")
"""Names of the arrays of a file from which a model is continued again."""
_MAGIC = b"statefolio rows 1"
_ALIGNED = 64
_NAME = re.compile(r"(\d{8})\.rows")


@dataclass(frozen=True)
class LiveRows:
    """The rows of one file.

    Attributes
    ----------
    file : Path
    number : int
    dates : DatetimeIndex
    joined : Index
        Assets that were listed on these dates.
    assets : int
        Number of assets, these included.
    attrs : dict
        Attributes of the results.
    forms : dict
        The place and shape of each array in the file.
    """

    file: Path
    number: int
    dates: pd.DatetimeIndex
    joined: pd.Index
    assets: int
    attrs: dict[str, str]
    forms: dict[str, tuple[int, tuple[int, ...]]]

    def array(self, name: str) -> Array:
        """Return an array of the file, which is read where it is used."""
        offset, shape = self.forms[name]
        found: Array = np.memmap(self.file, dtype="<f8", mode="r", offset=offset, shape=shape)
        return found


def live_name(number: int) -> str:
    """Return the name of a file."""
    return f"{number:08d}.rows"


def live_numbers(store: Path) -> list[int]:
    """List the numbers of the files of a store, in order."""
    names = (_NAME.fullmatch(path.name) for path in (store / FOLDER).iterdir())
    return sorted(int(found[1]) for found in names if found)


def write_live(
    store: Path,
    number: int,
    dates: pd.DatetimeIndex,
    joined: pd.Index,
    arrays: Mapping[str, Array],
    attrs: Mapping[str, str],
) -> None:
    """Write the rows of new dates to a file, whole or not at all."""
    sizes = {name: list(values.shape) for name, values in arrays.items()}
    header = {
        "dates": [str(dates.unit), dates.asi8.tolist()],
        "joined": encode(joined),
        "attrs": dict(attrs),
        "arrays": sizes,
    }
    text = json.dumps(header).encode()
    line = _first_line(text)
    parts: list[Any] = [line + text]
    length = len(parts[0])
    for values in arrays.values():
        gap = -length % _ALIGNED
        plain = np.ascontiguousarray(values, dtype="<f8")
        parts += [bytes(gap), plain.reshape(-1).view(np.uint8).data]
        length += gap + plain.nbytes
    write_whole(store / FOLDER / live_name(number), *parts)


def read_live(store: Path, number: int) -> LiveRows:
    """Read the header of a file."""
    file = store / FOLDER / live_name(number)
    with file.open("rb") as opened:
        line = opened.readline(200)
        size = line.rpartition(b" ")[2].strip()
        text = opened.read(int(size)) if size.isdigit() and len(size) < 10 else b""
    if line != _first_line(text):
        raise FileFormatError(f"{file} was damaged or changed: it does not have its checksum. Restore that file.")
    header = json.loads(text)
    forms, offset = {}, len(line) + len(text)
    for name, shape in header["arrays"].items():
        offset += -offset % _ALIGNED
        forms[name] = (offset, tuple(shape))
        offset += 8 * int(np.prod(shape))
    if file.stat().st_size != offset:
        raise FileFormatError(f"{file} was damaged or changed: it does not have its length. Restore that file.")
    unit, stamps = header["dates"]
    dates = pd.DatetimeIndex(np.array(stamps, dtype=np.int64).view(f"datetime64[{unit}]"), name="date")
    count = next(iter(forms.values()))[1][1]
    return LiveRows(file, number, dates, decode(header["joined"]), count, header["attrs"], forms)


def _first_line(header: bytes) -> bytes:
    return b"%s %s %d\n" % (_MAGIC, hashlib.sha256(header).hexdigest().encode(), len(header))
