"""Downloads the starter: the public data, the rules, three working submissions and a notebook."""

import hashlib
import io
import zipfile
from pathlib import Path, PurePosixPath

from statefolio._writing import write_whole
from statefolio.challenge.client.connection import Connection
from statefolio.exceptions import InputError, OutputError

ARCHIVE = "starter.zip"
MOST_BYTES = 500_000_000
MOST_FILES = 1_000


def download_starter(connection: Connection, folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Download the starter, check its hash, and unpack it.

    Parameters
    ----------
    connection : Connection
        To the challenge.
    folder : Path
        Where to.
    overwrite : bool
        Replace files that are there already.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    OutputError
        If the folder has files already, or cannot be written.
    InputError
        If the archive is not the one that the service lists.
    """
    if folder.exists() and any(folder.iterdir()) and not overwrite:
        raise OutputError(f"{folder} must be new or empty, got a folder with files. Pass --overwrite or another --out.")
    listed = {each["name"]: each["sha256"] for each in connection.get("/v1/public")["items"]}
    if ARCHIVE not in listed:
        raise InputError(f"the challenge must have {ARCHIVE}, and has not: the round is not open yet. Try again then.")
    content = connection.download(f"/v1/public/{ARCHIVE}", MOST_BYTES)
    if hashlib.sha256(content).hexdigest() != listed[ARCHIVE]:
        raise InputError(f"{ARCHIVE} must have the hash that the service lists, got another. Download it again.")
    return unpack(content, folder)


def unpack(content: bytes, folder: Path) -> list[Path]:
    """Unpack an archive into a folder; files that would leave it are refused.

    Raises
    ------
    InputError
        If it is no archive, too large, or has a path that leaves the folder.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        members = [each for each in archive.infolist() if not each.is_dir()]
    except zipfile.BadZipFile:
        raise InputError(f"{ARCHIVE} must be a ZIP archive, got another file. Download it again.") from None
    if len(members) > MOST_FILES or sum(each.file_size for each in members) > MOST_BYTES:
        raise InputError(
            f"{ARCHIVE} must have at most {MOST_FILES:,} files and {MOST_BYTES:,} bytes. Tell the organiser."
        )
    written = []
    for member in members:
        path = PurePosixPath(member.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in member.filename or ":" in member.filename:
            raise InputError(
                f"{ARCHIVE} must have files of its own folder, got {member.filename!r}. Tell the organiser."
            )
        target = folder.joinpath(*path.parts)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{target.parent} must be a folder that can be made ({error.strerror}).") from None
        write_whole(target, archive.read(member))
        written.append(target)
    return written
