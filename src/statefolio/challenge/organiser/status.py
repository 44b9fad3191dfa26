"""The round at a glance: its state, its queue, its scorers, and their last error."""

from dataclasses import dataclass
from datetime import datetime

from statefolio.challenge.folder import ChallengeFolder
from statefolio.challenge.organiser.database import opened
from statefolio.challenge.store import audit, clock
from statefolio.challenge.store.figures import Figures, figures
from statefolio.challenge.store.heartbeats import Heartbeat
from statefolio.challenge.store.rounds import Round, round_of


@dataclass(frozen=True)
class Status:
    """The round at a moment."""

    round: Round
    figures: Figures
    now: datetime
    audit_entries: int

    @property
    def alive(self) -> list[Heartbeat]:
        """Scorers that were heard from lately."""
        return [each for each in self.figures.scorers if each.alive(self.now)]

    @property
    def last_error(self) -> Heartbeat | None:
        """The scorer with the last error."""
        failed = [each for each in self.figures.scorers if each.last_error_at is not None]
        return max(failed, key=lambda each: each.last_error_at or self.now, default=None)


def status_of(folder: ChallengeFolder) -> Status:
    """Read the status; checks the chain of the audit log too.

    Raises
    ------
    AuditError
        If the audit log was altered.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from statefolio.challenge.organiser.opening import open_challenge
    >>> from statefolio.challenge.organiser.preparing import init_folder
    >>> with tempfile.TemporaryDirectory() as place:
    ...     folder = ChallengeFolder(Path(place) / "round")
    ...     file, opened_round = init_folder(folder.path, tutorial=True), open_challenge(folder)
    ...     status = status_of(folder)
    >>> status.round.state, status.figures.queued, status.alive
    ('open', 2, [])
    """
    with opened(folder) as store, store.reading() as conn:
        return Status(round_of(conn), figures(conn), clock.now(), audit.verify(conn))
