"""The finalists that teams select, and those that stand for a team that selected none."""

from datetime import datetime

from sqlalchemy import Connection, and_, delete, insert, select

from statefolio.challenge.store import audit
from statefolio.challenge.store.board import is_shown
from statefolio.challenge.store.errors import NotSelectable
from statefolio.challenge.store.listing import Listed, submission_of
from statefolio.challenge.store.rounds import require_open
from statefolio.challenge.store.tables import board as entries
from statefolio.challenge.store.tables import scores, selections, submissions, teams
from statefolio.challenge.store.teams import Team


def select_finalist(conn: Connection, team: Team, submission: str, now: datetime) -> Listed:
    """Choose one of the team's submissions as a finalist of its track.

    Raises
    ------
    RoundNotOpen
        Outside the round.
    UnknownSubmission
        If it is not the team's.
    NotSelectable
        If it failed, or the team has its finalists already.
    """
    round_ = require_open(conn, now)
    conn.execute(select(teams.c.id).where(teams.c.id == team.id).with_for_update()).one()
    chosen = submission_of(conn, team, submission)
    if chosen.state == "failed" or chosen.failed_gates:
        raise NotSelectable("finalist must be a submission that passed, got one that failed. Choose another.")
    others = [each for each in finalists_of(conn, team) if each.track == chosen.track]
    if any(each.id == submission for each in others):
        return chosen
    if len(others) >= round_.finalists:
        raise NotSelectable(
            f"finalists must be at most {round_.finalists} per track, got another one after "
            f"{', '.join(each.id for each in others)}. Take one back first."
        )
    conn.execute(insert(selections).values(team=team.id, submission=submission, selected_at=now))
    audit.append(conn, now, team.id, "select", {"submission": submission})
    return chosen


def unselect_finalist(conn: Connection, team: Team, submission: str, now: datetime) -> bool:
    """Take a finalist back; return whether it was one."""
    require_open(conn, now)
    mine = (selections.c.team == team.id, selections.c.submission == submission)
    done = conn.execute(delete(selections).where(*mine)).rowcount == 1
    if done:
        audit.append(conn, now, team.id, "unselect", {"submission": submission})
    return done


def finalists_of(conn: Connection, team: Team) -> list[Listed]:
    """Return the finalists that a team selected, in their order."""
    query = select(selections.c.submission).where(selections.c.team == team.id)
    return [submission_of(conn, team, each) for each in conn.scalars(query.order_by(selections.c.selected_at))]


def all_finalists(conn: Connection) -> dict[str, list[str]]:
    """Return the finalists of each track: those selected and passed, and else a team's displayed best."""
    found: dict[str, list[str]] = {}
    query = (
        select(submissions.c.team, submissions.c.track, submissions.c.id)
        .join(selections, selections.c.submission == submissions.c.id)
        .join(
            scores,
            and_(
                scores.c.submission == submissions.c.id,
                scores.c.engine_version == submissions.c.engine_version,
                scores.c.window == "validation",
                scores.c.failed_gates == [],
            ),
        )
        .order_by(submissions.c.number)
    )
    chose = set()
    for team, track, submission in conn.execute(query):
        found.setdefault(track, []).append(submission)
        chose.add((team, track))
    best = select(entries.c.team, entries.c.track, entries.c.submission).where(is_shown()).order_by(entries.c.team)
    for team, track, submission in conn.execute(best):
        if (team, track) not in chose:
            found.setdefault(track, []).append(submission)
    return found
