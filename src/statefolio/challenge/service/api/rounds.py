"""The round, the rules and the public files."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import FileResponse, Response

from statefolio.challenge.rules.settings import published
from statefolio.challenge.rules.universe import RULES_FILE
from statefolio.challenge.service.api.documentation import errors
from statefolio.challenge.service.api.models import PublicFile, PublicFiles, RoundView
from statefolio.challenge.service.problems import Problem
from statefolio.challenge.service.state import shared
from statefolio.challenge.store import clock
from statefolio.challenge.store.rounds import round_of

router = APIRouter(prefix="/v1", tags=["round"])
_SECONDS = 300


@router.get("/round", response_model=RoundView, responses=errors())
async def get_round(request: Request) -> RoundView:
    """Return the state of the round, its deadlines, and the server's time, which decides."""
    found = await shared(request).database.read(round_of)
    return RoundView(
        name=found.name,
        state=found.state,
        tutorial=found.tutorial,
        tracks=list(shared(request).settings.rules.tracks),
        opens_at=found.opens_at,
        closes_at=found.closes_at,
        engine_version=found.engine_version,
        commitment=found.commitment,
        salt=found.salt,
        server_time=clock.now(),
    )


@router.get("/rules", responses=errors())
async def get_rules(request: Request) -> dict[str, Any]:
    """Return the rules; once the round is open, with the names that submissions may use."""
    here = shared(request)
    rules = await asyncio.to_thread(here.public.json, RULES_FILE)
    return rules if isinstance(rules, dict) else published(here.settings.rules)


@router.get("/public", response_model=PublicFiles, responses=errors())
async def list_public_files(request: Request) -> PublicFiles:
    """List the public files with their hashes."""
    files = await asyncio.to_thread(shared(request).public.files)
    return PublicFiles(items=[PublicFile(name=each.name, size=each.size, sha256=each.sha256) for each in files])


@router.get(
    "/public/{name}",
    response_class=FileResponse,
    responses={
        200: {"description": "The file.", "content": {"application/octet-stream": {}}},
        206: {"description": "A part of the file.", "content": {"application/octet-stream": {}}},
        **errors(404, 416, 422),
    },
)
async def get_public_file(request: Request, name: Annotated[str, Path(max_length=100)]) -> Response:
    """Return a public file."""
    path = await asyncio.to_thread(shared(request).public.file, name)
    if path is None:
        raise Problem(404, "unknown-file", "There is no public file of this name. GET /v1/public lists them.")
    headers = {"Cache-Control": f"public, max-age={_SECONDS}"}
    return FileResponse(path, filename=path.name, media_type="application/octet-stream", headers=headers)
