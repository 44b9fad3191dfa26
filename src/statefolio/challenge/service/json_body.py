"""Reads the bodies of requests: strict JSON within bounds."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from statefolio.challenge.rules.strict_json import InvalidBody, strict_json
from statefolio.challenge.service.problems import Problem

Model = TypeVar("Model", bound=BaseModel)


def require_json(request: Request) -> None:
    """Refuse a body whose stated type is not JSON."""
    stated = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if stated != "application/json":
        raise Problem(
            415, "unsupported-media-type", "The body must be JSON. Send the header Content-Type: application/json."
        )


async def read_json(request: Request, model: type[Model]) -> Model:
    """Return the JSON body of a request as a model.

    Raises
    ------
    Problem
        With status 415, or 422 if it is not JSON, or not the fields that the model has.
    """
    require_json(request)
    try:
        given = strict_json(await request.body())
        return model.model_validate(given)
    except InvalidBody as error:
        raise Problem(422, "invalid-request", "The body must be JSON within the limits.", faults=error.faults) from None
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}."
            for each in error.errors(include_url=False, include_input=False)
        ]
        raise Problem(422, "invalid-request", "The body is not what this address accepts.", faults=faults) from None
