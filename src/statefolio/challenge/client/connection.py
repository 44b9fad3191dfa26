"""Talks to the service: retries what may be repeated, and says in plain words why something failed."""

import random
import time
import warnings
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from statefolio import __version__
from statefolio.challenge.rules.strict_json import short
from statefolio.exceptions import InputError, StatefolioError, StatefolioWarning

PATIENCE = 75.0
"""Seconds of pauses after which a service that was there is given up: a database may be away for a minute."""
TRIES = 5
"""Attempts to reach a service that was never there."""
LONGEST_PAUSE = 30.0
_TIMEOUT = httpx.Timeout(20.0, read=60.0)


class ServiceError(StatefolioError, RuntimeError):
    """Raised where the service refuses a request.

    Attributes
    ----------
    status : int
        The HTTP status.
    kind : str
        The stable name of the error.
    facts : dict
        The members of the problem.
    """

    def __init__(self, status: int, kind: str, message: str, facts: Mapping[str, Any]) -> None:
        self.status, self.kind, self.facts = status, kind, dict(facts)
        super().__init__(message)


class NoAnswer(StatefolioError, ConnectionError):
    """Raised where the service does not answer.

    Attributes
    ----------
    sent : bool
        Whether the request may have arrived.
    """

    def __init__(self, message: str, *, sent: bool) -> None:
        self.sent = sent
        super().__init__(message)


class Connection:
    """A connection to one challenge.

    Parameters
    ----------
    url : str
        The address of the service.
    token : str, optional
        The team's token.
    pause : callable
        Waits for some seconds.
    transport : httpx.BaseTransport, optional
        Sends the requests; by default over the network.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        pause: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = checked_url(url)
        headers = {"User-Agent": f"statefolio/{__version__}", "Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
            _warn_of_plain_http(self.url)
        self.pause = pause
        self._client = httpx.Client(base_url=self.url, headers=headers, timeout=_TIMEOUT, transport=transport)

    def get(self, path: str, **query: Any) -> Any:
        """Return the JSON answer of an address; lost connections and 503 are tried again."""
        given = {name: value for name, value in query.items() if value is not None}
        return self._json(self._repeated("GET", path, params=given))

    def post(
        self, path: str, body: bytes | None = None, *, key: str | None = None, kind: str = "application/json"
    ) -> Any:
        """Send a body and return the JSON answer; it is repeated only with a key, or where it cannot have arrived."""
        headers = {"Content-Type": kind} if body is not None else {}
        if key is not None:
            headers["Idempotency-Key"] = key
        return self._json(self._repeated("POST", path, repeat=key is not None, content=body, headers=headers))

    def download(self, path: str, most: int) -> bytes:
        """Return the bytes of a file.

        Raises
        ------
        InputError
            If there are more than `most`.
        """
        answer = self._repeated("GET", path, headers={"Accept": "*/*"})
        _check(answer)
        if len(answer.content) > most:
            raise InputError(
                f"{path} must have at most {most:,} bytes, got {len(answer.content):,}. Tell the organiser."
            )
        return answer.content

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def _repeated(self, method: str, path: str, *, repeat: bool = True, **options: Any) -> httpx.Response:
        waited, attempt = 0.0, 0
        while True:
            attempt += 1
            try:
                answer = self._client.request(method, path, **options)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if attempt >= TRIES:
                    raise _no_answer(self.url, error, sent=False) from None
                wait = _backoff(attempt)
            except httpx.TransportError as error:
                if waited >= PATIENCE or not repeat:
                    raise _no_answer(self.url, error, sent=True) from None
                wait = _backoff(attempt)
            else:
                if answer.status_code != 503 or waited >= PATIENCE:
                    return answer
                wait = _asked(answer) or _backoff(attempt)
            if attempt == 2:
                _warn_of_waiting(self.url)
            self.pause(wait)
            waited += wait

    def _json(self, answer: httpx.Response) -> Any:
        _check(answer)
        try:
            return answer.json()
        except ValueError:
            raise _not_a_challenge(self.url) from None


def checked_url(url: str) -> str:
    """Return an address without a slash at its end.

    Raises
    ------
    InputError
        If it is not one of http or https.

    Examples
    --------
    >>> checked_url("https://challenge.example.org/")
    'https://challenge.example.org'
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise InputError(
            f"URL must be an address such as https://challenge.example.org, got {short(url)!r}. Pass it whole."
        )
    return url.rstrip("/")


def _warn_of_plain_http(url: str) -> None:
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        here = ip_address(host).is_loopback
    except ValueError:
        here = host == "localhost"
    if parts.scheme == "http" and not here:
        warnings.warn(
            f"URL must begin with https for the token to stay secret, got {url}. Ask the organiser for HTTPS.",
            StatefolioWarning,
            stacklevel=3,
        )


def _warn_of_waiting(url: str) -> None:
    warnings.warn(
        f"{short(url, 80)} must answer, and does not yet. It is asked again for about a minute; nothing is sent twice.",
        StatefolioWarning,
        stacklevel=4,
    )


def _check(answer: httpx.Response) -> None:
    """Raise the problem of an answer, if it is one."""
    if answer.is_success:
        return
    if answer.is_redirect:
        raise InputError(
            f"URL must be the service's own, got a redirection to {short(answer.headers.get('location', ''), 80)}. "
            "Join with that address."
        )
    try:
        facts = answer.json()
        detail, kind = str(facts["detail"]), str(facts["type"]).rpartition(":")[2]
        faults = [str(each) for each in facts.get("faults", [])]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ServiceError(
            answer.status_code, "unknown", f"the service answered with status {answer.status_code}. Try later.", {}
        ) from None
    message = "\n  ".join([detail, *faults])
    raise ServiceError(answer.status_code, kind, message, facts)


def _not_a_challenge(url: str) -> InputError:
    return InputError(
        f"URL must be the address of a challenge, got {short(url, 80)!r}, which answers something else. Check it."
    )


def _no_answer(url: str, error: httpx.TransportError, *, sent: bool) -> NoAnswer:
    cause = "the connection was lost" if sent else "no connection"
    return NoAnswer(
        f"{short(url, 80)} must answer, got {cause} ({type(error).__name__}). Check the address and your network, or "
        "try again in a minute.",
        sent=sent,
    )


def _backoff(attempt: int) -> float:
    return min(LONGEST_PAUSE, 0.5 * 2.0**attempt) * random.uniform(0.5, 1.0)


def _asked(answer: httpx.Response) -> float | None:
    """Seconds after which the service asks to come back."""
    try:
        return min(LONGEST_PAUSE, float(answer.headers["retry-after"]))
    except (KeyError, ValueError):
        return None
