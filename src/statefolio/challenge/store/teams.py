"""The teams."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from statefolio.challenge.store import audit
from statefolio.challenge.store.errors import InvalidTeamName
from statefolio.challenge.store.names import checked_name, skeleton
from statefolio.challenge.store.tables import teams


@dataclass(frozen=True)
class Team:
    """A team.

    Attributes
    ----------
    id : str
        "t_" and random letters.
    name : str
        As it is shown.
    benchmark : bool
        Whether it holds the benchmark entries, without limits and without a token.
    """

    id: str
    name: str
    benchmark: bool = False


_COLUMNS = (teams.c.id, teams.c.name, teams.c.benchmark)
_WITH_ID = select(*_COLUMNS).where(teams.c.id == bindparam("id"), teams.c.revoked_at.is_(None))
"""Built once: every request asks for its team."""


def add_team(conn: Connection, name: str, now: datetime, *, benchmark: bool = False) -> Team:
    """Add a team.

    Raises
    ------
    InvalidTeamName
        If the name is not valid or looks like another team's.
    """
    name = require_free(conn, name)
    team = Team(f"t_{secrets.token_hex(10)}", name, benchmark)
    conn.execute(
        insert(teams).values(id=team.id, name=name, skeleton=skeleton(name), benchmark=benchmark, created_at=now)
    )
    return team


def require_free(conn: Connection, name: str) -> str:
    """Return the checked name of a new team.

    Raises
    ------
    InvalidTeamName
        If the name is not valid or looks like another team's.
    """
    name = checked_name(name)
    other = conn.execute(select(teams.c.name).where(teams.c.skeleton == skeleton(name))).scalar()
    if other is not None:
        raise InvalidTeamName(
            f"team name must not look like that of another team ({other!a}), got {name!a}. Choose another."
        )
    return name


def team_named(conn: Connection, name: str) -> Team | None:
    """Return the team with exactly this name, unless it is revoked."""
    query = select(*_COLUMNS).where(teams.c.name == name.strip(), teams.c.revoked_at.is_(None))
    row = conn.execute(query).one_or_none()
    return None if row is None else Team(*row)


def team_with_id(conn: Connection, team: str) -> Team | None:
    """Return the team with this id, unless it is revoked."""
    row = conn.execute(_WITH_ID, {"id": team}).one_or_none()
    return None if row is None else Team(*row)


def all_teams(conn: Connection) -> list[Team]:
    """Return the teams in the order in which they joined."""
    return [Team(*row) for row in conn.execute(select(*_COLUMNS).order_by(teams.c.created_at, teams.c.id))]


def revoke_team(conn: Connection, team: Team, now: datetime) -> None:
    """Shut a team out; its submissions stay."""
    conn.execute(update(teams).where(teams.c.id == team.id).values(revoked_at=now))
    audit.append(conn, now, "organiser", "revoke", {"team": team.id, "name": team.name})
