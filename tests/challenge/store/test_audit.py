"""The audit log: each change to the past is found."""

import pytest
from sqlalchemy import text

from statefolio.challenge.store import audit
from statefolio.challenge.store.errors import AuditError


@pytest.fixture
def written(store, now):
    with store.transaction() as conn:
        for i in range(4):
            audit.append(conn, now, "organiser", "note", {"i": i, "text": "é\u2028"})
    return store


def test_the_chain_holds(written):
    with written.reading() as conn:
        assert audit.verify(conn) == 4
        assert audit.verify(conn, audit.head(conn)) == 4
        assert audit.verify(conn, audit.START) == 4
        with pytest.raises(AuditError, match="noted earlier"):
            audit.verify(conn, "f" * 64)


def test_an_empty_log_has_a_head(store):
    with store.reading() as conn:
        assert audit.head(conn) == audit.START
        assert audit.verify(conn) == 0


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit SET details = '{}' WHERE id = 2",
        "UPDATE audit SET actor = 'team' WHERE id = 2",
        "UPDATE audit SET at = at + 1 WHERE id = 2",
        "UPDATE audit SET hash = 'x' WHERE id = 4",
        "DELETE FROM audit WHERE id = 2",
    ],
)
def test_a_change_by_the_databases_owner_is_found(written, change):
    with written.transaction() as conn:
        for event in ("update", "delete"):
            conn.execute(text(f"DROP TRIGGER audit_no_{event}" + ("" if written.sqlite else " ON audit")))
        conn.execute(text(change))
    with written.reading() as conn, pytest.raises(AuditError, match="does not follow from the one before"):
        audit.verify(conn)


def test_entries_cut_off_at_the_end_are_found_by_a_noted_head(written):
    with written.reading() as conn:
        head = audit.head(conn)
    with written.transaction() as conn:
        conn.execute(text("DROP TRIGGER audit_no_delete" + ("" if written.sqlite else " ON audit")))
        conn.execute(text("DELETE FROM audit WHERE id > 2"))
    with written.reading() as conn:
        assert audit.verify(conn) == 2
        with pytest.raises(AuditError, match="noted earlier"):
            audit.verify(conn, head)
