"""Submissions: sending, listing, waiting for a result, limits, and the choice of finalists."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request
from sqlalchemy import Connection

from statefolio.challenge.rules.strict_json import BodyTooLarge, InvalidBody
from statefolio.challenge.rules.submission import Submission, read_submission
from statefolio.challenge.service.api.access import Token
from statefolio.challenge.service.api.documentation import errors, json_body
from statefolio.challenge.service.api.models import (
    KEY,
    NUMBER,
    SUBMISSION_ID,
    Limits,
    Receipt,
    Selection,
    SelectionBody,
    SubmissionPage,
    SubmissionView,
)
from statefolio.challenge.service.api.wire import WIRE
from statefolio.challenge.service.edge import too_large
from statefolio.challenge.service.identity import team_of_token
from statefolio.challenge.service.json_body import read_json, require_json
from statefolio.challenge.service.problems import Problem
from statefolio.challenge.service.refusals import refusals
from statefolio.challenge.service.state import Shared, shared
from statefolio.challenge.service.team_view import PAGE, is_shown, submissions_page
from statefolio.challenge.store import clock
from statefolio.challenge.store.finalists import finalists_of, select_finalist, unselect_finalist
from statefolio.challenge.store.listing import Listed, submission_of
from statefolio.challenge.store.rounds import round_of
from statefolio.challenge.store.submissions import limits, submit
from statefolio.challenge.store.teams import Team

router = APIRouter(prefix="/v1", tags=["submissions"])
LONGEST_WAIT = 30
Id = Annotated[str, Path(pattern=SUBMISSION_ID, description="The id from the receipt.")]
Wait = Annotated[int, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for a result.")]
Key = Annotated[
    str,
    Header(
        pattern=KEY,
        description="A new random text for each submission, such as a UUID. A request that is repeated with the same "
        "key and body is stored once.",
    ),
]


@router.post(
    "/submissions",
    response_model=Receipt,
    status_code=202,
    responses=errors(401, 408, 409, 415, 422, 429),
    openapi_extra=json_body(WIRE, "The tables of a study file, with track and name."),
)
async def send_submission(request: Request, token: Token, idempotency_key: Key) -> Receipt:
    """Store a submission and queue it. It is stored when the answer comes."""
    require_json(request)
    raw, here, now = await request.body(), shared(request), clock.now()
    team, entry = await here.database.read(lambda connection: _checked(connection, token, raw, here, now))
    with refusals():
        receipt = await here.database.write(
            lambda connection: submit(connection, team, entry, idempotency_key.strip('"'), now)
        )
    return Receipt(
        id=receipt.id,
        state=receipt.state,
        received_at=now,
        left_today=receipt.limits.left_today,
        left_round=receipt.limits.left_round,
        resets_at=receipt.limits.resets_at,
        warnings=list(entry.warnings),
        replayed=receipt.replayed,
    )


@router.get("/submissions", response_model=SubmissionPage, responses=errors(401, 422))
async def list_submissions(
    request: Request,
    token: Token,
    before: Annotated[str | None, Query(pattern=NUMBER, description="Cursor: `next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = PAGE,
) -> SubmissionPage:
    """List the team's submissions, newest first."""
    now = clock.now()

    def work(connection: Connection) -> SubmissionPage:
        team = team_of_token(connection, token, now)
        page = submissions_page(connection, team, int(before) if before else None, limit)
        return SubmissionPage(items=[view(each, page.selected) for each in page.items], next=page.following)

    return await shared(request).database.read(work)


@router.get("/submissions/{submission}", response_model=SubmissionView, responses=errors(401, 404, 422))
async def get_submission(request: Request, token: Token, submission: Id, wait: Wait = 0) -> SubmissionView:
    """Return one of the team's submissions; with `wait`, as soon as it has a result."""
    here, now = shared(request), clock.now()

    def work(connection: Connection) -> SubmissionView:
        team = team_of_token(connection, token, now)
        chosen = frozenset(each.id for each in finalists_of(connection, team))
        return view(submission_of(connection, team, submission), chosen)

    with refusals():
        found = await here.database.read(work)
        if wait and found.state in ("queued", "running"):
            await here.waiting.until_done(submission, float(wait))
            found = await here.database.read(work)
    return found


@router.get("/limits", response_model=Limits, responses=errors(401))
async def get_limits(request: Request, token: Token) -> Limits:
    """Return what the team may still submit, and when the daily limit resets."""
    now = clock.now()

    def work(connection: Connection) -> Limits:
        left = limits(connection, team_of_token(connection, token, now), now)
        return Limits(
            per_day=left.per_day,
            left_today=left.left_today,
            resets_at=left.resets_at,
            per_round=left.per_round,
            left_round=left.left_round,
            finalists=round_of(connection).finalists,
            server_time=now,
        )

    return await shared(request).database.read(work)


@router.post(
    "/selections",
    response_model=Selection,
    responses=errors(401, 404, 408, 409, 415, 422),
    openapi_extra=json_body(SelectionBody.model_json_schema(), "The finalist."),
)
async def select(request: Request, token: Token) -> Selection:
    """Select a finalist, or take one back with `selected` false."""
    body = await read_json(request, SelectionBody)
    now = clock.now()

    def work(connection: Connection) -> Selection:
        team = team_of_token(connection, token, now)
        if body.selected:
            select_finalist(connection, team, body.submission, now)
        else:
            submission_of(connection, team, body.submission)
            unselect_finalist(connection, team, body.submission, now)
        chosen = [each.id for each in finalists_of(connection, team)]
        return Selection(selected=chosen, finalists=round_of(connection).finalists)

    with refusals():
        return await shared(request).database.write(work)


def view(found: Listed, selected: frozenset[str]) -> SubmissionView:
    """Return a submission as the API shows it to its team."""
    return SubmissionView(
        id=found.id,
        track=found.track,
        name=found.name,
        state=found.state,
        created_at=found.created_at,
        shown=is_shown(found),
        value=found.value,
        standard_error=found.standard_error,
        details=dict(found.details),
        result=found.feedback,
        failed_gates=list(found.failed_gates),
        reasons=list(found.gate_reasons),
        final_value=found.final_value,
        counts=found.counts_quota,
        selected=found.id in selected,
    )


def _checked(connection: Connection, token: str, raw: bytes, here: Shared, now: datetime) -> tuple[Team, Submission]:
    """Return the team and its checked submission; a request without a valid token is not parsed."""
    team = team_of_token(connection, token, now)
    try:
        return team, read_submission(raw, here.public.universe(), repair=here.settings.rules.challenge.tutorial)
    except BodyTooLarge:
        raise too_large(len(raw) - 1) from None
    except InvalidBody as error:
        raise Problem(422, "invalid-submission", "The submission is not valid.", faults=error.faults) from None
