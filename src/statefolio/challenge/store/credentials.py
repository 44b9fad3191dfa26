"""Invitations, tokens, login links and browser sessions: random texts, of which the database holds the SHA-256 alone.

A text is KIND_PREFIX_SECRET_CHECKSUM: the prefix finds the row, the secret has 256 random bits, and the checksum tells
a typing mistake from a wrong secret without asking the database. What is used once is marked in the statement that
uses it, so that of two at the same time one succeeds.
"""

import base64
import hashlib
import hmac
import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from statefolio.challenge.store import audit
from statefolio.challenge.store.errors import InvalidCredential, InvalidTeamName
from statefolio.challenge.store.tables import credentials
from statefolio.challenge.store.teams import Team, add_team, require_free, team_named, team_with_id

Kind = Literal["token", "invitation", "login", "session"]

MARKS: dict[Kind, str] = {"token": "sfc", "invitation": "sfi", "login": "sfl", "session": "sfs"}
LIFETIMES: dict[Kind, timedelta] = {
    "token": timedelta(days=366),
    "invitation": timedelta(days=30),
    "login": timedelta(minutes=15),
    "session": timedelta(hours=12),
}


@dataclass(frozen=True)
class Session:
    """A browser's session: its team, and the token that each form must repeat."""

    team: Team
    csrf: str
    expires_at: datetime


def invite(
    conn: Connection,
    names: Sequence[str],
    now: datetime,
    *,
    lifetime: timedelta = LIFETIMES["invitation"],
    renew: bool = False,
) -> dict[str, str]:
    """Make a one-time code for each team and return the codes by name. They are shown once.

    Parameters
    ----------
    conn
        A transaction that writes.
    names
        Names of new teams; with `renew`, of teams that lost their token.
    now
        The server's time.
    lifetime
        How long the codes are valid.
    renew
        Give existing teams a new token; the old ones end when the code is used.

    Raises
    ------
    InvalidTeamName
        If a name is not valid, looks like another, or (with `renew`) is no team's.
    """
    codes: dict[str, str] = {}
    for given in names:
        if renew:
            team = team_named(conn, given)
            if team is None or team.benchmark:
                raise InvalidTeamName(
                    f"team name must be a team's where --renew is passed, got {given!a}. Leave it out."
                )
            name, owner = team.name, team.id
        else:
            name, owner = require_free(conn, given), None
        codes[name] = _make(conn, "invitation", now, lifetime, team=owner, team_name=name)
    audit.append(conn, now, "organiser", "invite", {"names": list(codes), "renew": renew})
    return codes


def redeem(conn: Connection, code: str, now: datetime) -> tuple[Team, str]:
    """Use an invitation: return the team and its token, which is shown once.

    Raises
    ------
    InvalidCredential
        If the code is unknown, expired, used or revoked.
    InvalidTeamName
        If another team took a name that looks alike since the invitation.
    """
    row = _use(conn, "invitation", code, now)
    if row.team is None:
        team = add_team(conn, row.team_name, now)
    else:
        found = team_with_id(conn, row.team)
        if found is None:
            raise _refused("invitation")
        team = found
        _revoke_all(conn, team, now)
    token = _make(conn, "token", now, LIFETIMES["token"], team=team.id)
    audit.append(conn, now, team.id, "join", {"name": team.name, "prefix": token.split("_")[1]})
    return team, token


def authenticate(conn: Connection, token: str, now: datetime) -> Team | None:
    """Return the team of a token; None if it is unknown, expired or revoked."""
    row = _valid(conn, "token", token, now)
    return None if row is None else team_with_id(conn, row.team)


def revoke(conn: Connection, text: str, now: datetime) -> bool:
    """Revoke one credential by its whole text or its prefix; return whether there was one."""
    parts = text.split("_")
    prefix = parts[1] if len(parts) >= 3 and parts[0] in MARKS.values() else text
    matches = (credentials.c.prefix == prefix, credentials.c.revoked_at.is_(None))
    done = conn.execute(update(credentials).where(*matches).values(revoked_at=now)).rowcount == 1
    if done:
        audit.append(conn, now, "organiser", "revoke", {"prefix": prefix})
    return done


def revoke_credentials(conn: Connection, team: Team, now: datetime) -> int:
    """Revoke every token, link and session of a team; return how many."""
    count = _revoke_all(conn, team, now)
    audit.append(conn, now, "organiser", "revoke", {"team": team.id, "credentials": count})
    return count


