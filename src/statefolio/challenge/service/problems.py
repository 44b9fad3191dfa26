"""Answers every error as `application/problem+json` (RFC 9457), and as a page where a browser asks for one.

The handlers are installed on Starlette's own HTTPException, so that unknown paths, wrong methods and bodies that
cannot be parsed are answered in the same form as the service's own refusals.
"""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

MEDIA_TYPE = "application/problem+json"
URN = "urn:statefolio:problem:"
RETRY_AFTER = 5
"""Seconds after which a client may try again where the database does not answer."""
_SENTENCES = {
    404: "Nothing is at this address. See /openapi.json for the addresses of the API.",
    405: "This address does not accept the method. The header Allow lists the methods it accepts.",
    413: "The body is too large.",
    415: "The body must be JSON. Send the header Content-Type: application/json.",
}
_METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
logger = logging.getLogger(__name__)


class Problem(HTTPException):
    """An error that the service answers with.

    Parameters
    ----------
    status : int
        The HTTP status.
    kind : str
        The stable name of the error, in words with hyphens; clients compare it.
    detail : str
        One or two sentences: what is wrong, and what to do.
    faults : sequence of str
        Single faults, where there are several.
    headers : mapping of str to str, optional
        Further headers of the response, such as Retry-After.
    facts : keyword arguments
        Further members of the problem, such as `resets_at`.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        faults: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.kind, self.faults, self.facts = kind, tuple(faults), facts

    def body(self) -> dict[str, Any]:
        """Return the members of the problem."""
        return problem_body(self.status_code, self.kind, self.detail, self.faults, **self.facts)


def problem_body(status: int, kind: str, detail: str, faults: Sequence[str] = (), **facts: Any) -> dict[str, Any]:
    """Return the members of a problem as RFC 9457 names them."""
    listed = {"faults": list(faults)} if faults else {}
    title = HTTPStatus(status).phrase
    return {"type": URN + kind, "title": title, "status": status, "detail": detail, **listed, **facts}


def problem_response(problem: Problem) -> Response:
    """Return a problem as the response of the API."""
    return JSONResponse(problem.body(), problem.status_code, problem.headers, MEDIA_TYPE)


def database_unavailable() -> Problem:
    """Return the problem of a database that does not answer."""
    return Problem(
        503,
        "database-unavailable",
        f"The database does not answer. Nothing was stored. Try again in {RETRY_AFTER} seconds with the same request.",
        headers={"Retry-After": str(RETRY_AFTER)},
    )


def unexpected(error: Exception) -> Problem:
    """Log an error of the service itself and return its problem, which says nothing about the cause."""
    logger.error("The service failed on a request.", exc_info=error)
    return Problem(
        500,
        "internal-error",
        "The service failed; the organiser's log has the cause. Try again, or tell the organiser.",
    )


def as_problem(request: Request, error: HTTPException) -> Problem:
    """Return an error of the framework as a problem."""
    if isinstance(error, Problem):
        return error
    status, headers = error.status_code, dict(error.headers or {})
    if status == 405:
        headers["Allow"] = ", ".join(allowed_methods(request))
    sentence = _SENTENCES.get(status) or f"{error.detail}."
    return Problem(status, HTTPStatus(status).phrase.lower().replace(" ", "-"), sentence, headers=headers)


def allowed_methods(request: Request) -> list[str]:
    """Return the methods that the address of a request accepts on any route."""
    found = {
        method
        for method in _METHODS
        for route in request.app.routes
        if route.matches({**request.scope, "method": method})[0] is Match.FULL
    }
    return sorted(found | ({"HEAD"} if "GET" in found else set()))


def invalid_request(error: RequestValidationError) -> Problem:
    """Return the faults of a request's parameters as a problem."""
    faults = [_fault(each) for each in error.errors()]
    return Problem(422, "invalid-request", "The request has parameters that are not valid.", faults=faults)


def _fault(error: Mapping[str, Any]) -> str:
    where, *names = (str(each) for each in error["loc"])
    name = ".".join(names) or where
    message = str(error["msg"])
    return f"{name} ({where}): {message[:1].lower()}{message[1:]}."


def wants_page(request: Request) -> bool:
    """Return whether a browser asks for one of the pages."""
    return not request.url.path.startswith("/v1") and "text/html" in request.headers.get("accept", "")


def install_handlers(app: FastAPI) -> None:
    """Answer every error of an application as a problem.

    The application's `state.error_page` renders a problem as a page.
    """

    def answer(request: Request, problem: Problem) -> Response:
        if wants_page(request):
            page: Response = request.app.state.error_page(request, problem)
            return page
        return problem_response(problem)

    async def refused(request: Request, error: Exception) -> Response:
        if isinstance(error, RequestValidationError):
            return answer(request, invalid_request(error))
        if isinstance(error, HTTPException):
            return answer(request, as_problem(request, error))
        return answer(request, unexpected(error))

    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(RequestValidationError, refused)
