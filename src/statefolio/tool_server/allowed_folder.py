"""Resolves the paths that a client names, and refuses those outside the allowed folder."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from statefolio.exceptions import InputError

LARGEST_FILE = 200_000_000
"""Largest file that is read, in bytes."""


@dataclass(frozen=True)
class AllowedFolder:
    """A folder whose files may be read, and in which new files may be written if that is allowed.

    Attributes
    ----------
    root : Path
        The folder, resolved.
    write : bool
        Whether new files may be written inside it.
    """

    root: Path
    write: bool = False

    @classmethod
    def of(cls, folder: Path, write: bool = False) -> "AllowedFolder":
        """Return an allowed folder.

        Raises
        ------
        InputError
            If it is not a folder.
        """
        if not folder.is_dir():
            raise InputError(f"--folder must be an existing folder, got {folder}. Name the folder with your data.")
        return cls(folder.resolve(strict=True), write)

    def to_read(self, name: str) -> Path:
        """Return the resolved path of a file inside the folder.

        Raises
        ------
        InputError
            If the path is absolute, leads out of the folder, is not a plain file, or is too large.
        """
        path = self._inside(name)
        if not path.is_file():
            raise InputError(f"path must be a file of the allowed folder, got {name!r}. Call list_files for its files.")
        if path.stat().st_size > LARGEST_FILE:
            raise InputError(
                f"path must be a file of at most {LARGEST_FILE:,} bytes, got {name!r}. Make a smaller file."
            )
        return path

    def to_write(self, name: str) -> Path:
        """Return the resolved path of a new file or folder.

        Raises
        ------
        InputError
            If writing is not allowed, the path leads out, or something is there already.
        """
        if not self.write:
            raise InputError(f"path must be left out, got {name!r}: this server is read-only. Start it with --write.")
        path = self._inside(name)
        if path.exists() or path.is_symlink():
            raise InputError(f"path must be new, got {name!r}, which exists. Choose another name.")
        if not path.parent.is_dir():
            raise InputError(f"path must be in an existing folder, got {name!r}. Choose another folder.")
        return path

    def contains(self, path: Path) -> bool:
        """Return whether a path, with its symlinks followed, lies inside the folder."""
        return path.resolve().is_relative_to(self.root)

    def files(self, most: int) -> list[tuple[str, int]]:
        """Return the names and sizes of the files, without those that lead out of the folder."""
        found = []
        for path in sorted(self.root.rglob("*")):
            if path.is_file() and self.contains(path) and not any(part.startswith(".") for part in _parts(self, path)):
                found.append((path.relative_to(self.root).as_posix(), path.stat().st_size))
            if len(found) == most:
                break
        return found

    def _inside(self, name: str) -> Path:
        windows, posix = PureWindowsPath(name), PurePosixPath(name)
        absolute = posix.is_absolute() or windows.is_absolute() or windows.drive or windows.root or name.startswith("~")
        if not name or "\0" in name or absolute or ".." in (*posix.parts, *windows.parts):
            raise InputError(
                f"path must be relative to the allowed folder and without '..', got {name[:200]!r}. Call list_files."
            )
        path = (self.root / name).resolve()
        if not path.is_relative_to(self.root) or path == self.root:
            raise InputError(f"path must be inside the allowed folder, got {name[:200]!r}, which leads out of it.")
        return path


def _parts(folder: AllowedFolder, path: Path) -> tuple[str, ...]:
    return path.relative_to(folder.root).parts
