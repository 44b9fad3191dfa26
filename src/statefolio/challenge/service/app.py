"""Assembles the application: the API under /v1, the pages, the style sheet, measurements and health."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import resources

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from statefolio.challenge.rules.forward_files import MAX_FILE_BYTES
from statefolio.challenge.rules.strict_json import MAX_BYTES
from statefolio.challenge.service.api import board, forward, joining, rounds, submissions
from statefolio.challenge.service.api.documentation import document
from statefolio.challenge.service.board_pages import BoardPages
from statefolio.challenge.service.counts import count_scores
from statefolio.challenge.service.database import Database
from statefolio.challenge.service.edge import Edge
from statefolio.challenge.service.metrics import CONTENT_TYPE, Metrics
from statefolio.challenge.service.pages import public, submitting, team
from statefolio.challenge.service.pages.rendering import STYLE, error_page, style_sheet
from statefolio.challenge.service.problems import install_handlers
from statefolio.challenge.service.public_files import PublicFolder
from statefolio.challenge.service.settings import ServiceSettings
from statefolio.challenge.service.state import Shared, shared
from statefolio.challenge.service.waiting import Waiting
from statefolio.challenge.store import clock
from statefolio.challenge.store.figures import figures
from statefolio.challenge.store.store import Store

SPARE_BYTES = 1_024
"""Bytes that a request may have whose body is not read."""
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
FOR_A_DAY = {"Cache-Control": "public, max-age=86400"}


def make_app(settings: ServiceSettings) -> FastAPI:
    """Return the application of one web process.

    Parameters
    ----------
    settings : ServiceSettings
        The database, the public folder and the rules.

    Raises
    ------
    InputError
        If the database's URL is not valid.
    """
    store = Store.open(settings.database)
    database, metrics = Database(store), Metrics()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        database.close()

    app = FastAPI(
        title=settings.rules.challenge.name,
        description="A challenge of statefolio. Errors are application/problem+json; tokens go in a header.",
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.shared = Shared(
        settings, database, PublicFolder(settings.public), Waiting(database), metrics, BoardPages()
    )
    app.state.error_page = error_page
    for part in (joining, rounds, submissions, board, forward, public, team, submitting):
        app.include_router(part.router)
    _add_files(app)
    install_handlers(app)
    document(app)
    app.add_middleware(Edge, limit=body_limit, observe=metrics.observe, secure=settings.secure)
    return app


def body_limit(method: str, path: str) -> int:
    """Return the most bytes of a request's body."""
    if path == "/v1/forward":
        return MAX_FILE_BYTES
    if path == submitting.ADDRESS:
        return submitting.FORM_BYTES
    return MAX_BYTES if method == "POST" else SPARE_BYTES


def _add_files(app: FastAPI) -> None:
    """Add the style sheet, the icon, the measurements and the health check."""
    sheet = style_sheet()
    icon = resources.files("statefolio.challenge.service").joinpath("static/icon.svg").read_bytes()

    @app.get(f"/static/{STYLE}", include_in_schema=False)
    async def style() -> Response:
        return Response(sheet, media_type="text/css", headers=FOR_EVER)

    @app.get("/static/icon.svg", include_in_schema=False)
    async def picture() -> Response:
        return Response(icon, media_type="image/svg+xml", headers=FOR_A_DAY)

    @app.get("/metrics", include_in_schema=False)
    async def measurements(request: Request) -> Response:
        now = clock.now()
        found, scores = await shared(request).database.read(
            lambda connection: (figures(connection), count_scores(connection))
        )
        return Response(shared(request).metrics.text(found, scores, now), media_type=CONTENT_TYPE)

    @app.get("/healthz", include_in_schema=False)
    async def health(request: Request) -> Response:
        now = clock.now()
        found = await shared(request).database.read(figures)
        return JSONResponse({"status": "ok", "scorers_alive": found.alive(now), "time": now.isoformat()})
