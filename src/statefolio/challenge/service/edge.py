"""The outermost layer of the service: limits, headers, HEAD requests, and errors that nothing else caught.

It is plain ASGI, so that a body is refused before it is read and a response of any layer gets the headers.
"""

import asyncio
import re
import time
from collections.abc import Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from statefolio.challenge.service.problems import Problem, problem_response, unexpected

BODY_SECONDS = 20.0
"""Seconds within which the whole body must have arrived."""
SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_SECRET_NAMES = re.compile(r"token|secret|passw|api_?key|authorization|session", re.IGNORECASE)
_TOKEN = re.compile(r"sf[cis]_[0-9A-Za-z]{4,}_[0-9A-Za-z]{16,}")
"""Tokens, invitations and sessions; login links are meant to be addresses."""
Observe = Callable[[Scope, int, float], None]


class Edge:
    """Wraps an application.

    Parameters
    ----------
    app : ASGI application
    limit : callable
        Returns the largest body in bytes that a method and a path accept.
    observe : callable
        Is called with the scope, the status and the seconds of each request.
    secure : bool
        Browsers use HTTPS, so tell them to insist on it.
    """

    def __init__(self, app: ASGIApp, limit: Callable[[str, str], int], observe: Observe, secure: bool) -> None:
        self.app, self.limit, self.observe = app, limit, observe
        self.headers = dict(SECURITY_HEADERS)
        if secure:
            self.headers["strict-transport-security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(message)
            await send(message)

        head = scope["method"] == "HEAD"
        inner: MutableMapping[str, Any] = {**scope, "method": "GET"} if head else scope
        try:
            problem = _secret_in_address(scope) or self._too_large(scope)
            if problem is not None:
                await _refuse(problem, scope, receive, send_with_headers)
            else:
                limited = _Limited(receive, self.limit(scope["method"], scope["path"]))
                await self.app(inner, limited, send_with_headers)
        except Exception as error:
            if status:  # the response has begun: nothing else can be said
                raise
            await _refuse(unexpected(error), scope, receive, send_with_headers)
        finally:
            self.observe(inner, status, time.perf_counter() - started)

    def _add_headers(self, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in self.headers.items():
            headers.setdefault(name, value)
        headers.setdefault("cache-control", "no-store")

    def _too_large(self, scope: Scope) -> Problem | None:
        """Refuse a body by its stated length, before any of it is read."""
        limit = self.limit(scope["method"], scope["path"])
        stated = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if stated.isdigit() and int(stated[:19]) <= limit and len(stated) < 19:
            return None
        return too_large(limit)


class _Limited:
    """Receives a body; refuses more bytes than the limit, whatever length was stated, and a body that is too slow."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self.receive, self.limit = receive, limit
        self.seen, self.complete = 0, False
        self.until = time.monotonic() + BODY_SECONDS

    async def __call__(self) -> Message:
        if self.complete:  # what follows is the disconnection, which may take as long as the response
            return await self.receive()
        try:
            async with asyncio.timeout(max(0.0, self.until - time.monotonic())):
                message = await self.receive()
        except TimeoutError:
            raise Problem(
                408,
                "body-too-slow",
                f"The body must arrive within {BODY_SECONDS:.0f} seconds. Send it again.",
                headers={"Connection": "close"},
            ) from None
        if message["type"] == "http.request":
            self.seen += len(message.get("body", b""))
            self.complete = not message.get("more_body", False)
            if self.seen > self.limit:
                raise too_large(self.limit)
        return message


def too_large(limit: int) -> Problem:
    """Return the problem of a body above the limit."""
    return Problem(
        413,
        "body-too-large",
        f"The body must have at most {limit:,} bytes. Send a shorter one.",
        headers={"Connection": "close"},
    )


def _secret_in_address(scope: Scope) -> Problem | None:
    """Refuse secrets in the query, which proxies and browsers write into logs and histories."""
    query = scope.get("query_string", b"").decode("latin-1")
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=None) if len(query) <= 8_192 else []
    if len(query) > 8_192:
        return Problem(400, "address-too-long", "The query must have at most 8,192 characters. Send a shorter one.")
    if _TOKEN.search(query) or _TOKEN.search(scope["path"]) or any(_SECRET_NAMES.search(name) for name, _ in pairs):
        return Problem(
            400,
            "token-in-address",
            "A token must not be part of an address, which proxies and browsers keep. Send it in the header "
            "Authorization: Bearer TOKEN. If it was a real one, ask the organiser to revoke it and invite you again.",
        )
    return None


async def _refuse(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    await problem_response(problem)(scope, receive, send)
