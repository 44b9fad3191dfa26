"""The audit log: append-only, each entry with the hash of the one before.

hash_n = SHA-256(hash_(n-1), time, actor, action, details). Triggers of the database refuse to change or delete an
entry, so altering the past takes the database's owner, and `verify` finds it. Entries cut off at the end are found by
the last hash, which every backup and the closing table hold.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, text

from statefolio.challenge.store.columns import json_text, microseconds
from statefolio.challenge.store.errors import AuditError
from statefolio.challenge.store.tables import audit

START = "0" * 64
"""The hash before the first entry."""
_LOCK = 0x5F0A0D17


def append(conn: Connection, now: datetime, actor: str, action: str, details: Mapping[str, Any]) -> str:
    """Append an entry and return its hash. Call it last in a transaction: writers of the log wait for each other.

    Parameters
    ----------
    conn
        A transaction that writes.
    now
        The server's time.
    actor
        Who acted: "organiser", a team's id, or "scorer NAME".
    action
        What was done, in one word.
    details
        What identifies it; no secret, and no number of a hidden date.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    previous = head(conn)
    entry = _hash(previous, now, actor, action, details)
    conn.execute(
        insert(audit).values(
            at=now, actor=actor, action=action, details=dict(details), previous_hash=previous, hash=entry
        )
    )
    return entry


def head(conn: Connection) -> str:
    """Return the hash of the last entry."""
    return conn.execute(select(audit.c.hash).order_by(audit.c.id.desc()).limit(1)).scalar() or START


def verify(conn: Connection, head: str | None = None) -> int:
    """Check every entry's hash and return the number of entries.

    Parameters
    ----------
    conn
        A transaction.
    head
        The hash of an entry noted earlier, which must be among them.

    Raises
    ------
    AuditError
        If an entry was altered, removed or inserted.
    """
    previous, count, seen = START, 0, head in (None, START)
    for row in conn.execute(select(audit).order_by(audit.c.id)):
        expected = _hash(previous, row.at, row.actor, row.action, row.details)
        if row.previous_hash != previous or row.hash != expected:
            raise AuditError(
                f"audit log must be unaltered, got entry {row.id} ({row.action}), which does not follow from the one "
                "before. Restore a backup and compare both logs."
            )
        previous, count = row.hash, count + 1
        seen = seen or previous == head
    if not seen:
        raise AuditError(
            f"audit log must hold the entry {str(head)[:12]}..., noted earlier, got a log of {count} entries without "
            "it. Restore a backup and compare both logs."
        )
    return count


def _hash(previous: str, at: datetime, actor: str, action: str, details: Mapping[str, Any]) -> str:
    line = json_text([previous, microseconds(at), actor, action, dict(details)])
    return hashlib.sha256(line.encode()).hexdigest()
