"""Turns the refusals of the store into problems, each with its status and its facts."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

from statefolio.challenge.service.problems import Problem
from statefolio.challenge.store import clock
from statefolio.challenge.store.errors import (
    InvalidCredential,
    InvalidTeamName,
    KeyReused,
    NotSelectable,
    QuotaSpent,
    RoundStateError,
    UnknownSubmission,
)
from statefolio.exceptions import StatefolioError

_STATUSES: dict[type[StatefolioError], tuple[int, str]] = {
    InvalidCredential: (404, "invalid-code"),
    InvalidTeamName: (409, "invalid-team-name"),
    KeyReused: (422, "key-reused"),
    NotSelectable: (409, "not-selectable"),
    RoundStateError: (409, "round-not-open"),
    UnknownSubmission: (404, "unknown-submission"),
}


@contextmanager
def refusals() -> Iterator[None]:
    """Raise the store's refusals as problems."""
    try:
        yield
    except QuotaSpent as error:
        raise _spent(error) from None
    except tuple(_STATUSES) as error:
        status, kind = next(answer for family, answer in _STATUSES.items() if isinstance(error, family))
        raise Problem(status, kind, _sentence(str(error))) from None


def _spent(error: QuotaSpent) -> Problem:
    """A spent limit: when it resets, or that it does not."""
    if error.resets_at is None:
        return Problem(429, "limit-spent", _sentence(str(error)), limit=error.limit)
    seconds = max(1, math.ceil((error.resets_at - clock.now()).total_seconds()))
    return Problem(
        429,
        "limit-spent",
        _sentence(str(error)),
        headers={"Retry-After": str(seconds)},
        limit=error.limit,
        resets_at=error.resets_at.isoformat(),
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
