"""Fetches factor returns and macro series from their publishers, once, into a folder that later calls read."""

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

import pandas as pd

from statefolio._options import Flag, Kind, check
from statefolio._writing import write_whole
from statefolio.data.french import read_french
from statefolio.data.tables import read_prices
from statefolio.exceptions import FetchError, InputError

FRENCH = "https://mba.tuck.dartmouth.edu/pages/faculty/ken.french/ftp/"
FRENCH_PAGE = "https://mba.tuck.dartmouth.edu/pages/faculty/ken.french/data_library.html"
FRED = "https://fred.stlouisfed.org/graph/"

_SETS = {
    "3": "F-F_Research_Data_Factors",
    "5": "F-F_Research_Data_5_Factors_2x3",
    "momentum": "F-F_Momentum_Factor",
    "short-reversal": "F-F_ST_Reversal_Factor",
    "long-reversal": "F-F_LT_Reversal_Factor",
}
_INDUSTRIES = re.compile(r"(5|10|12|17|30|38|48|49)-industries")
_ENDINGS = {"daily": "_daily", "weekly": "_weekly", "monthly": ""}
_OWN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_SERIES = re.compile(r"[A-Za-z0-9_]+")
_TRIES = 3
_SECONDS = 30
_TEXT = Kind(str, "a name", "'5-daily+momentum'")


def fetch_french(
    name: str, *, excess: bool = False, offline: bool = False, refresh: bool = False, base_url: str = FRENCH
) -> pd.DataFrame:
    """Fetch factor or portfolio returns of Kenneth R. French's data library.

    Parameters
    ----------
    name : str
        A set and its frequency ("daily", "weekly", "monthly"), or several joined with "+": "3-daily", "5-monthly",
        "5-daily+momentum" (the frequency of the first holds for all), "49-industries-daily"; or a file's own name, such
        as "F-F_Research_Data_Factors_weekly".
    excess : bool
        Subtract the risk-free rate from portfolios, once. Factors are excess returns or differences already; their
        column RF, the rate, is left out then.
    offline : bool
        Read what was fetched before, and nothing else.
    refresh : bool
        Fetch again. Otherwise a file is fetched once.
    base_url : str
        The folder of the files, for a mirror.

    Returns
    -------
    DataFrame
        One row per date that all parts have, one column per factor or portfolio, in decimals; months end on their last
        day, codes for a missing value are NaN. `attrs["sources"]` has the address and the SHA-256 of each file.

    Raises
    ------
    FetchError
        If the publisher does not answer or refuses, or, offline, nothing was fetched before.
    InputError
        If the name is unknown, or two parts have a column of the same name and different values.

    Notes
    -----
    Files lie in `STATEFOLIO_CACHE_DIR`, or the user's folder for caches. A file that changed there is refused.

    Examples
    --------
    >>> from statefolio.data import fetch_french
    >>> factors = fetch_french("5-daily+momentum")  # doctest: +SKIP
    >>> list(factors)  # doctest: +SKIP
    ['Mkt-RF', 'SMB', 'HML', 'RMW', 'CMA', 'RF', 'Mom']
    """
    check("name", name, _TEXT)
    for option, given in (("excess", excess), ("offline", offline), ("refresh", refresh)):
        check(option, given, Flag())
    files = _files_of(name)
    parts, sources = [], {}
    for file in files:
        path, digest = _fetched(f"{base_url}{file}_CSV.zip", f"{file}_CSV.zip", offline=offline, refresh=refresh)
        parts.append(read_french(path))
        sources[f"{base_url}{file}_CSV.zip"] = digest
    table = _joined(parts, files)
    if excess:
        table = _without_rate(table, files[0], base_url, offline=offline, refresh=refresh)
    table.attrs = {"sources": sources}
    return table


def fetch_fred(
    series: str | list[str], *, offline: bool = False, refresh: bool = False, base_url: str = FRED
) -> pd.DataFrame:
    """Fetch series of the Federal Reserve Bank of St. Louis (FRED), in the units of the publisher.

    Parameters
    ----------
    series : str or list of str
        Identifiers, such as "DGS10".
    offline, refresh, base_url
        As in `fetch_french`.

    Returns
    -------
    DataFrame
        One row per date that any of the series has, one column per series; NaN where it has no value. Rates are percent
        per year, as published.

    Raises
    ------
    FetchError
        As in `fetch_french`.

    Examples
    --------
    >>> from statefolio.data import fetch_fred
    >>> rates = fetch_fred(["DGS10", "DGS2"])  # doctest: +SKIP
    """
    names = [str(each) for each in series] if isinstance(series, list | tuple) else [str(series)]
    if not names or not all(map(_SERIES.fullmatch, names)):
        raise InputError(f"series must be identifiers of letters, digits and _, got {series!r}. Pass e.g. 'DGS10'.")
    parts, sources = [], {}
    for each in names:
        address = f"{base_url}fredgraph.csv?id={each}"
        path, digest = _fetched(address, f"fred-{each}.csv", offline=offline, refresh=refresh)
        parts.append(read_prices(path, layout="wide").iloc[:, :1].set_axis([each], axis=1))
        sources[address] = digest
    table = pd.concat(parts, axis=1).sort_index()
    table.attrs = {"sources": sources}
    return table


