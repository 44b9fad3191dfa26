"""The token of a request, as openapi.json describes it."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from statefolio.challenge.service.identity import bearer_token

_SCHEME = HTTPBearer(
    scheme_name="token", description="The team's token, from `statefolio challenge join`.", auto_error=False
)
_Described = Annotated[HTTPAuthorizationCredentials | None, Depends(_SCHEME)]


async def required_token(request: Request, _: _Described) -> str:
    """Return the token of a request, or refuse it with status 401."""
    return bearer_token(request)


async def optional_token(request: Request, _: _Described) -> str | None:
    """Return the token of a request, or None where it has no header Authorization."""
    return bearer_token(request) if "authorization" in request.headers else None


Token = Annotated[str, Depends(required_token)]
OptionalToken = Annotated[str | None, Depends(optional_token)]
