"""Documents the errors of the API: every status that an address can answer with is in openapi.json."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from statefolio import __version__
from statefolio.challenge.service.problems import MEDIA_TYPE

PROBLEM = {
    "title": "Problem",
    "type": "object",
    "description": "An error (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Stable name of the error: urn:statefolio:problem:NAME."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, and what to do."},
        "faults": {"type": "array", "items": {"type": "string"}},
        "resets_at": {"type": "string", "format": "date-time"},
    },
}
_WORDS = {
    400: "The request cannot be read, or its address has a token in it.",
    401: "The token is missing or not valid.",
    403: "Not allowed.",
    404: "There is no such thing, or it is another team's.",
    405: "The address does not accept the method.",
    408: "The body took too long to arrive.",
    409: "The state of the round does not allow it.",
    413: "The body is too large.",
    415: "The body has the wrong type.",
    416: "The range is outside the file.",
    422: "The parameters or the body are not valid; `faults` lists why.",
    429: "A limit is spent; Retry-After says when it resets.",
    500: "The service failed.",
    503: "The database does not answer; Retry-After says when to try again.",
}
_EVERYWHERE = (400, 413, 500, 503)
_RETRY = {"Retry-After": {"description": "Seconds until it makes sense to try again.", "schema": {"type": "integer"}}}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of the errors of one operation; those of every operation are added."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {
            "description": _WORDS[status],
            "content": {MEDIA_TYPE: schema},
            **({"headers": _RETRY} if status in (429, 503) else {}),
        }
        for status in sorted({*statuses, *_EVERYWHERE})
    }


def json_body(schema: dict[str, Any], description: str) -> dict[str, Any]:
    """Return the documentation of a JSON body that the operation reads itself."""
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": True, "description": description, "content": content}}


def document(app: FastAPI) -> None:
    """Make the application describe itself, with the schema of errors."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=__version__, description=app.description, routes=app.routes)
            made["components"]["schemas"]["Problem"] = PROBLEM
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]
