"""Deletes compiled code on disk that was made from other sources.

Numba notices a change in the file of a function, but not a change in another file from which the function was compiled.
Compiled code of an older release may not load at all. Sources are compared by content: their times of change differ
between machines that share a folder.
"""

import hashlib
from functools import lru_cache
from pathlib import Path

_STAMP = "statefolio-sources.txt"


def forget_stale_code(folder: Path, *others: Path) -> None:
    """Delete the compiled code in a folder unless it was made from the present sources.

    The sources are the files of this folder, and all files below the other folders.
    """
    now = "\n".join(_hashes(Path(__file__).parent, *others))
    stamp = folder / _STAMP
    try:
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == now:
            return
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.nb[ic]"):
            old.unlink(missing_ok=True)
        stamp.write_text(now, encoding="utf-8")
    except OSError:  # a folder that cannot be written has the code that its owner compiled
        return


@lru_cache
def _hashes(here: Path, *others: Path) -> tuple[str, ...]:
    paths = {*here.glob("*.py"), *(path for other in others for path in other.rglob("*.py"))}
    return tuple(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in sorted(paths))
