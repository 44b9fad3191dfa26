"""Reads the fields of a page's form, and the file that it may carry."""

from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qsl

from starlette.requests import Request

from statefolio.challenge.service.problems import Problem

MOST_FIELDS = 20


@dataclass(frozen=True)
class Upload:
    """A form with a file.

    Attributes
    ----------
    fields : dict
        Its other fields.
    content : bytes
        The file; empty where none was chosen.
    """

    fields: dict[str, str]
    content: bytes


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form.

    Raises
    ------
    Problem
        With status 400 if the body is not a form.
    """
    try:
        if _kind(request) != "application/x-www-form-urlencoded":
            raise ValueError
        pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise invalid_form() from None
    return dict(pairs)


async def read_upload(request: Request) -> Upload:
    """Return the fields and the file of a form.

    Raises
    ------
    Problem
        With status 400 if the body is not a form with a file.
    """
    if _kind(request) != "multipart/form-data":
        raise invalid_form()
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode("latin-1")
    whole = BytesParser(policy=HTTP).parsebytes(head + await request.body())
    parts = list(whole.iter_parts()) if whole.is_multipart() else []
    fields: dict[str, str] = {}
    content = b""
    for part in parts[:MOST_FIELDS]:
        payload = part.get_payload(decode=True)
        if not isinstance(payload, bytes) or part.get_content_disposition() != "form-data":
            raise invalid_form()
        if part.get_filename() is not None:
            content = payload
        else:
            fields[str(part.get_param("name", "", "content-disposition"))] = payload.decode("utf-8", "replace")
    if not fields:
        raise invalid_form()
    return Upload(fields, content)


def invalid_form() -> Problem:
    """Return the problem of a body that is no form of these pages."""
    return Problem(400, "invalid-form", "The form cannot be read. Load the page again and send the form from there.")


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
