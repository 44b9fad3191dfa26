"""The errors of the store: each says what a person can do."""

from datetime import datetime

from statefolio.challenge.store.clock import shown
from statefolio.exceptions import InputError, OutputError, StatefolioError, UnknownNameError


class DatabaseUnavailable(StatefolioError, ConnectionError):
    """Raised where the database does not answer, is locked for too long, or cannot write; nothing was stored."""


class SchemaError(StatefolioError, RuntimeError):
    """Raised for a database whose tables are not those of this version of statefolio."""


class RoundStateError(StatefolioError, RuntimeError):
    """Raised for a step that the state of the round does not allow, such as closing it twice."""


class RoundNotOpen(RoundStateError):
    """Raised for a submission or a selection before the round opens or from its closing time on."""


class QuotaSpent(StatefolioError, RuntimeError):
    """Raised for a submission beyond a limit of the team.

    Attributes
    ----------
    limit : str
        "day" or "round".
    resets_at : datetime, optional
        When the limit resets; None for that of the round, which does not.
    """

    def __init__(self, limit: str, most: int, resets_at: datetime | None) -> None:
        self.limit, self.resets_at = limit, resets_at
        again = (
            "No further submission is possible in this round; select your finalists."
            if resets_at is None
            else f"Submit again from {shown(resets_at)} on."
        )
        super().__init__(f"submissions must be at most {most} per {limit} and team, and all are used. {again}")


class KeyReused(StatefolioError, ValueError):
    """Raised for an Idempotency-Key that came before with another body."""


class UnknownSubmission(UnknownNameError):
    """Raised for a submission that does not exist, or that another team made: both look the same."""


class NotSelectable(InputError):
    """Raised for a finalist that cannot be chosen."""


class InvalidTeamName(InputError):
    """Raised for the name of a team that is not valid, or looks like another team's."""


class InvalidCredential(StatefolioError, PermissionError):
    """Raised for a code or link that is unknown, expired, used or revoked: all look the same."""


class AuditError(StatefolioError, ValueError):
    """Raised where the audit log was altered; the message has the first entry that does not follow."""


class BackupError(OutputError):
    """Raised for a backup that cannot be made, verified or restored."""
