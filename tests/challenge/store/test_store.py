"""Opening a database; one that is gone, locked, full or damaged."""

import threading

import pytest
from sqlalchemy import text

from statefolio.challenge.store import store as module
from statefolio.challenge.store.errors import DatabaseUnavailable, SchemaError
from statefolio.challenge.store.listing import submissions_of
from statefolio.challenge.store.store import Store
from statefolio.challenge.store.submissions import submit
from statefolio.challenge.store.teams import add_team
from statefolio.exceptions import InputError


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "", "sqlite"])
def test_other_databases_are_refused(url):
    with pytest.raises(InputError, match="database must be"):
        Store.open(url)


def test_a_url_with_a_password_is_never_shown():
    with pytest.raises(InputError) as caught:
        Store.open("mysql://me:secret@x/y")
    assert "secret" not in str(caught.value)


def test_sqlite_is_durable_and_readers_do_not_wait_for_a_writer(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/a.db") as store, store.transaction() as writer:
        found = [writer.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
        assert found == ["wal", 2]
        assert writer.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        writer.execute(text("CREATE TABLE t (x INTEGER)"))
        with store.reading() as reader:
            assert reader.execute(text("SELECT count(*) FROM sqlite_master")).scalar() == 0


def test_an_error_of_the_caller_rolls_back(opened, now):
    with pytest.raises(KeyError), opened.transaction() as conn:  # noqa: PT012
        team = add_team(conn, "Alpha", now)
        raise KeyError
    with opened.transaction() as conn:
        assert add_team(conn, "Alpha", now).id != team.id


def test_a_lock_that_is_held_too_long_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.2)
    url = f"sqlite:///{tmp_path}/a.db"
    with Store.open(url) as one, Store.open(url) as two, one.transaction():
        with pytest.raises(DatabaseUnavailable, match=r"must answer within 0\.2 s.*locked"), two.transaction():
            pass
        found = []
        other = threading.Thread(target=lambda: found.append(_error(one)))
        other.start()
        other.join()
        assert "too many writers" in found[0]


def _error(store):
    try:
        with store.transaction():
            return ""
    except DatabaseUnavailable as error:
        return str(error)


def test_a_full_disk_stores_nothing_and_is_said(tmp_path, whole, now):
    path = tmp_path / "challenge.db"
    path.write_bytes(whole.read_bytes())
    with Store.open(f"sqlite:///{path}", connections=1) as store:
        with store.transaction() as conn:
            pages = conn.exec_driver_sql("PRAGMA page_count").scalar()
            conn.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
        words = r"disk of the database must have space.*nothing was stored"
        with pytest.raises(DatabaseUnavailable, match=words), store.transaction() as conn:  # noqa: PT012
            for i in range(1000):
                add_team(
                    conn, "Team " + "abcdefghjk"[i // 100] + "abcdefghjk"[i // 10 % 10] + "abcdefghjk"[i % 10], now
                )
        with store.transaction() as conn:
            assert conn.execute(text("SELECT count(*) FROM teams")).scalar() == 0


def test_a_damaged_file_is_said(tmp_path):
    (tmp_path / "a.db").write_bytes(b"not a database" * 100)
    damaged = Store.open(f"sqlite:///{tmp_path}/a.db")
    with damaged as store, pytest.raises(SchemaError, match="must be whole"), store.reading():
        pass


def test_a_missing_folder_is_said(tmp_path):
    missing = Store.open(f"sqlite:///{tmp_path}/no/a.db")
    with missing as store, pytest.raises(DatabaseUnavailable, match="must be reachable"), store.reading():
        pass


def test_missing_tables_are_said(url, now):
    from statefolio.challenge.store.rounds import round_of

    words = "must have its tables"
    with Store.open(url) as store, pytest.raises(SchemaError, match=words), store.reading() as conn:
        round_of(conn)


def test_a_mistake_in_a_statement_is_not_hidden(store):
    with pytest.raises(Exception, match="syntax") as caught, store.reading() as conn:
        conn.execute(text("SELEKT 1"))
    assert not isinstance(caught.value, DatabaseUnavailable)


def test_a_server_that_is_gone_for_a_while(cluster, opened_on_postgres, entry, now):
    store, team = opened_on_postgres
    with store.transaction() as conn:
        submit(conn, team, entry("before"), None, now)
    cluster.stop()
    try:
        for _ in range(3):
            with pytest.raises(DatabaseUnavailable, match="must be reachable"), store.transaction() as conn:
                submit(conn, team, entry("during"), None, now)
    finally:
        cluster.start()
    with store.transaction() as conn:
        submit(conn, team, entry("after"), None, now)
        assert [each.name for each in submissions_of(conn, team)] == ["after", "before"]


def test_a_server_that_stops_in_a_transaction(cluster, opened_on_postgres, entry, now):
    store, team = opened_on_postgres
    try:
        with pytest.raises(DatabaseUnavailable), store.transaction() as conn:  # noqa: PT012
            submit(conn, team, entry("during"), "key", now)
            cluster.stop()
    finally:
        cluster.start()
    with store.transaction() as conn:
        assert submissions_of(conn, team) == []
        assert not submit(conn, team, entry("during"), "key", now).replayed


@pytest.fixture
def opened_on_postgres(cluster, a_round, now):
    from statefolio.challenge.store.rounds import create_round, open_round
    from statefolio.challenge.store.schema import migrate

    with Store.open(cluster.new_database()) as store:
        migrate(store)
        with store.transaction() as conn:
            create_round(conn, a_round(), now)
            open_round(conn, data_hash="d", commitment="c", now=now)
            team = add_team(conn, "Alpha", now)
        yield store, team
