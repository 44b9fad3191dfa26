"""Reads the fields of a page's form."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from statefolio.challenge.service.problems import Problem

MOST_FIELDS = 20


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form.

    Raises
    ------
    Problem
        With status 400 if the body is not a form.
    """
    stated = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if stated != "application/x-www-form-urlencoded":
            raise ValueError(stated)
        pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Problem(
            400, "invalid-form", "The form cannot be read. Load the page again and send the form from there."
        ) from None
    return dict(pairs)
