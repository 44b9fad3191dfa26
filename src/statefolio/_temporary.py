"""Temporary files and folders: each is locked by the process that writes it, and removed once no process does.

A process that is killed leaves its temporary files behind, and the system releases its locks. The next process that
writes to the same place removes what is unlocked. Where the system has no locks, files older than two days are removed.
"""

import os
import re
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_locks: Any = None
with suppress(ImportError):  # Windows has none
    import fcntl as _locks

PART, OLD = "part", "old"
_ABANDONED = 2 * 24 * 3600.0
"""Seconds after which a temporary file is removed where locks are not known."""


@contextmanager
def temporary_folder(target: Path) -> Iterator[Path]:
    """Make a folder next to `target`, locked by this process; remove what is at its place after the block."""
    folder, handle = _name(target, PART), None
    try:  # an interrupt may come as soon as the folder exists
        folder.mkdir()
        handle = _lock(folder)
        while not folder.exists():  # another process swept it before it was locked
            _release(handle)
            folder, handle = _name(target, PART), None
            folder.mkdir()
            handle = _lock(folder)
        yield folder
    finally:
        try:
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            _release(handle)


@contextmanager
def temporary_file(target: Path, *, private: bool) -> Iterator[tuple[Path, int]]:
    """Make a file next to `target`, locked by this process, and give its path and handle; remove it after the block."""
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
    mode = 0o600 if private else 0o666
    file, handle = _name(target, PART), None
    try:  # an interrupt may come as soon as the file exists
        handle = os.open(file, flags, mode)
        _try_lock(handle)
        while not file.exists():  # another process swept it before it was locked
            os.close(handle)
            file, handle = _name(target, PART), None
            handle = os.open(file, flags, mode)
            _try_lock(handle)
        yield file, handle
    finally:
        try:
            if os.name != "nt":  # there the writer closes it: an open file cannot be renamed
                _release(handle)
        finally:
            file.unlink(missing_ok=True)


def sweep(target: Path) -> None:
    """Remove the temporary files and folders of `target` that no living process writes.

    A former folder that was moved away by a process killed before it could put the new one in place is moved back.
    """
    pattern = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{8}}\.({PART}|{OLD})")
    try:
        with os.scandir(target.parent) as entries:
            left = [(Path(entry.path), match[1]) for entry in entries if (match := pattern.fullmatch(entry.name))]
    except OSError:
        return
    for path, kind in left:
        handle = _claim(path)
        if handle is None:
            continue
        with suppress(OSError):
            if kind == OLD and not target.exists():
                path.rename(target)
            elif path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        _release(handle)


@contextmanager
def moved_away(target: Path) -> Iterator[None]:
    """Move a folder to a name next to it; remove it after the block, or move it back if the block fails."""
    former, handle = _name(target, OLD), _lock(target)
    try:
        try:  # an interrupt may come as soon as it has moved
            target.rename(former)
            yield
        except BaseException:
            if former.exists():
                former.rename(target)
            raise
        shutil.rmtree(former)
    finally:
        _release(handle)


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Wait until no other process is in such a block of the same folder, where the system has locks."""
    handle = None
    if _locks is not None:
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            _locks.flock(handle, _locks.LOCK_EX)
    try:
        yield
    finally:
        _release(handle)


def private_folder() -> Path:
    """Return a folder for temporary files of this user that no other user can write.

    It is the same for all processes of the user. Where another user has taken its name, this process gets its own.
    """
    owner = getattr(os, "getuid", lambda: 0)()
    folder = Path(tempfile.gettempdir()) / f"statefolio-{owner}"
    with suppress(OSError):
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = folder.lstat()
        shared = os.name == "posix" and bool(stat.S_IMODE(found.st_mode) & 0o077)
        if stat.S_ISDIR(found.st_mode) and getattr(found, "st_uid", owner) == owner and not shared:
            return folder
    return Path(tempfile.mkdtemp(prefix="statefolio-"))


def _name(target: Path, kind: str) -> Path:
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}.{kind}")


def _lock(path: Path) -> int | None:
    """Lock a folder and return the handle; None where the system cannot."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    _try_lock(handle)
    return handle


def _try_lock(handle: int) -> bool | None:
    """Lock an open file: True if this process has it now, False if another one has, None where there are no locks."""
    if _locks is None:
        return None
    try:
        _locks.flock(handle, _locks.LOCK_EX | _locks.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _claim(path: Path) -> int | None:
    """Return a handle of a file or folder that no living process writes; None where one does, or may."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    locked = _try_lock(handle)
    if locked or (locked is None and time.time() - os.fstat(handle).st_mtime > _ABANDONED):
        return handle
    os.close(handle)
    return None


def _release(handle: int | None) -> None:
    if handle is not None:
        os.close(handle)
