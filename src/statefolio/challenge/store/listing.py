"""Lists submissions as their team sees them: what is shown of a score, and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, exists, literal, outerjoin, select
from sqlalchemy.sql.selectable import Join

from statefolio.challenge.store.errors import UnknownSubmission
from statefolio.challenge.store.rounds import round_of
from statefolio.challenge.store.tables import scores, submissions
from statefolio.challenge.store.teams import Team


@dataclass(frozen=True)
class Listed:
    """A submission as its team sees it.

    Attributes
    ----------
    number : int
        Its place; the cursor of the next page.
    state : str
        "queued", "running", "scored" or "failed".
    reason : str or None
        Why it failed, in words.
    improved : bool or None
        Whether it moved the team's place on the board; None until it is scored.
    value, standard_error, details
        The validation score, where the team may see it: it improved, or the round is a tutorial or is closed.
    failed_gates, gate_reasons : tuple of str
        The gates that it failed; why it has no score, and what to change.
    final_value : float or None
        The final score, after closing.
    """

    number: int
    id: str
    track: str
    name: str
    created_at: datetime
    state: str
    counts_quota: bool
    reason: str | None
    improved: bool | None
    value: float | None
    standard_error: float | None
    details: dict[str, float | None]
    failed_gates: tuple[str, ...]
    gate_reasons: tuple[str, ...]
    final_value: float | None
    body: str

    @property
    def feedback(self) -> str:
        """One sentence on the result."""
        if self.state == "failed":
            return self.reason or "It failed."
        if self.state != "scored" or self.improved is None:
            return "It waits for a scorer." if self.state == "queued" else "It is being scored."
        if self.failed_gates:
            return "It failed a gate of the rules."
        if self.gate_reasons:
            return "It has no score."
        return "It is the team's best." if self.improved else "No significant improvement."


def submissions_of(conn: Connection, team: Team, before: int | None = None, limit: int = 50) -> list[Listed]:
    """Return a page of a team's submissions, the newest first.

    Parameters
    ----------
    conn
        A transaction.
    team
        Whose.
    before
        The cursor: the `number` of the last one of the page before.
    limit
        Most submissions of a page.
    """
    chosen = submissions.c.team == team.id
    if before is not None:
        chosen = and_(chosen, submissions.c.number < before)
    return _listed(conn, chosen, limit)


def submission_of(conn: Connection, team: Team, id: str) -> Listed:  # noqa: A002
    """Return a submission of the team.

    Raises
    ------
    UnknownSubmission
        If there is none with this id, or it is another team's.
    """
    found = _listed(conn, and_(submissions.c.team == team.id, submissions.c.id == id), 1)
    if not found:
        raise UnknownSubmission("submission must be one of your team's, got another id. List yours for their ids.")
    return found[0]


def scored_with(window: str, name: str, shown_engine: str) -> tuple[Any, ColumnElement[bool]]:
    """Return the scores of a window under another name, and how they join the submissions.

    They are those of the engine whose board is shown, where it has scored the submission.
    """
    table, shown = scores.alias(name), scores.alias(f"shown_{name}")
    by_shown = exists().where(
        shown.c.submission == submissions.c.id,
        shown.c.engine_version == shown_engine,
        shown.c.window == window,
    )
    engine = case((by_shown, literal(shown_engine)), else_=submissions.c.engine_version)
    return table, and_(
        table.c.submission == submissions.c.id, table.c.engine_version == engine, table.c.window == window
    )


def _listed(conn: Connection, chosen: ColumnElement[bool], limit: int) -> list[Listed]:
    round_ = round_of(conn)
    shown = round_.tutorial or round_.state in ("closed", "revealed")
    first, of_first = scored_with("validation", "first", round_.shown_engine)
    last, of_last = scored_with("final", "last", round_.shown_engine)
    joined: Join = outerjoin(outerjoin(submissions, first, of_first), last, of_last)
    query = (
        select(
            submissions,
            *(first.c[name].label(f"score_{name}") for name in _SCORE),
            last.c.value.label("final_value"),
        )
        .select_from(joined)
        .where(chosen)
        .order_by(submissions.c.number.desc())
        .limit(limit)
    )
    return [_listed_row(row, shown=shown, closed=round_.state in ("closed", "revealed")) for row in conn.execute(query)]


_SCORE = ("value", "standard_error", "details", "failed_gates", "reasons", "improved")


def _listed_row(row: Any, *, shown: bool, closed: bool) -> Listed:
    may_see = shown or (bool(row.score_improved) and row.score_value is not None)
    # A team goes on seeing its validation result while finalists, or all submissions, are scored again.
    state = "scored" if row.score_improved is not None else row.state
    return Listed(
        number=row.number,
        id=row.id,
        track=row.track,
        name=row.name,
        created_at=row.created_at,
        state=state,
        counts_quota=row.counts_quota,
        reason=row.reason if state == "failed" else None,
        improved=row.score_improved,
        value=row.score_value if may_see else None,
        standard_error=row.score_standard_error if may_see else None,
        details=(row.score_details or {}) if may_see else {},
        failed_gates=tuple(row.score_failed_gates or ()),
        gate_reasons=tuple(row.score_reasons or ()),
        final_value=row.final_value if closed else None,
        body=row.body,
    )
