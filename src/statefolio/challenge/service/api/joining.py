"""Joining, and signing a browser in."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from statefolio.challenge.service.api.access import Token
from statefolio.challenge.service.api.documentation import errors, json_body
from statefolio.challenge.service.api.models import JoinBody, Joined, LoginLink
from statefolio.challenge.service.identity import team_of_token
from statefolio.challenge.service.json_body import read_json
from statefolio.challenge.service.refusals import refusals
from statefolio.challenge.service.state import shared
from statefolio.challenge.store import clock
from statefolio.challenge.store.credentials import LIFETIMES, login_link, redeem

router = APIRouter(prefix="/v1", tags=["teams"])


@router.post(
    "/join",
    response_model=Joined,
    status_code=201,
    responses=errors(404, 408, 409, 415, 422),
    openapi_extra=json_body(JoinBody.model_json_schema(), "The code of an invitation. It works once."),
)
async def join(request: Request, response: Response) -> Joined:
    """Exchange an invitation for a token, which is shown once."""
    body = await read_json(request, JoinBody)
    now = clock.now()
    with refusals():
        team, token = await shared(request).database.write(lambda connection: redeem(connection, body.code, now))
    response.headers["Cache-Control"] = "no-store"
    return Joined(team=team.name, token=token, challenge=shared(request).settings.rules.challenge.name)


@router.post("/login-links", response_model=LoginLink, status_code=201, responses=errors(401, 408))
async def make_login_link(request: Request, token: Token) -> LoginLink:
    """Make a link that signs a browser in, once."""
    now = clock.now()
    code = await shared(request).database.write(
        lambda connection: login_link(connection, team_of_token(connection, token, now), now)
    )
    return LoginLink(path=f"/login/{code}", expires_at=now + LIFETIMES["login"])
