"""Migrations: from nothing, from an old database, newer ones, and those that stopped half way."""

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DatabaseError

from statefolio.challenge.store import schema
from statefolio.challenge.store.board import board
from statefolio.challenge.store.errors import SchemaError
from statefolio.challenge.store.rounds import round_of
from statefolio.challenge.store.schema import check_schema, migrate
from statefolio.challenge.store.store import Store
from statefolio.challenge.store.tables import metadata


@pytest.fixture
def empty(url):
    with Store.open(url) as made:
        yield made


def test_an_empty_database_is_made_whole_and_matches_the_tables(empty):
    assert migrate(empty) == "0003"
    check_schema(empty)
    with empty.reading() as conn:
        found = inspect(conn)
        for name, table in metadata.tables.items():
            columns = {each["name"]: each for each in found.get_columns(name)}
            assert set(columns) == {each.name for each in table.columns}
            for each in table.columns:
                if not each.primary_key:
                    assert columns[each.name]["nullable"] == each.nullable, (name, each.name)
            assert {each["name"] for each in found.get_indexes(name) if not each["unique"]} == {
                str(each.name) for each in table.indexes
            }
    assert migrate(empty) == "0003"


def test_an_old_database_keeps_its_rows(empty):
    assert migrate(empty, "0001") == "0001"
    with pytest.raises(SchemaError, match="must have revision 0003, got 0001"):
        check_schema(empty)
    with empty.transaction() as conn:
        conn.execute(text("INSERT INTO teams VALUES ('t_1', 'Old', 'old', false, 7, NULL)"))
        conn.execute(text(
            "INSERT INTO round (id, state, name, tutorial, opens_at, per_day, per_round, finalists, attempts, rules, "
            "engine_version) VALUES (1, 'open', 'Old', false, 1, 5, 150, 2, 3, '{}', '0.9+4')"
        ))  # fmt: skip
        conn.execute(text(
            "INSERT INTO submissions (number, id, team, track, name, body, body_hash, created_at, counts_quota, state, "
            "\"window\", engine_version, attempts) "
            "VALUES (1, 's_1', 't_1', 'forecast', 'a', '{}', 'h', 1, true, 'scored', 'validation', '0.9+4', 1)"
        ))  # fmt: skip
        conn.execute(text("INSERT INTO board VALUES ('t_1', 'forecast', 's_1', 2.5, 1, 8)"))
    assert migrate(empty) == "0003"
    check_schema(empty)
    with empty.reading() as conn:
        assert conn.execute(text("SELECT name FROM teams")).scalar() == "Old"
        assert round_of(conn).shown_engine == "0.9+4"
        assert [(row.team, row.value) for row in board(conn, "forecast")] == [("Old", 2.5)]


def test_an_empty_database_is_refused_in_words(empty):
    with pytest.raises(SchemaError, match=r"got none.*challenge upgrade"):
        check_schema(empty)


def test_a_newer_database_is_refused(empty):
    migrate(empty)
    with empty.transaction() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for step in (migrate, check_schema):
        with pytest.raises(SchemaError, match="got 9999, which a newer statefolio made"):
            step(empty)


def test_a_migration_that_fails_leaves_the_database_as_it_was(empty):
    migrate(empty, "0001")
    with empty.transaction() as conn:  # the second half of the migration will fail
        conn.execute(text("CREATE INDEX submissions_waiting ON submissions (team)"))
    with pytest.raises(SchemaError, match="half done"):
        migrate(empty)
    with empty.reading() as conn:
        assert not inspect(conn).has_table("forward_files")
        assert conn.execute(text("SELECT version_num FROM alembic_version")).scalar() == "0001"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("DROP TABLE forward_files", "the table forward_files is missing"),
        ("ALTER TABLE heartbeats DROP COLUMN last_error", "lacks last_error"),
        ("DROP TRIGGER audit_no_update", "the trigger audit_no_update is missing"),
    ],
)
def test_a_half_done_schema_is_detected(empty, damage, words):
    migrate(empty)
    if not empty.sqlite and damage.startswith("DROP TRIGGER"):
        damage += " ON audit"
    with empty.transaction() as conn:
        conn.execute(text(damage))
    with pytest.raises(SchemaError, match=words):
        check_schema(empty)


def test_tables_without_a_revision_are_detected(empty):
    metadata.create_all(empty.engine)
    with pytest.raises(SchemaError, match="tables and no revision"):
        migrate(empty)


def test_the_audit_table_is_append_only(store):
    with store.transaction() as conn:
        conn.execute(text("INSERT INTO audit VALUES (1, 1, 'a', 'b', '{}', 'p', 'h')"))
    statements = ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"]
    for statement in statements if store.sqlite else [*statements, "TRUNCATE audit"]:
        with pytest.raises(DatabaseError) as caught, store.transaction() as conn:
            conn.execute(text(statement))
        assert "append-only" in str(caught.value), statement
    with store.reading() as conn:
        assert conn.execute(text("SELECT actor FROM audit")).scalar() == "a"


def test_the_scripts_are_found_in_the_package():
    assert schema._scripts().get_current_head() == "0003"
