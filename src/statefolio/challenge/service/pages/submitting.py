"""Takes a submission from the form of a team's page: the same file, checks and limits as in the API."""

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import HTMLResponse, RedirectResponse, Response

from statefolio.challenge.rules.strict_json import MAX_BYTES, InvalidBody
from statefolio.challenge.rules.submission import Submission, read_submission, submission_of_toml
from statefolio.challenge.service.forms import Upload, invalid_form, read_upload
from statefolio.challenge.service.pages.team import team_of_form
from statefolio.challenge.service.problems import Problem
from statefolio.challenge.service.refusals import refusals
from statefolio.challenge.service.state import Shared, shared
from statefolio.challenge.store import clock
from statefolio.challenge.store.submissions import LONGEST_KEY, submit
from statefolio.challenge.store.teams import Team

ADDRESS = "/team/submit"
FORM_BYTES = MAX_BYTES + 4_096
"""Most bytes of the form: the file, its name and the hidden fields."""
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.post(ADDRESS)
async def submit_file(request: Request) -> Response:
    """Store a submission and queue it; a form that is sent twice is stored once."""
    here, now, form = shared(request), clock.now(), await read_upload(request)
    key = form.fields.get("key", "")
    if not (key.isalnum() and key.isascii() and len(key) <= LONGEST_KEY):
        raise invalid_form()

    def check(connection: Connection) -> tuple[Team, Submission]:
        return team_of_form(connection, request, form.fields, here), _checked(form, here)

    team, entry = await here.database.read(check)
    with refusals():
        await here.database.write(lambda connection: submit(connection, team, entry, key, now))
    return RedirectResponse("/team?done=submitted", 303)


def _checked(form: Upload, here: Shared) -> Submission:
    try:
        raw = form.content
        if not raw.strip():
            raise Problem(422, "invalid-submission", "The form must have a file. Choose one, as the starter has them.")
        if not raw.lstrip().startswith(b"{"):
            raw = submission_of_toml(raw.decode("utf-8-sig"))
        return read_submission(raw, here.public.universe(), repair=here.settings.rules.challenge.tutorial)
    except UnicodeDecodeError:
        raise Problem(422, "invalid-submission", "The file must be UTF-8 text. Save it as UTF-8.") from None
    except InvalidBody as error:
        raise Problem(422, "invalid-submission", "The submission is not valid.", faults=error.faults) from None
