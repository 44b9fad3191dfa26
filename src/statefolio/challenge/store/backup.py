"""Copies a database, of either kind, into one SQLite file, verifies the copy, and loads it into an empty database.

The copy is one state of the database: everything committed before it began is in it. Writers do not wait for it.
"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, insert, select, text

from statefolio.challenge.store import audit
from statefolio.challenge.store.errors import AuditError, BackupError
from statefolio.challenge.store.schema import check_schema, migrate
from statefolio.challenge.store.store import Store
from statefolio.challenge.store.tables import metadata

_ROWS = 500
"""Rows that are copied at a time."""


@dataclass(frozen=True)
class Copied:
    """What a copy must hold.

    Attributes
    ----------
    rows : dict
        Number of rows by table.
    head : str
        The hash of the last entry of the audit log.
    """

    rows: dict[str, int]
    head: str


def copy_database(store: Store, target: Path) -> Copied:
    """Copy a database into a new SQLite file and verify the copy.

    Parameters
    ----------
    store
        The database.
    target
        The file, which must not exist.

    Raises
    ------
    BackupError
        If the copy cannot be written or is not whole.
    """
    check_schema(store)
    if target.exists():
        raise BackupError(f"backup must be a new file, got {target}, which exists. Choose another.")
    try:
        if store.file is not None:
            _copy_sqlite(store.file, target)
        else:
            with Store.open(f"sqlite:///{target}", pooled=False) as copy:
                migrate(copy)
                with store.reading() as source, copy.transaction() as sink:
                    _copy_rows(source, sink)
        with closing(sqlite3.connect(target)) as plain:
            plain.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
    except (OSError, sqlite3.Error) as error:
        target.unlink(missing_ok=True)
        raise BackupError(f"{target} cannot be written ({error}). Make space, or choose another folder.") from error
    target.chmod(0o600)
    return verify_copy(target)


def verify_copy(path: Path, expected: Copied | None = None) -> Copied:
    """Check a copy: its pages, its references, its schema, the chain of its audit log, and what it must hold.

    Raises
    ------
    BackupError
        If it is not whole, or differs from what is expected.
    """
    if not path.is_file():
        raise BackupError(f"backup must have the file {path}, got none. Choose another backup.")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as plain:
            pages = plain.execute("PRAGMA integrity_check").fetchone()[0]
            orphans = plain.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.Error as error:
        raise BackupError(f"{path} must be a whole database, got: {error}. Choose another backup.") from error
    if pages != "ok" or orphans is not None:
        raise BackupError(f"{path} must be a whole database, got: {orphans or pages}. Choose another backup.")
    with Store.open(f"sqlite:///{path}", pooled=False) as store:
        check_schema(store)
        with store.reading() as conn:
            try:
                audit.verify(conn)
            except AuditError as error:
                raise BackupError(f"{path}: {error}") from error
            found = Copied(_counts(conn), audit.head(conn))
    if expected is not None and found != expected:
        raise BackupError(
            f"{path} must hold what its manifest says, got {_difference(found, expected)}. Choose another backup."
        )
    return found


def load_copy(path: Path, store: Store) -> Copied:
    """Load a copy into an empty database and verify that it holds the same.

    Raises
    ------
    BackupError
        If the copy is not whole, or the database is not empty.
    """
    expected = verify_copy(path)
    migrate(store)
    copied = Store.open(f"sqlite:///{path}", pooled=False)
    with copied as copy, store.transaction() as sink, copy.reading() as source:
        if any(_counts(sink).values()):
            raise BackupError("restore must go to an empty database, got one with rows. Choose another.")
        _copy_rows(source, sink)
        if not store.sqlite:
            _raise_counters(sink)
    with store.reading() as conn:
        audit.verify(conn, expected.head)
        found = Copied(_counts(conn), audit.head(conn))
    if found != expected:
        raise BackupError(f"restore must hold the whole backup, got {_difference(found, expected)}. Try again.")
    return found


def _copy_sqlite(source: Path, target: Path) -> None:
    address = f"{source.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as origin, closing(sqlite3.connect(target)) as copy:
        origin.backup(copy)


def _copy_rows(source: Connection, sink: Connection) -> None:
    for table in metadata.sorted_tables:
        rows = source.execution_options(yield_per=_ROWS).execute(select(table).order_by(*table.primary_key))
        for part in rows.mappings().partitions(_ROWS):
            sink.execute(insert(table), [dict(row) for row in part])


def _raise_counters(conn: Connection) -> None:
    """Let PostgreSQL count on after the numbers that were copied."""
    for table in metadata.sorted_tables:
        for column in table.primary_key:
            if column.name in ("number", "id") and column.type.python_type is int and table.name != "round":
                last = conn.execute(select(func.max(column))).scalar() or 0
                name = {"table": f'"{table.name}"', "column": column.name, "next": last + 1}
                conn.execute(text("SELECT setval(pg_get_serial_sequence(:table, :column), :next, false)"), name)


def _counts(conn: Connection) -> dict[str, int]:
    count = select(func.count())
    return {table.name: conn.execute(count.select_from(table)).scalar() or 0 for table in metadata.sorted_tables}


def _difference(found: Copied, expected: Copied) -> str:
    for name, rows in expected.rows.items():
        if found.rows.get(name) != rows:
            return f"{found.rows.get(name)} rows of {name}, not {rows}"
    return "another audit log"
