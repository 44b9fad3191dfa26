"""The participant's own files: the address and the token of the joined challenge, and keys of unanswered requests."""

import hashlib
import json
import os
import secrets
import tomllib
import warnings
from dataclasses import dataclass
from pathlib import Path

from statefolio._writing import write_whole
from statefolio.exceptions import FileFormatError, OutputError, StatefolioWarning

FILE = "challenge.toml"
PENDING = "challenge-pending.json"
_MOST_PENDING = 50


@dataclass(frozen=True)
class Membership:
    """A joined challenge.

    Attributes
    ----------
    url : str
        The address of the service.
    team : str
        The team's name.
    token : str
        The team's secret.
    """

    url: str
    team: str
    token: str


def config_folder() -> Path:
    """Return the folder of the participant's files: STATEFOLIO_CONFIG_DIR, or else ~/.config/statefolio."""
    given = os.environ.get("STATEFOLIO_CONFIG_DIR")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "statefolio"


def _made(folder: Path) -> Path:
    """Make a folder, for its owner alone, and return it."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise OutputError(
            f"{folder} must be a folder that can be made ({error.strerror}). Set STATEFOLIO_CONFIG_DIR to another one."
        ) from None
    return folder


def write_membership(membership: Membership) -> Path:
    """Write the membership to a file that its owner alone may read, and return its path.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    file = _made(config_folder()) / FILE
    values = {"url": membership.url, "team": membership.team, "token": membership.token}
    lines = [f"{name} = {json.dumps(value, ensure_ascii=True)}" for name, value in values.items()]
    write_whole(file, "\n".join(["# The token is a secret.", *lines, ""]), private=True)
    return file


def read_membership() -> Membership:
    """Read the membership.

    Raises
    ------
    FileFormatError
        If no challenge was joined, or the file is not valid.
    """
    file = config_folder() / FILE
    try:
        if os.name == "posix" and file.stat().st_mode & 0o077:
            warnings.warn(
                f"{file} must be readable by its owner alone, because it has a secret. Its permissions were corrected.",
                StatefolioWarning,
                stacklevel=2,
            )
            file.chmod(0o600)
        given = tomllib.loads(file.read_text(encoding="utf-8"))
        return Membership(*(str(given[name]) for name in ("url", "team", "token")))
    except FileNotFoundError:
        raise FileFormatError(
            f"{file} must exist, and no challenge is joined yet. Run `statefolio challenge join URL CODE` first."
        ) from None
    except (OSError, ValueError, KeyError) as error:
        raise FileFormatError(
            f"{file} must be the file that `join` writes, got {type(error).__name__}. Delete it and join again."
        ) from None


class PendingKeys:
    """Idempotency keys of submissions without an answer.

    A submission whose answer was lost is repeated with its first key, also by a later command.
    """

    def __init__(self, url: str) -> None:
        self.file = config_folder() / PENDING
        self.url = url

    def key(self, body: bytes) -> str:
        """Return the key of a body: that of an unanswered request, or a new one, which is kept."""
        known = self._read()
        name = self._name(body)
        if name not in known:
            known[name] = secrets.token_hex(16)
            self._write(dict(list(known.items())[-_MOST_PENDING:]))
        return known[name]

    def answered(self, body: bytes) -> None:
        """Forget the key of a body: the request was answered."""
        known = self._read()
        if known.pop(self._name(body), None) is not None:
            self._write(known)

    def _name(self, body: bytes) -> str:
        return hashlib.sha256(self.url.encode() + b"\0" + body).hexdigest()

    def _read(self) -> dict[str, str]:
        try:
            found = json.loads(self.file.read_text(encoding="utf-8"))
            return {str(name): str(key) for name, key in found.items()}
        except (OSError, ValueError, AttributeError):
            return {}

    def _write(self, known: dict[str, str]) -> None:
        _made(self.file.parent)
        write_whole(self.file, json.dumps(known), private=True)
