"""Sends submissions, waits for scores, and lists and selects."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from statefolio.challenge.client.connection import Connection, NoAnswer, ServiceError
from statefolio.challenge.client.membership import PendingKeys
from statefolio.challenge.rules.strict_json import strict_json
from statefolio.exceptions import FileFormatError, InputError

DONE = ("scored", "failed")
FORWARD_SUFFIXES = (".csv", ".parquet")
_PAGE = 100


def check_before_sending(raw: bytes) -> None:
    """Check sizes and form before anything is sent; names and options are checked by the service.

    Raises
    ------
    InvalidBody
        If the service would refuse the bytes.
    """
    strict_json(raw)


def send(connection: Connection, raw: bytes, pending: PendingKeys) -> dict[str, Any]:
    """Send a submission and return the receipt.

    The key of the request is kept until there is an answer, so that repeating the command after a lost connection
    stores nothing twice.

    Raises
    ------
    ServiceError
        If the service refuses it.
    NoAnswer
        If the service does not answer.
    """
    key = pending.key(raw)
    try:
        receipt: dict[str, Any] = connection.post("/v1/submissions", raw, key=key)
    except ServiceError as error:
        if error.status < 500:
            pending.answered(raw)
        raise
    except NoAnswer as error:
        stored = "It may have been stored; the" if error.sent else "Nothing was stored. The"
        raise NoAnswer(f"{error} {stored} same command is safe to repeat.", sent=error.sent) from None
    pending.answered(raw)
    return receipt


def send_forward(connection: Connection, file: Path) -> dict[str, Any]:
    """Send a file of a forward round and return the receipt.

    Raises
    ------
    FileFormatError
        If the file cannot be read.
    ServiceError
        If the service refuses it.
    NoAnswer
        If the service does not answer; a file may then be there twice, which costs one of the day.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise FileFormatError(
            f"{file} must be a file that can be read, got {type(error).__name__}. Check the path."
        ) from None
    path = f"/v1/forward?name={quote(file.name[:80])}"
    receipt: dict[str, Any] = connection.post(path, content, kind="application/octet-stream")
    return receipt


def wait_for_score(connection: Connection, submission: str, seconds: int) -> dict[str, Any]:
    """Return a submission once it is scored or failed."""
    while True:
        found: dict[str, Any] = connection.get(f"/v1/submissions/{submission}", wait=seconds)
        if found["state"] in DONE:
            return found


def listed(connection: Connection, most: int) -> list[dict[str, Any]]:
    """Return the newest submissions of the team, page by page."""
    found: list[dict[str, Any]] = []
    cursor = None
    while len(found) < most:
        page = connection.get("/v1/submissions", limit=min(_PAGE, most - len(found)), before=cursor)
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    return found


def select_finalist(connection: Connection, submission: str, *, back: bool) -> dict[str, Any]:
    """Select a finalist, or take it back, and return the finalists.

    Raises
    ------
    InputError
        If the id does not look like one.
    ServiceError
        If the service refuses it.
    """
    if not re.fullmatch(r"s_[0-9A-Za-z]{4,40}", submission):
        raise InputError(
            f"ID must be the id of a submission such as s_1f0a, got {submission[:40]!r}. List them for their ids."
        )
    body = {"submission": submission, "selected": not back}
    chosen: dict[str, Any] = connection.post("/v1/selections", json.dumps(body).encode())
    return chosen
