"""Finds out whose request it is: a token of the API, a session cookie of a browser, or a trusted header of a proxy."""

import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from statefolio.challenge.service.problems import Problem
from statefolio.challenge.service.settings import ServiceSettings
from statefolio.challenge.store import clock
from statefolio.challenge.store.credentials import authenticate, session_of
from statefolio.challenge.store.teams import Team, team_named

CSRF_FIELD = "csrf"
_SAME_SITE = ("same-origin", "none")


@dataclass(frozen=True)
class Visitor:
    """Who looks at a page.

    Attributes
    ----------
    team : Team, optional
        None for a visitor who is not signed in.
    csrf : str
        The token that each form of the page carries.
    session : str, optional
        The session cookie, where it is valid.
    """

    team: Team | None
    csrf: str
    session: str | None = None


def bearer_token(request: Request) -> str:
    """Return the token of the header Authorization.

    Raises
    ------
    Problem
        With status 401 if there is none.
    """
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise unauthorised("A token is needed. Send it in the header Authorization: Bearer TOKEN.")
    return token.strip()


def team_of_token(connection: Connection, token: str, now: datetime) -> Team:
    """Return the team of a token.

    Raises
    ------
    Problem
        With status 401 if the token is unknown, mistyped, expired or revoked: the answer is the same for all.
    """
    team = authenticate(connection, token, now)
    if team is None:
        raise unauthorised(
            "The token is not valid: it is mistyped, expired or revoked. Ask the organiser for a new invitation."
        )
    return team


def unauthorised(detail: str) -> Problem:
    """Return the problem of a request without a valid token."""
    return Problem(401, "unauthorised", detail, headers={"WWW-Authenticate": 'Bearer realm="challenge"'})


def visitor_of(connection: Connection, request: Request, settings: ServiceSettings) -> Visitor:
    """Return who looks at a page: by the session cookie, else by the trusted header of a configured proxy."""
    cookie = request.cookies.get(settings.session_cookie)
    session = session_of(connection, cookie, clock.now()) if cookie else None
    if session is not None:
        return Visitor(session.team, session.csrf, cookie)
    name = trusted_name(request, settings)
    team = team_named(connection, name) if name else None
    return Visitor(team, request.cookies.get(settings.csrf_cookie) or secrets.token_urlsafe(32))


def trusted_name(request: Request, settings: ServiceSettings) -> str | None:
    """Return the team's name that a configured proxy states; the header of any other client is ignored."""
    if settings.trusted_header is None or request.client is None:
        return None
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:
        return None
    stated = request.headers.getlist(settings.trusted_header)
    if len(stated) != 1 or not any(address in network for network in settings.trusted_networks):
        return None
    return _decoded(stated[0])


def _decoded(value: str) -> str | None:
    """Return a header's text, which ASGI gives as latin-1 and proxies send as UTF-8."""
    try:
        return value.encode("latin-1").decode() or None
    except UnicodeError:
        return None


def check_form(request: Request, form: dict[str, str], csrf: str) -> None:
    """Refuse a form that another site sent, or that does not carry the page's token.

    Raises
    ------
    Problem
        With status 403.
    """
    site = request.headers.get("sec-fetch-site", "none")
    if site not in _SAME_SITE or not hmac.compare_digest(form.get(CSRF_FIELD, "").encode(), csrf.encode()):
        raise Problem(
            403, "form-refused", "The form did not come from this page. Load the page again and send it from there."
        )


def remember_csrf(response: Response, visitor: Visitor, settings: ServiceSettings) -> None:
    """Set the cookie that a form's token must equal, for visitors without a session."""
    if visitor.session is None:
        response.set_cookie(
            settings.csrf_cookie, visitor.csrf, secure=settings.secure, httponly=True, samesite="strict", path="/"
        )
