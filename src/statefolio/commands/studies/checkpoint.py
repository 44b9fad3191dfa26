"""A walk that was interrupted, on disk: written whole or not at all, read back only by whom it was written.

The content is a pickle, and reading a pickle executes what is in it. It is therefore signed with a key that stays with
the user on the machine, and a file with another signature is refused unread.
"""

import hashlib
import hmac
import os
import pickle
import secrets
import tempfile
from pathlib import Path

from statefolio._writing import write_whole
from statefolio.backtest.walk_state import WalkState
from statefolio.exceptions import FileFormatError, InputError, OutputError

_MAGIC = b"statefolio checkpoint 1\n"
_SIGNATURE = hashlib.sha256().digest_size


def checkpoint_path(folder: Path) -> Path:
    """Return where the checkpoint of a run into a folder stands: beside it."""
    return folder.absolute().with_name(f".{folder.absolute().name}.checkpoint")


def write_checkpoint(path: Path, state: WalkState, run: str) -> None:
    """Write where a walk stands.

    Parameters
    ----------
    path
        The file; a former one is replaced only when the new one is whole.
    state
        Of a walk between two steps.
    run
        What the run is of: a fingerprint of study, data and versions.
    """
    content = pickle.dumps((run, state), protocol=5)
    write_whole(path, _MAGIC + _signature(content) + content, private=True)


def read_checkpoint(path: Path, run: str) -> WalkState:
    """Read what `write_checkpoint` wrote.

    Raises
    ------
    FileFormatError
        If there is none, it is no checkpoint, or another user or machine wrote it.
    InputError
        If it is of another run: the study file, the data or the library changed.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise FileFormatError(
            f"{path} is not there; the checkpoint of an interrupted run was expected. Run without --resume."
        ) from error
    except OSError as error:
        raise FileFormatError(f"{path} cannot be read ({error.strerror}). Run without --resume.") from error
    signature, content = raw[len(_MAGIC) :][:_SIGNATURE], raw[len(_MAGIC) + _SIGNATURE :]
    if not raw.startswith(_MAGIC) or not hmac.compare_digest(signature, _signature(content)):
        raise FileFormatError(
            f"{path} is damaged or was written on another machine, and is not opened; a checkpoint of your own was "
            "expected. Remove it, and run without --resume."
        )
    written_for, state = pickle.loads(content)
    if written_for != run or not isinstance(state, WalkState):
        raise InputError(
            f"{path} is of another run: the study file, the data or the version of statefolio has changed since. The "
            "same ones were expected. Run without --resume."
        )
    return state


def _signature(content: bytes) -> bytes:
    return hmac.digest(_key(), content, "sha256")


def _key() -> bytes:
    """The user's key on this machine, drawn when it is first needed; of two that draw at once the first one counts."""
    home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "statefolio"
    file = home / "checkpoint.key"
    try:
        if not file.exists():
            home.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".key.", dir=home)
            with os.fdopen(handle, "wb") as drawn:
                drawn.write(secrets.token_bytes(32))
            try:
                os.link(name, file)
            except FileExistsError:
                pass
            finally:
                Path(name).unlink(missing_ok=True)
        return file.read_bytes()
    except OSError as error:
        raise OutputError(
            f"{file} cannot be written ({error.strerror}); checkpoints are signed with it. Set XDG_STATE_HOME to a "
            "folder that you may write to."
        ) from error
