"""The board."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection

from statefolio.challenge.service.api.access import OptionalToken
from statefolio.challenge.service.api.documentation import errors
from statefolio.challenge.service.api.models import NUMBER, BoardPage, BoardRow, Track
from statefolio.challenge.service.identity import team_of_token
from statefolio.challenge.service.state import shared
from statefolio.challenge.store import clock

router = APIRouter(prefix="/v1", tags=["board"])


@router.get(
    "/leaderboard",
    response_model=BoardPage,
    responses=errors(401, 422),
    openapi_extra={"security": [{}]},  # or without a token
)
async def get_board(
    request: Request,
    token: OptionalToken,
    track: Track = "forecast",
    after: Annotated[str | None, Query(pattern=NUMBER, description="Cursor: `next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> BoardPage:
    """Return the board of a track, best first; with a token, the own team is marked."""
    now = clock.now()

    def work(connection: Connection) -> BoardPage:
        own = team_of_token(connection, token, now).name if token else None
        rows = shared(request).boards.rows(connection, track, int(after or 0), limit + 1)
        items = [
            BoardRow(
                rank=each.rank,
                team=each.team,
                benchmark=each.benchmark,
                value=each.value,
                standard_error=each.standard_error,
                details=dict(each.details),
                tries=each.tries,
                updated_at=each.updated_at,
                own=each.team == own,
            )
            for each in rows[:limit]
        ]
        following = str(rows[limit - 1].place) if len(rows) > limit else None
        return BoardPage(track=track, items=items, next=following, server_time=now)

    return await shared(request).database.read(work)
