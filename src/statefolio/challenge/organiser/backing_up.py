"""Backs a challenge up: the database first, then the files it refers to; verified, whole or not at all."""

import hashlib
import json
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from statefolio._writing import write_whole
from statefolio.challenge.folder import ChallengeFolder
from statefolio.challenge.organiser.database import opened
from statefolio.challenge.store import clock
from statefolio.challenge.store.backup import Copied, copy_database, load_copy, verify_copy
from statefolio.challenge.store.errors import BackupError
from statefolio.challenge.store.store import Store

DATABASE, MANIFEST = "database.db", "manifest.json"
_FOLDERS = ("hidden", "public")


@dataclass(frozen=True)
class Backup:
    """A verified backup."""

    folder: Path
    submissions: int
    files: int
    head: str


def back_up(folder: ChallengeFolder, out: Path | None = None) -> Backup:
    """Back up the database, the hidden and the public files and the rules; service and scorers may run.

    Everything acknowledged before the call is in it.

    Parameters
    ----------
    folder
        The challenge.
    out
        A new folder; by default one named by the time, in `backups/`.

    Raises
    ------
    BackupError
        If it exists, cannot be written, or does not verify.

    Examples
    --------
    >>> import tempfile
    >>> from statefolio.challenge.organiser.opening import open_challenge
    >>> from statefolio.challenge.organiser.preparing import init_folder
    >>> with tempfile.TemporaryDirectory() as place:
    ...     folder = ChallengeFolder(Path(place) / "round")
    ...     file, opened_round = init_folder(folder.path, tutorial=True), open_challenge(folder)
    ...     made = back_up(folder)
    ...     found = verify_backup(made.folder)
    >>> found.submissions
    2
    """
    target = out or folder.backups / f"{clock.now():%Y-%m-%dT%H-%M-%SZ}"
    if target.exists():
        raise BackupError(f"backup must be a new folder, got {target}, which exists. Choose another.")
    part = target.absolute().with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        part.mkdir(mode=0o700, parents=True)
        with opened(folder) as store:
            copied = copy_database(store, part / DATABASE)
        shutil.copy2(folder.rules_file, part / folder.rules_file.name)
        for name in _FOLDERS:
            shutil.copytree(folder.path / name, part / name, ignore=shutil.ignore_patterns(".*", "*.log*"))
        manifest = {
            "rows": copied.rows,
            "head": copied.head,
            "files": _hashes(part),
            "made_at": clock.shown(clock.now()),
        }
        write_whole(part / MANIFEST, json.dumps(manifest, indent=1), private=True)
        found = verify_backup(part)
        part.rename(target)
    except OSError as error:
        if isinstance(error, BackupError):
            raise
        raise BackupError(f"{target} cannot be written ({error}). Make space, or choose another folder.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Backup(target, found.submissions, found.files, found.head)


def verify_backup(path: Path) -> Backup:
    """Check a backup: every file's hash, and the database.

    Raises
    ------
    BackupError
        If a file is missing, was changed, or does not belong to it.
    """
    try:
        manifest: dict[str, Any] = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        rows, head, files = manifest["rows"], manifest["head"], manifest["files"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{path} must be a backup, got a folder without its {MANIFEST}. Choose another.") from error
    found = _hashes(path)
    for name in sorted({*files, *found}):
        if files.get(name) != found.get(name):
            fault = "is missing" if name not in found else "was added" if name not in files else "was changed"
            raise BackupError(f"{path} must be as it was made, and {name} {fault}. Choose another backup.")
    verify_copy(path / DATABASE, Copied(rows, head))
    return Backup(path, rows["submissions"], len(files), head)


def restore(backup: Path, folder: ChallengeFolder) -> Backup:
    """Restore a backup into a new folder, and into the database that its rules name; verify it.

    Raises
    ------
    BackupError
        If the backup does not verify, the folder exists with files, or the database is not empty.
    """
    found = verify_backup(backup)
    if folder.path.exists() and any(folder.path.iterdir()):
        raise BackupError(f"restore must go to a new folder, got {folder.path}, which has files. Choose another.")
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        shutil.copy2(backup / folder.rules_file.name, folder.rules_file)
        for name in _FOLDERS:
            shutil.copytree(backup / name, folder.path / name)
        folder.hidden.chmod(0o700)
    except OSError as error:
        raise BackupError(
            f"{folder.path} cannot be written ({error}). Make space, or choose another folder."
        ) from error
    with Store.open(folder.database, pooled=False) as store:
        load_copy(backup / DATABASE, store)
    return found


def _hashes(path: Path) -> dict[str, str]:
    files = [each for each in sorted(path.rglob("*")) if each.is_file() and each.name != MANIFEST]
    return {each.relative_to(path).as_posix(): hashlib.sha256(each.read_bytes()).hexdigest() for each in files}
