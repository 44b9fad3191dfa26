"""Backups: taken under load they hold every acknowledged submission; damaged ones are refused."""

import sqlite3
import threading

import pytest
from sqlalchemy import select

from statefolio.challenge.store import audit
from statefolio.challenge.store.backup import Copied, copy_database, load_copy, verify_copy
from statefolio.challenge.store.errors import BackupError, SchemaError
from statefolio.challenge.store.store import Store
from statefolio.challenge.store.submissions import submit
from statefolio.challenge.store.tables import metadata, submissions
from statefolio.challenge.store.teams import add_team

_REWRITTEN = """
DROP TRIGGER audit_no_update; UPDATE audit SET actor = 'x' WHERE id = 3;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'append-only'); END
"""


@pytest.fixture
def filled(opened, entry, now):
    with opened.transaction() as conn:
        for name in ("Alpha", "Beta"):
            team = add_team(conn, name, now)
            for i in range(3):
                submit(conn, team, entry(f"{name} {i} é"), f"key {i}", now)
    return opened


@pytest.fixture(params=["sqlite", "postgresql"])
def other(request, tmp_path):
    """An empty database to restore into."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/restored.db"
    return request.getfixturevalue("cluster").new_database()


def rows(store):
    with store.reading() as conn:
        return {table.name: sorted(map(repr, conn.execute(select(table)))) for table in metadata.sorted_tables}


def test_a_backup_of_either_restores_to_either(filled, other, tmp_path, entry, now):
    made = copy_database(filled, tmp_path / "copy.db")
    assert made.rows["submissions"] == 6
    assert [file.name for file in tmp_path.glob("copy.db*")] == ["copy.db"]
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    with Store.open(other) as restored:
        assert load_copy(tmp_path / "copy.db", restored) == made
        assert rows(restored) == rows(filled)
        with restored.transaction() as conn:  # numbers count on
            team = add_team(conn, "Gamma", now)
            new = submit(conn, team, entry(), None, now).id
            numbers = dict(conn.execute(select(submissions.c.id, submissions.c.number)).all())
            assert numbers[new] == max(numbers.values()) == 7
            assert audit.verify(conn) == made.rows["audit"] + 1
        with pytest.raises(BackupError, match="must go to an empty database"):
            load_copy(tmp_path / "copy.db", restored)


def test_a_backup_under_load_has_every_acknowledged_submission(opened, tmp_path, entry, now):
    acknowledged, started, stop = [], threading.Event(), threading.Event()

    def load(name):
        with opened.transaction() as conn:
            team = add_team(conn, name, now, benchmark=True)
        i = 0
        while not stop.is_set():
            with opened.transaction() as conn:
                from statefolio.challenge.store.rounds import round_of
                from statefolio.challenge.store.submissions import insert_submission

                new = insert_submission(conn, team, entry(f"{name} {i}"), round_of(conn), now)[1]
                audit.append(conn, now, team.id, "submit", {"submission": new})
            acknowledged.append(new)
            i += 1
            if len(acknowledged) > 20:
                started.set()

    writers = [threading.Thread(target=load, args=(name,)) for name in ("Alpha", "Beta", "Gamma")]
    for each in writers:
        each.start()
    assert started.wait(60)
    for i in range(3):
        before = set(acknowledged)
        made = copy_database(opened, tmp_path / f"copy{i}.db")
        with Store.open(f"sqlite:///{tmp_path}/copy{i}.db") as copy, copy.reading() as conn:
            held = set(conn.scalars(select(submissions.c.id)))
        assert before <= held
        assert made.rows["submissions"] == len(held) == made.rows["audit"] - 2
    stop.set()
    for each in writers:
        each.join()
    assert len(acknowledged) > len(before)


def test_an_existing_file_is_kept(filled, tmp_path):
    (tmp_path / "copy.db").write_text("mine")
    with pytest.raises(BackupError, match="must be a new file"):
        copy_database(filled, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "mine"


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM idempotency WHERE key = 'key 1'", "4 rows of idempotency, not 6"),
        (_REWRITTEN, "audit log must be unaltered"),
        ("PRAGMA foreign_keys = OFF; DELETE FROM teams", "must be a whole database"),
    ],
)
def test_an_altered_backup_is_refused(filled, tmp_path, statement, words):
    made = copy_database(filled, tmp_path / "copy.db")
    plain = sqlite3.connect(tmp_path / "copy.db")
    plain.executescript(statement)
    plain.commit()
    plain.close()
    with pytest.raises(BackupError, match=words):
        verify_copy(tmp_path / "copy.db", made)


def test_a_damaged_or_missing_backup_is_refused(filled, tmp_path):
    made = copy_database(filled, tmp_path / "copy.db")
    content = bytearray((tmp_path / "copy.db").read_bytes())
    (tmp_path / "cut.db").write_bytes(content[: len(content) // 2])
    content[4096 * 3 : 4096 * 3 + 2000] = b"\xff" * 2000
    (tmp_path / "flipped.db").write_bytes(content)
    (tmp_path / "other.db").write_bytes(b"no database" * 100)
    for name in ("cut.db", "flipped.db", "other.db", "missing.db"):
        with pytest.raises((BackupError, SchemaError)):
            verify_copy(tmp_path / name, made)
    with pytest.raises(BackupError, match="another audit log"):
        verify_copy(tmp_path / "copy.db", Copied(made.rows, "0" * 64))
