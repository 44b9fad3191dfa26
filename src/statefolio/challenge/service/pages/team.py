"""The page of a team, and signing in and out."""

import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection
from starlette.responses import HTMLResponse, RedirectResponse, Response

from statefolio.challenge.service.api.models import NUMBER
from statefolio.challenge.service.forms import read_form
from statefolio.challenge.service.identity import Visitor, check_form, remember_csrf, visitor_of
from statefolio.challenge.service.pages.public import boards_of
from statefolio.challenge.service.pages.rendering import render
from statefolio.challenge.service.problems import Problem
from statefolio.challenge.service.refusals import refusals
from statefolio.challenge.service.state import Shared, shared
from statefolio.challenge.service.team_view import PAGE, is_shown, standing, submissions_page
from statefolio.challenge.store import clock
from statefolio.challenge.store.credentials import LIFETIMES, end_session, link_is_open, use_link
from statefolio.challenge.store.finalists import select_finalist, unselect_finalist
from statefolio.challenge.store.listing import Listed
from statefolio.challenge.store.rounds import Round, round_of
from statefolio.challenge.store.submissions import limits
from statefolio.challenge.store.teams import Team

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
MESSAGES = {
    "selected": "The finalist is selected.",
    "unselected": "The finalist is taken back.",
    "submitted": "The submission is stored. Load the page again for its result.",
}
_LONGEST_CODE = 128


@router.get("/team")
async def team_page(
    request: Request, done: str = "", before: Annotated[str | None, Query(pattern=NUMBER)] = None
) -> Response:
    """Show a team's submissions, with results and reasons, and what is left."""
    here, now = shared(request), clock.now()

    def work(connection: Connection) -> tuple[Visitor, Round, dict[str, Any]]:
        visitor, round_ = visitor_of(connection, request, here.settings), round_of(connection)
        if visitor.team is None:
            return visitor, round_, {}
        page = submissions_page(connection, visitor.team, int(before) if before else None, PAGE)
        may_choose = round_.takes_submissions(now)
        return (
            visitor,
            round_,
            {
                "limits": limits(connection, visitor.team, now),
                "standing": standing(connection, visitor.team, boards_of(here)),
                "rows": [_row(each, page.selected, may_choose) for each in page.items],
                "may_submit": may_choose,
                "key": secrets.token_hex(16),
                "following": f"/team?before={page.following}" if page.following else None,
            },
        )

    visitor, round_, values = await here.database.read(work)
    message = MESSAGES.get(done)
    page = render(request, "team.html", round_, visitor=visitor, finalists=round_.finalists, message=message, **values)
    remember_csrf(page, visitor, here.settings)
    return page


@router.post("/team/select")
async def choose(request: Request) -> Response:
    """Select a finalist, or take one back."""
    here, form, now = shared(request), await read_form(request), clock.now()
    submission, take = form.get("submission", "")[:64].replace("\0", ""), form.get("back") != "yes"

    def work(connection: Connection) -> None:
        team = team_of_form(connection, request, form, here)
        if take:
            select_finalist(connection, team, submission, now)
        else:
            unselect_finalist(connection, team, submission, now)

    with refusals():
        await here.database.write(work)
    return RedirectResponse(f"/team?done={'selected' if take else 'unselected'}", 303)


@router.get("/login/{code}")
async def login_page(request: Request, code: str) -> Response:
    """Show the button that uses a login link; looking at it does not."""
    here, now = shared(request), clock.now()
    readable = _readable(code)

    def work(connection: Connection) -> tuple[Visitor, Round, bool]:
        visitor = visitor_of(connection, request, here.settings)
        return visitor, round_of(connection), link_is_open(connection, readable, now)

    visitor, round_, usable = await here.database.read(work)
    page = render(request, "login.html", round_, code=readable, csrf=visitor.csrf, usable=usable)
    page.status_code = 200 if usable else 404
    remember_csrf(page, visitor, here.settings)
    return page


@router.post("/login/{code}")
async def sign_in(request: Request, code: str) -> Response:
    """Use a login link: start a session."""
    here, form, now = shared(request), await read_form(request), clock.now()

    def work(connection: Connection) -> str:
        check_form(request, form, visitor_of(connection, request, here.settings).csrf)
        return use_link(connection, _readable(code), now)[0]

    with refusals():
        cookie = await here.database.write(work)
    answer = RedirectResponse("/team", 303)
    answer.set_cookie(
        here.settings.session_cookie,
        cookie,
        max_age=int(LIFETIMES["session"].total_seconds()),
        secure=here.settings.secure,
        httponly=True,
        samesite="lax",
        path="/",
    )
    return answer


@router.post("/logout")
async def sign_out(request: Request) -> Response:
    """End the session."""
    here, form, now = shared(request), await read_form(request), clock.now()

    def work(connection: Connection) -> None:
        visitor = visitor_of(connection, request, here.settings)
        check_form(request, form, visitor.csrf)
        if visitor.session is not None:
            end_session(connection, visitor.session, now)

    await here.database.write(work)
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(here.settings.session_cookie, path="/", secure=here.settings.secure, httponly=True)
    return answer


def team_of_form(connection: Connection, request: Request, form: dict[str, str], here: Shared) -> Team:
    """Return the team that sent a form from its page.

    Raises
    ------
    Problem
        With status 403 if the form is not of this page, with 401 if nobody is signed in.
    """
    visitor = visitor_of(connection, request, here.settings)
    check_form(request, form, visitor.csrf)
    if visitor.team is None:
        raise Problem(401, "signed-out", "You are signed out. Get a new link with `statefolio challenge login`.")
    return visitor.team


def _readable(code: str) -> str:
    """Return a code without characters that no code has, which a database may refuse."""
    return code if code.isascii() and code.isprintable() and len(code) <= _LONGEST_CODE else ""


def _row(found: Listed, selected: frozenset[str], may_choose: bool) -> dict[str, Any]:
    passed = found.state != "failed" and not found.failed_gates
    return {
        "id": found.id,
        "name": found.name,
        "track": found.track,
        "state": found.state,
        "created_at": found.created_at,
        "value": found.value,
        "shown": is_shown(found),
        "result": " ".join((found.feedback, *found.gate_reasons)),
        "free": not found.counts_quota,
        "selected": found.id in selected,
        "selectable": may_choose and passed,
        "open": may_choose,
    }
