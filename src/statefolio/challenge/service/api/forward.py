"""Files of forward rounds: weights or forecasts of dates that have not come."""

import unicodedata
from datetime import datetime
from typing import Annotated

import pandas as pd
from fastapi import APIRouter, Query, Request
from sqlalchemy import Connection

from statefolio.challenge.rules.forward_files import ForwardFile, read_forward
from statefolio.challenge.rules.strict_json import InvalidBody
from statefolio.challenge.rules.universe import RULES_FILE
from statefolio.challenge.service.api.access import Token
from statefolio.challenge.service.api.documentation import errors
from statefolio.challenge.service.api.models import ForwardReceipt
from statefolio.challenge.service.identity import team_of_token
from statefolio.challenge.service.problems import Problem
from statefolio.challenge.service.refusals import refusals
from statefolio.challenge.service.state import Shared, shared
from statefolio.challenge.store import clock
from statefolio.challenge.store.forward import deposit
from statefolio.challenge.store.teams import Team

router = APIRouter(prefix="/v1", tags=["forward rounds"])
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_BODY = {
    "requestBody": {
        "required": True,
        "description": "CSV or Parquet: a column date, and one column per asset, or ASSET mean and ASSET volatility.",
        "content": {"text/csv": _BINARY, "application/octet-stream": _BINARY},
    }
}
Name = Annotated[str, Query(min_length=1, max_length=80, description="The file's name, for the team's own list.")]


@router.post(
    "/forward",
    response_model=ForwardReceipt,
    status_code=201,
    responses=errors(401, 404, 408, 409, 422, 429),
    openapi_extra=_BODY,
)
async def send_forward_file(request: Request, token: Token, name: Name = "file") -> ForwardReceipt:
    """Store weights or forecasts; they must be here before their first date begins."""
    here, now = shared(request), clock.now()
    if "forward" not in here.settings.rules.tracks:
        raise Problem(404, "no-forward-round", "This challenge has no forward round. See GET /v1/round for its tracks.")
    if any(unicodedata.category(letter)[0] == "C" for letter in name):
        raise Problem(422, "invalid-request", "name must have characters that are shown. Choose another one.")
    await here.database.read(lambda connection: team_of_token(connection, token, now))  # before a megabyte is read
    raw = await request.body()

    def check(connection: Connection) -> tuple[Team, ForwardFile]:
        return team_of_token(connection, token, now), _checked(raw, here, now)

    team, file = await here.database.read(check)
    dates = pd.DatetimeIndex(file.table.index)
    span = (dates[0].date(), dates[-1].date())
    with refusals():
        new = await here.database.write(lambda connection: deposit(connection, team, file.kind, name, raw, span, now))
    return ForwardReceipt(
        id=new, kind=file.kind, first_date=span[0].isoformat(), last_date=span[1].isoformat(), received_at=now
    )


def _checked(raw: bytes, here: Shared, now: datetime) -> ForwardFile:
    universe, about = here.public.universe(), here.public.json(RULES_FILE)
    if universe is None or not isinstance(about, dict):
        raise Problem(409, "round-not-open", "The round is not open yet. Send the file once it is.")
    last = pd.Timestamp(about["windows"]["public"]["last"])
    try:
        return read_forward(raw, universe, here.settings.rules.gates, last, now)
    except InvalidBody as error:
        raise Problem(422, "invalid-file", "The file is not valid.", faults=error.faults) from None
