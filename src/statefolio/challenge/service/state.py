"""What every request of a process shares."""

from dataclasses import dataclass

from starlette.requests import Request

from statefolio.challenge.service.board_pages import BoardPages
from statefolio.challenge.service.database import Database
from statefolio.challenge.service.metrics import Metrics
from statefolio.challenge.service.public_files import PublicFolder
from statefolio.challenge.service.settings import ServiceSettings
from statefolio.challenge.service.waiting import Waiting


@dataclass(frozen=True)
class Shared:
    """The settings, the database, the public files, the long polls, measurements and boards of one process."""

    settings: ServiceSettings
    database: Database
    public: PublicFolder
    waiting: Waiting
    metrics: Metrics
    boards: BoardPages


def shared(request: Request) -> Shared:
    """Return what the process of a request shares."""
    found: Shared = request.app.state.shared
    return found
