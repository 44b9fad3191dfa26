"""The folder of a challenge: which file lies where.

challenge.toml        the organiser's rules
public/               what everyone may have; `open` makes it
hidden/               data, salt, per-date results, logs of the scorers; for the owner alone
challenge.db          SQLite, unless [server] names another database
backups/
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from statefolio.challenge.rules.settings import FILE, Rules, read_rules


@dataclass(frozen=True)
class ChallengeFolder:
    """A challenge's folder.

    Examples
    --------
    >>> ChallengeFolder(Path("round")).public
    PosixPath('round/public')
    """

    path: Path

    @property
    def rules_file(self) -> Path:
        """The organiser's rules."""
        return self.path / FILE

    @property
    def public(self) -> Path:
        """What everyone may have."""
        return self.path / "public"

    @property
    def hidden(self) -> Path:
        """What the scorers and the organiser alone may read."""
        return self.path / "hidden"

    @property
    def data_file(self) -> Path:
        """The round's data with its hidden dates."""
        return self.hidden / "data.npz"

    @property
    def salt_file(self) -> Path:
        """The secret of the commitment, as JSON."""
        return self.hidden / "commitment.json"

    @property
    def series(self) -> Path:
        """The per-date results."""
        return self.hidden / "series"

    @property
    def backups(self) -> Path:
        """Where backups go."""
        return self.path / "backups"

    @property
    def database_file(self) -> Path:
        """The file of SQLite, where the rules name no other database."""
        return self.path / "challenge.db"

    @cached_property
    def rules(self) -> Rules:
        """The rules, read and checked."""
        return read_rules(self.rules_file)

    @property
    def database(self) -> str:
        """The URL of the database."""
        return self.rules.server.database or f"sqlite:///{self.database_file.absolute()}"
