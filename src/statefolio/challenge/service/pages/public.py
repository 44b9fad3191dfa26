"""The pages that everyone may read: overview, rules, data, board and results."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection
from starlette.responses import HTMLResponse, Response

from statefolio.challenge.rules.strict_json import MAX_BYTES, MAX_DEPTH, MAX_NODES
from statefolio.challenge.service.api.models import NUMBER
from statefolio.challenge.service.identity import visitor_of
from statefolio.challenge.service.pages.factor_drawings import factor_drawings
from statefolio.challenge.service.pages.rendering import render
from statefolio.challenge.service.pages.results_view import results_view
from statefolio.challenge.service.pages.rules_view import rules_view
from statefolio.challenge.service.pages.truth_view import TRUTH_FILE, truth_view
from statefolio.challenge.service.public_files import FACTOR_PAGE
from statefolio.challenge.service.state import Shared, shared
from statefolio.challenge.store.board import BoardRow
from statefolio.challenge.store.figures import figures
from statefolio.challenge.store.rounds import Round, round_of
from statefolio.challenge.store.teams import Team

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
BOARDS = ("forecast", "portfolio")
ROWS = 100
LEADERS = 5


@dataclass(frozen=True)
class Line:
    """A row of the board, with whose it is."""

    row: BoardRow
    own: bool

    def __getattr__(self, name: str) -> Any:
        """Return a member of the row."""
        return getattr(self.row, name)


@router.get("/")
async def overview(request: Request) -> Response:
    """Show what the challenge is, its state, and how to enter."""
    here = shared(request)
    tracks = boards_of(here)

    def work(connection: Connection) -> dict[str, Any]:
        own = _own(connection, request, here)
        counted = figures(connection)
        return {
            "round_": round_of(connection),
            "boards": [(track, _lines(connection, here, track, own, LEADERS)) for track in tracks],
            "teams": f"{counted.teams:,}",
            "submissions": f"{counted.submissions:,}",
            "waiting": f"{counted.queued:,}",
        }

    found = await here.database.read(work)
    rules, round_ = here.settings.rules, found["round_"]
    return render(
        request,
        "overview.html",
        **found,
        closes=round_.closes_at,
        per_day=round_.per_day,
        embargo=rules.windows.embargo,
        address=here.settings.public_url or str(request.base_url).rstrip("/"),
        example=tracks[0] if tracks else "forward",
    )


@router.get("/rules")
async def rules_page(request: Request) -> Response:
    """Show the rules."""
    here = shared(request)
    round_ = await here.database.read(round_of)
    return render(
        request,
        "rules.html",
        round_,
        rules=rules_view(here.settings.rules, round_),
        commitment=round_.commitment,
        engine=round_.engine_version,
        salt=round_.salt,
        max_bytes=MAX_BYTES,
        max_depth=MAX_DEPTH,
        max_nodes=MAX_NODES,
    )


@router.get("/data")
async def data_page(request: Request) -> Response:
    """Show what each factor earned on the public data, and the files."""
    here = shared(request)
    round_ = await here.database.read(round_of)
    files = await asyncio.to_thread(here.public.files)
    page = await asyncio.to_thread(here.public.json, FACTOR_PAGE)
    as_of, drawings = factor_drawings(page)
    return render(request, "data.html", round_, files=files, factors=drawings, as_of=as_of)


@router.get("/board")
async def board_page(
    request: Request,
    track: str | None = None,
    after: Annotated[str | None, Query(pattern=NUMBER)] = None,
) -> Response:
    """Show the board of a track."""
    here = shared(request)
    tracks = boards_of(here) or BOARDS
    chosen = track if track in tracks else tracks[0]

    def work(connection: Connection) -> tuple[Round, list[Line]]:
        own = _own(connection, request, here)
        return round_of(connection), _lines(connection, here, chosen, own, ROWS + 1, int(after or 0))

    round_, rows = await here.database.read(work)
    following = f"/board?track={chosen}&after={rows[ROWS - 1].place}" if len(rows) > ROWS else None
    errors = here.settings.rules.feedback.standard_errors
    return render(
        request,
        "board.html",
        round_,
        tracks=tracks,
        track=chosen,
        rows=rows[:ROWS],
        following=following,
        standard_errors=f"{errors:g}" if errors else None,
    )


@router.get("/results")
async def results_page(request: Request) -> Response:
    """Show the final results, once the round is closed."""
    here = shared(request)

    def work(connection: Connection) -> tuple[Round, Team | None]:
        return round_of(connection), visitor_of(connection, request, here.settings).team

    round_, team = await here.database.read(work)
    tracks = results_view(round_.results) if round_.state in ("closed", "revealed") else []
    truth = await asyncio.to_thread(here.public.json, TRUTH_FILE) if round_.state == "revealed" else None
    shown: dict[str, Any] = {"tracks": tracks, "closes": round_.closes_at, "salt": round_.salt}
    return render(request, "results.html", round_, truth=truth_view(truth, team), **shown)


def boards_of(here: Shared) -> tuple[str, ...]:
    """Return the tracks that have a board."""
    return tuple(each for each in BOARDS if each in here.settings.rules.tracks)


def _own(connection: Connection, request: Request, here: Shared) -> str | None:
    team = visitor_of(connection, request, here.settings).team
    return team.name if team else None


def _lines(connection: Connection, here: Shared, track: str, own: str | None, limit: int, after: int = 0) -> list[Line]:
    return [Line(each, each.team == own) for each in here.boards.rows(connection, track, after, limit)]