def login_link(conn: Connection, team: Team, now: datetime) -> str:
    """Return a one-time code for /login/CODE, valid for 15 minutes."""
    return _make(conn, "login", now, LIFETIMES["login"], team=team.id)


def link_is_open(conn: Connection, code: str, now: datetime) -> bool:
    """Return whether a login link can be used, without using it."""
    return _valid(conn, "login", code, now) is not None


def use_link(conn: Connection, code: str, now: datetime) -> tuple[str, Session]:
    """Use a login link: return the text of the session cookie, and the session.

    Raises
    ------
    InvalidCredential
        If the link is unknown, expired, used or revoked.
    """
    row = _use(conn, "login", code, now)
    team = team_with_id(conn, row.team)
    if team is None:
        raise _refused("login")
    return start_session(conn, team, now)


def start_session(conn: Connection, team: Team, now: datetime) -> tuple[str, Session]:
    """Return the text of a new session cookie, and the session."""
    csrf = secrets.token_hex(32)
    text = _make(conn, "session", now, LIFETIMES["session"], team=team.id, csrf=csrf)
    return text, Session(team, csrf, now + LIFETIMES["session"])


def session_of(conn: Connection, text: str, now: datetime) -> Session | None:
    """Return the session of a cookie; None if it is unknown, expired or ended."""
    row = _valid(conn, "session", text, now)
    team = None if row is None else team_with_id(conn, row.team)
    return None if row is None or team is None else Session(team, row.csrf, row.expires_at)


def end_session(conn: Connection, text: str, now: datetime) -> None:
    """End a session."""
    row = _valid(conn, "session", text, now)
    if row is not None:
        conn.execute(update(credentials).where(credentials.c.prefix == row.prefix).values(revoked_at=now))


def well_formed(kind: Kind, text: str) -> bool:
    """Return whether a text has the form and the checksum of a kind, without asking the database."""
    parts = text.split("_")
    if len(text) > 128 or len(parts) != 4 or parts[0] != MARKS[kind] or not text.isascii():
        return False
    return hmac.compare_digest(parts[3], _checksum("_".join(parts[:3])))


def _make(conn: Connection, kind: Kind, now: datetime, lifetime: timedelta, **values: Any) -> str:
    prefix = secrets.token_hex(5)
    secret = base64.b32encode(secrets.token_bytes(32)).decode().rstrip("=").lower()
    start = f"{MARKS[kind]}_{prefix}_{secret}"
    text = f"{start}_{_checksum(start)}"
    row = {"prefix": prefix, "kind": kind, "digest": _digest(text), "created_at": now, "expires_at": now + lifetime}
    conn.execute(insert(credentials).values(**row, **values))
    return text


def _valid(conn: Connection, kind: Kind, text: str, now: datetime) -> Row[Any] | None:
    """The row of a text; the digest is compared whether there is a row or not."""
    if not well_formed(kind, text):
        return None
    prefix = text.split("_")[1]
    row = conn.execute(_WITH_PREFIX, {"prefix": prefix}).one_or_none()
    same = hmac.compare_digest(_digest(text), _NOBODY if row is None else row.digest)
    if row is None or not same or row.kind != kind or row.revoked_at is not None or row.used_at is not None:
        return None
    return row if now < row.expires_at else None


def _use(conn: Connection, kind: Kind, text: str, now: datetime) -> Row[Any]:
    row = _valid(conn, kind, text, now)
    if row is None:
        raise _refused(kind)
    unused = (credentials.c.prefix == row.prefix, credentials.c.used_at.is_(None), credentials.c.revoked_at.is_(None))
    if conn.execute(update(credentials).where(*unused).values(used_at=now)).rowcount != 1:
        raise _refused(kind)
    return row


def _revoke_all(conn: Connection, team: Team, now: datetime) -> int:
    matches = (credentials.c.team == team.id, credentials.c.revoked_at.is_(None), credentials.c.used_at.is_(None))
    return conn.execute(update(credentials).where(*matches).values(revoked_at=now)).rowcount


def _refused(kind: Kind) -> InvalidCredential:
    ask = "the organiser for a new one" if kind == "invitation" else "for a new link with your token"
    named = "code" if kind == "invitation" else "link"
    return InvalidCredential(f"{named} must be one that is valid and not used yet, got another. Ask {ask}.")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _checksum(start: str) -> str:
    return f"{zlib.crc32(start.encode()):08x}"


_WITH_PREFIX = select(credentials).where(credentials.c.prefix == bindparam("prefix"))
"""Built once: every request asks for its token."""
_NOBODY = _digest(secrets.token_hex(32))
