"""The manifest of a store: what it is a store of. It is written once, when the store is made."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from statefolio._arrays.text import shown, span
from statefolio._writing import write_whole
from statefolio.exceptions import FileFormatError, OutputError
from statefolio.loadings.stored_values import decode, encode
from statefolio.loadings.stores.layout import OWN, UNITS

FILE = f"{OWN}/manifest.json"
VERSION = 1
_MAGIC = "statefolio store"
_NOT_COMPARED = ("versions",)


@dataclass(frozen=True)
class Manifest:
    """What a store is a store of.

    Attributes
    ----------
    identity : dict
        Model, options, fingerprint of the data, and whatever else the same fit has in common.
    dates : DatetimeIndex
        Of the fit.
    assets, factors : Index
        Of the fit; assets that were listed later are in the group's own metadata.
    block_assets, chunk_assets : int
        Assets of a block that is written at once, and of a chunk.
    variables : tuple of str
    """

    identity: dict[str, Any]
    dates: pd.DatetimeIndex
    assets: pd.Index
    factors: pd.Index
    block_assets: int
    chunk_assets: int
    variables: tuple[str, ...]

    @property
    def unit(self) -> str:
        """The unit of the dates."""
        return str(self.dates.unit)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest into the folder of a new store."""
    dates = manifest.dates
    values = {
        "identity": encode(manifest.identity),
        "dates": [manifest.unit, dates.asi8.tolist()],
        "assets": encode(manifest.assets),
        "factors": encode(manifest.factors),
        "block_assets": manifest.block_assets,
        "chunk_assets": manifest.chunk_assets,
        "variables": list(manifest.variables),
    }
    text = json.dumps(values)
    write_whole(folder / FILE, f"{_MAGIC} {VERSION} {_checksum(text)}\n", text)


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a store.

    Raises
    ------
    FileFormatError
        If the folder is not a store, is damaged, or was written by a newer version.
    """
    try:
        content = (folder / FILE).read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError) as error:
        said = "does not exist" if not folder.exists() else "is something else"
        raise FileFormatError(f"path must be a store, got {folder}, which {said}. Check the path.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise FileFormatError(f"{folder / FILE} cannot be read ({error}). Check its permissions.") from error
    line, _, text = content.partition("\n")
    words = line.removeprefix(_MAGIC).split()
    if line.startswith(_MAGIC) and len(words) == 2 and words[0].isdigit() and int(words[0][:9]) > VERSION:
        raise FileFormatError(
            f"{folder} must be a store of version {VERSION} or lower, got {words[0][:9]}. Upgrade statefolio."
        )
    if line != f"{_MAGIC} {VERSION} {_checksum(text)}":
        raise FileFormatError(
            f"{folder} must have an intact manifest, got one that does not have its checksum: {FILE} was damaged or "
            "changed. Restore that file, or fit into a new store."
        )
    values = json.loads(text)
    unit, stamps = values["dates"]
    return Manifest(
        identity=decode(values["identity"]),
        dates=pd.DatetimeIndex(pd.Index(stamps, dtype="int64").to_numpy().view(f"datetime64[{unit}]"), name="date"),
        assets=decode(values["assets"]),
        factors=decode(values["factors"]),
        block_assets=values["block_assets"],
        chunk_assets=values["chunk_assets"],
        variables=tuple(values["variables"]),
    )


def check_same(folder: Path, found: Manifest, wanted: Manifest) -> None:
    """Raise OutputError unless a store is of the same fit; the message names what differs."""
    differing = _difference(_comparable(found.identity), _comparable(wanted.identity), "")
    for name in ("dates", "assets", "factors"):
        mine, other = getattr(found, name), getattr(wanted, name)
        if differing is None and not (len(mine) == len(other) and mine.equals(other)):
            differing = f"other {name} ({_shown_labels(mine)}, not {_shown_labels(other)})"
    for name in ("block_assets", "chunk_assets", "variables"):
        mine, other = getattr(found, name), getattr(wanted, name)
        if differing is None and mine != other:
            differing = f"another {name} ({mine}, not {other})"
    if differing is not None:
        raise OutputError(
            f"store must be a new one or one of the same fit, got {folder} with {differing}. Choose another path, or "
            "remove that store."
        )


def check_unit(dates: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return dates whose unit a store can keep."""
    return dates if dates.unit in UNITS else dates.as_unit("ns")


def _comparable(identity: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in identity.items() if key not in _NOT_COMPARED}


def _difference(found: Any, wanted: Any, name: str) -> str | None:
    """Return in words the first thing that differs, or None."""
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        for key in [*wanted, *(key for key in found if key not in wanted)]:
            said = _difference(found.get(key), wanted.get(key), str(key))
            if said is not None:
                return said
        return None
    if encode(found) == encode(wanted):
        return None
    return f"{'other' if name in ('data', 'options') else 'another'} {name} ({shown(found)}, not {shown(wanted)})"


def _shown_labels(labels: pd.Index) -> str:
    return span(labels) if isinstance(labels, pd.DatetimeIndex) else f"{len(labels):,} from {shown(labels[0])}"


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
