"""The checkpoint: the state of a walk on disk, from which an interrupted run resumes.

The state is a pickle, and reading a pickle executes code. The file is therefore signed with a key of the user on this
machine, and a file with another signature is not read.
"""

import hashlib
import hmac
import os
import pickle
import secrets
from contextlib import suppress
from pathlib import Path

from statefolio._temporary import private_folder, temporary_file
from statefolio._writing import write_whole
from statefolio.backtest.walk_state import WalkState
from statefolio.exceptions import FileFormatError, InputError, OutputError

_MAGIC = b"statefolio checkpoint 1\n"
_KEY_BYTES = 32
_SIGNATURE = hashlib.sha256().digest_size


def checkpoint_path(folder: Path) -> Path:
    """Return the path of the checkpoint of a run into a folder: next to the folder."""
    return folder.absolute().with_name(f".{folder.absolute().name}.checkpoint")


def write_checkpoint(path: Path, state: WalkState, run: str) -> None:
    """Write the state of a walk.

    Parameters
    ----------
    path
        The file; it is replaced whole or not at all.
    state
        The state of a walk between two steps.
    run
        The fingerprint of the run: of its study, data and version.
    """
    content = pickle.dumps((run, state), protocol=5)
    write_whole(path, _MAGIC + _signature(content) + content, private=True)


def read_checkpoint(path: Path, run: str) -> WalkState:
    """Read what `write_checkpoint` wrote.

    Raises
    ------
    FileFormatError
        If there is no checkpoint, or another user or machine wrote it.
    InputError
        If it belongs to another run: the study file, the data or the version changed.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(len(_MAGIC))
            raw = magic + (file.read() if magic == _MAGIC else b"")
    except FileNotFoundError as error:
        raise FileFormatError(
            f"--resume needs the checkpoint of an interrupted run; {path} does not exist. Run without --resume."
        ) from error
    except OSError as error:
        raise FileFormatError(f"{path} cannot be read ({error.strerror}). Run without --resume.") from error
    signature, content = raw[len(_MAGIC) :][:_SIGNATURE], raw[len(_MAGIC) + _SIGNATURE :]
    if not raw.startswith(_MAGIC) or not hmac.compare_digest(signature, _signature(content)):
        raise FileFormatError(
            f"{path} is damaged or was written on another machine, and was not opened. Remove it, and run without "
            "--resume."
        )
    try:
        written_for, state = pickle.loads(content)
    except Exception:  # noqa: BLE001 - the user wrote it, with modules of another version: they raise anything
        written_for, state = None, None
    if written_for != run or not isinstance(state, WalkState):
        raise InputError(
            f"{path} belongs to another run: the study file, the data or the version of statefolio has changed since. "
            "Run without --resume."
        )
    return state


def _signature(content: bytes) -> bytes:
    return hmac.digest(_key(), content, "sha256")


def _key() -> bytes:
    """The user's key on this machine, made when it is first needed. If two processes make one, the first is kept."""
    home = _state_folder()
    file = home / "checkpoint.key"
    try:
        if not file.exists():
            home.mkdir(parents=True, exist_ok=True)
            with temporary_file(file, private=True) as (temporary, handle):
                with os.fdopen(handle, "wb", closefd=os.name == "nt") as drawn:
                    drawn.write(secrets.token_bytes(_KEY_BYTES))
                with suppress(FileExistsError):
                    os.link(temporary, file)
        key = file.read_bytes()
    except OSError as error:
        raise OutputError(
            f"{file}, the key that signs checkpoints, cannot be written ({error.strerror}). Set XDG_STATE_HOME to a "
            "folder that you may write to."
        ) from error
    if len(key) < _KEY_BYTES:
        raise OutputError(f"{file}, the key that signs checkpoints, is damaged. Remove it; a new one is made.")
    return key


def _state_folder() -> Path:
    """The user's folder for states; a private temporary folder for a user without a home, as in a container."""
    given = os.environ.get("XDG_STATE_HOME")
    if given:
        return Path(given) / "statefolio"
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home raises where there is none
    if home.is_dir() and home.is_absolute() and (os.access(home, os.W_OK) or (home / ".local" / "state").is_dir()):
        return home / ".local" / "state" / "statefolio"
    return private_folder() / "state"
