"""Exchanges an invitation for a membership."""

import json

from statefolio.challenge.client.connection import Connection, NoAnswer
from statefolio.challenge.client.membership import Membership


def join_challenge(connection: Connection, code: str) -> tuple[Membership, str]:
    """Use an invitation and return the membership, and the name of the challenge.

    Raises
    ------
    ServiceError
        If the code is not valid.
    NoAnswer
        If the service does not answer. An invitation works once, so a request that may have arrived is not repeated.
    """
    try:
        given = connection.post("/v1/join", json.dumps({"code": code.strip()}).encode())
    except NoAnswer as error:
        if not error.sent:
            raise
        raise NoAnswer(
            f"{error} The code may be used up: if joining again is refused, ask the organiser for another one.",
            sent=True,
        ) from None
    return Membership(connection.url, str(given["team"]), str(given["token"])), str(given["challenge"])