def cache_folder() -> Path:
    """Return the folder of fetched files: in `STATEFOLIO_CACHE_DIR`, or the user's folder for caches."""
    given = os.environ.get("STATEFOLIO_CACHE_DIR")
    if given:
        return Path(given) / "fetched"
    import pooch

    return Path(pooch.os_cache("statefolio"))


def _files_of(name: str) -> list[str]:
    """Return the publisher's names of the files that a name stands for."""
    files: list[str] = []
    ending = ""
    for k, part in enumerate(name.split("+")):
        base, _, frequency = part.strip().rpartition("-")
        if frequency not in _ENDINGS:
            base, frequency = part.strip(), ""
        if frequency:
            ending = _ENDINGS[frequency]
        found = _SETS.get(base) or (
            f"{base.split('-')[0]}_Industry_Portfolios" if _INDUSTRIES.fullmatch(base) else None
        )
        if found is None and _OWN_NAME.fullmatch(part.strip()) and "_" in part:
            files.append(part.strip())
            continue
        if found is None or (k == 0 and not frequency):
            sets = ", ".join([*_SETS, "49-industries"])
            raise InputError(
                f"name must be a set ({sets}) with a frequency ({', '.join(_ENDINGS)}), or the name of a file, got "
                f"{name!r}. Pass e.g. '5-daily+momentum'."
            )
        files.append(found + ending)
    return files


def _joined(parts: list[pd.DataFrame], files: list[str]) -> pd.DataFrame:
    table = parts[0]
    for part, file in zip(parts[1:], files[1:], strict=True):
        both = [column for column in part if column in table]
        if both:
            raise InputError(f"name must join files with different columns, got {both[0]!r} twice, also in {file}.")
        table = table.join(part, how="inner")
    return table


def _without_rate(table: pd.DataFrame, file: str, base_url: str, *, offline: bool, refresh: bool) -> pd.DataFrame:
    """Subtract the risk-free rate from portfolios; take it out of factors, which are excess returns already."""
    if "RF" in table:
        return table.drop(columns="RF")
    ending = next((each for each in ("_daily", "_weekly") if file.lower().endswith(each)), "")
    name = f"{_SETS['3']}{ending}"
    path, _ = _fetched(f"{base_url}{name}_CSV.zip", f"{name}_CSV.zip", offline=offline, refresh=refresh)
    rate = read_french(path)["RF"].reindex(table.index)
    return table.sub(rate, axis=0).dropna(how="all")


def _fetched(address: str, name: str, *, offline: bool, refresh: bool) -> tuple[Path, str]:
    """Return a file of the cache, fetched if it is not there, and its SHA-256."""
    folder = cache_folder()
    path, note = folder / name, folder / f"{name}.json"
    if path.exists() and note.exists() and not refresh:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest != _noted(note):
            raise FetchError(f"{path} changed since it was fetched. Delete it, or pass refresh=True to fetch it again.")
        return path, digest
    if offline:
        raise FetchError(f"{name} was not fetched before, and offline=True. Leave out offline once, with a connection.")
    content = _download(address)
    digest = hashlib.sha256(content).hexdigest()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FetchError(
            f"{folder} cannot be made ({error.strerror}). Set STATEFOLIO_CACHE_DIR to a folder that you may write to."
        ) from error
    write_whole(path, content)
    write_whole(note, json.dumps({"address": address, "sha256": digest}).encode())
    return path, digest


def _noted(note: Path) -> object:
    """Return the SHA-256 that was noted when a file was fetched; None where the note is damaged."""
    try:
        noted = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return noted.get("sha256") if isinstance(noted, dict) else None


def _download(address: str) -> bytes:
    """Fetch the content of an address, with a few tries; refusals are not tried again."""
    import tempfile

    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    downloader: Any = pooch.HTTPDownloader(headers={"User-Agent": _agent()}, timeout=_SECONDS)
    with tempfile.TemporaryDirectory() as folder:
        for left in reversed(range(_TRIES)):
            try:
                path = pooch.retrieve(address, known_hash=None, fname="file", path=folder, downloader=downloader)
                return Path(path).read_bytes()
            except requests.HTTPError as error:
                status = error.response.status_code if error.response is not None else 0
                if status < 500 or not left:
                    raise FetchError(_refused(address, status)) from error
            except (requests.RequestException, OSError) as error:
                if not left:
                    raise FetchError(
                        f"{address} does not answer ({type(error).__name__}). Check the connection, or get the file in "
                        "a browser and read it from there."
                    ) from error
    raise FetchError(f"{address} could not be fetched.")


def _refused(address: str, status: int) -> str:
    page = f" from {FRENCH_PAGE}" if address.startswith(FRENCH) else ""
    reader = "read_french" if address.endswith(".zip") else "read_prices"
    return (
        f"The publisher refused {address} (HTTP status {status}). Get the file in a browser{page}, and read it with "
        f"{reader}."
    )


def _agent() -> str:
    from statefolio import __version__

    return f"statefolio/{__version__} (Python library; one request per file, cached)"
