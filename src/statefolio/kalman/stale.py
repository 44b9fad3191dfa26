"""Compiled code on disk that no longer belongs to the sources.

Numba notices when the file of a function changed, not when a function it was compiled with changed in another file;
and what an older release left behind may not even load.
"""

from pathlib import Path

_STAMP = "statefolio-sources.txt"


def forget_stale_code(folder: Path, *others: Path) -> None:
    """Delete the compiled code in a folder unless it was made from the sources as they are now.

    Those are the ones beside this file, and all below the other folders.
    """
    paths = [path for other in others for path in other.rglob("*.py")]
    sources = [(path.name, path.stat()) for path in sorted([*Path(__file__).parent.glob("*.py"), *paths])]
    now = "\n".join(f"{name} {found.st_mtime_ns} {found.st_size}" for name, found in sources)
    stamp = folder / _STAMP
    try:
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == now:
            return
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.nb[ic]"):
            old.unlink(missing_ok=True)
        stamp.write_text(now, encoding="utf-8")
    except OSError:  # a folder that cannot be written holds what its owner compiled
        return
