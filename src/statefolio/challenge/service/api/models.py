"""The bodies of the API: requests are checked against them, responses are documented by them."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Track = Literal["forecast", "portfolio"]
SUBMISSION_ID = r"^s_[0-9A-Za-z]{4,40}$"
CODE = r"^[0-9A-Za-z_]{1,128}$"
NUMBER = r"^[0-9]{1,15}$"
"""A cursor: the place of the last item of the page before."""
KEY = r'^"?[!#-~]{8,126}"?$'
"""Idempotency-Key: printable ASCII, with or without the quotes of a structured header."""


class Body(BaseModel):
    """A request body: no unknown field, no conversion between types."""

    model_config = ConfigDict(extra="forbid", strict=True)


class JoinBody(Body):
    """The one-time code of an invitation."""

    code: str = Field(pattern=CODE, description="The code of the invitation.")


class SelectionBody(Body):
    """The submission to select as a finalist."""

    submission: str = Field(pattern=SUBMISSION_ID, description="The id of one of the team's submissions.")
    selected: bool = Field(default=True, description="False takes it back.")


class Joined(BaseModel):
    """The token of a team. It is shown once."""

    team: str
    token: str
    challenge: str


class Receipt(BaseModel):
    """A stored submission: it is in the queue and cannot be lost."""

    id: str
    state: str
    received_at: datetime
    left_today: int
    left_round: int
    resets_at: datetime
    warnings: list[str] = Field(default=[], description="What was repaired, in a tutorial.")
    replayed: bool = Field(description="Whether the same key and body came before: nothing was stored again.")


class Limits(BaseModel):
    """What a team may still submit, and when the daily limit resets."""

    per_day: int
    left_today: int
    resets_at: datetime
    per_round: int
    left_round: int
    finalists: int
    server_time: datetime


class SubmissionView(BaseModel):
    """One submission as its own team sees it."""

    id: str
    track: str
    name: str
    state: str = Field(description="queued, running, scored or failed.")
    created_at: datetime
    shown: bool = Field(description="Whether the score is shown: only significant improvements are.")
    value: float | None = Field(description="The score; null if it is not shown or not defined.")
    standard_error: float | None = None
    details: dict[str, Any] = {}
    result: str = Field(description="The result in a sentence.")
    failed_gates: list[str] = []
    reasons: list[str] = Field(default=[], description="What it needs to pass the gates that it failed.")
    final_value: float | None = Field(default=None, description="The final score, once the round is closed.")
    counts: bool = Field(description="Whether it counts with the limits: failures of the scorers cost nothing.")
    selected: bool


class SubmissionPage(BaseModel):
    """Submissions, newest first."""

    items: list[SubmissionView]
    next: str | None = Field(description="Cursor of the next page; null on the last.")


class BoardRow(BaseModel):
    """One team on the board."""

    rank: int
    team: str
    value: float | None
    standard_error: float | None
    details: dict[str, Any]
    tries: int = Field(description="The team's scored submissions of the track.")
    updated_at: datetime
    benchmark: bool
    own: bool = Field(description="Whether it is the team of the request's token.")


class BoardPage(BaseModel):
    """The board of a track. Teams that the data cannot tell apart share a rank."""

    track: str
    items: list[BoardRow]
    next: str | None = Field(description="Cursor of the next page; null on the last.")
    server_time: datetime


class RoundView(BaseModel):
    """The state of the round, and the server's time, which decides."""

    name: str
    state: str
    tutorial: bool
    tracks: list[str]
    opens_at: datetime
    closes_at: datetime | None = Field(description="Null where the organiser closes the round by hand.")
    engine_version: str
    commitment: str | None
    salt: str | None
    server_time: datetime


class PublicFile(BaseModel):
    """A file that everyone may have."""

    name: str
    size: int
    sha256: str


class PublicFiles(BaseModel):
    """The public files."""

    items: list[PublicFile]


class Selection(BaseModel):
    """The finalists of a team after a selection."""

    selected: list[str]
    finalists: int


class LoginLink(BaseModel):
    """A link that signs a browser in, once."""

    path: str
    expires_at: datetime


class ForwardReceipt(BaseModel):
    """A stored file of a forward round."""

    id: str
    kind: str
    first_date: str
    last_date: str
    received_at: datetime
