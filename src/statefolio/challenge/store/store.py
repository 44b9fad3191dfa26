"""Opens the database and gives transactions: SQLite in one file, or PostgreSQL by URL."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from statefolio.challenge.store.errors import DatabaseUnavailable, SchemaError
from statefolio.exceptions import InputError

BUSY_SECONDS = 20.0
"""Longest wait for another writer of SQLite."""
_BEGIN = "statefolio_begin"


class Store:
    """A database of one challenge.

    Its functions live in the other files of this folder; each takes the `Connection` of a transaction.

    Parameters
    ----------
    engine
        SQLAlchemy's engine; `open` makes it.

    Examples
    --------
    >>> from sqlalchemy import text
    >>> with Store.open("sqlite://") as store, store.transaction() as connection:
    ...     connection.execute(text("SELECT 1")).scalar()
    1
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.sqlite = engine.dialect.name == "sqlite"
        self._writer = threading.Lock()

    @classmethod
    def open(cls, url: str, *, pooled: bool = True, connections: int = 20) -> Self:
        """Open a database, without making or changing its tables.

        Parameters
        ----------
        url
            "sqlite:///PATH", or "postgresql+psycopg://USER@HOST/NAME".
        pooled
            Keep connections between transactions. A process that forks must not.
        connections
            Most connections that are kept.

        Raises
        ------
        InputError
            If the URL is neither.
        """
        try:
            parsed = make_url(url)
            backend = parsed.get_backend_name()
            if backend == "postgresql":
                parsed = parsed.set(drivername="postgresql+psycopg")
            elif backend != "sqlite":
                raise ArgumentError(backend)
        except ArgumentError as error:
            raise InputError(
                'database must be "sqlite:///PATH" or "postgresql+psycopg://USER@HOST/NAME", got a URL of another '
                "kind. Correct [server] database."
            ) from error
        in_memory = backend == "sqlite" and parsed.database in (None, "", ":memory:")
        options: dict[str, Any] = {}
        if not pooled:
            options["poolclass"] = NullPool
        elif not in_memory:
            options |= {"pool_size": connections, "max_overflow": connections, "pool_timeout": 10.0}
        if backend == "postgresql":
            options |= {"pool_pre_ping": pooled, "connect_args": {"connect_timeout": 5}}
        try:
            engine = create_engine(parsed, hide_parameters=True, **options)
        except (ModuleNotFoundError, NoSuchModuleError) as error:
            raise InputError(
                "database must be SQLite where psycopg is not installed. Install statefolio[challenge-postgres]."
            ) from error
        if backend == "sqlite":
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        return cls(engine)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Give a connection in a transaction that writes; it is committed at the end and rolled back after an error.

        On SQLite the transaction holds the write lock from its beginning.

        Raises
        ------
        DatabaseUnavailable
            If the database cannot be reached, stays locked, or cannot write (a full disk). Nothing was stored,
            unless the connection broke during the commit: repeat the request with the same key.
        """
        with said(), self._turn(), self.engine.connect() as plain:
            connection = plain.execution_options(**{_BEGIN: "IMMEDIATE"})
            with connection.begin():
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that reads one state of the database and waits for no writer.

        Raises
        ------
        DatabaseUnavailable
            As for `transaction`.
        """
        with said(), self.engine.connect() as plain:
            level = {} if self.sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            connection = plain.execution_options(**{_BEGIN: "DEFERRED"}, **level)
            with connection.begin():
                yield connection

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let the threads that write to SQLite wait here, in turn, and not in SQLite's polling."""
        if not self.sqlite:
            yield
            return
        if not self._writer.acquire(timeout=BUSY_SECONDS):
            raise DatabaseUnavailable("the database must answer, got too many writers. Try again; nothing was stored.")
        try:
            yield
        finally:
            self._writer.release()

    @property
    def file(self) -> Path | None:
        """The file of SQLite; None on PostgreSQL and in memory."""
        name = self.engine.url.database
        return Path(name) if self.sqlite and name not in (None, "", ":memory:") else None

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def said() -> Iterator[None]:
    """Turn the database's failures into errors of the store; errors of the caller pass."""
    try:
        yield
    except PoolTimeout as error:
        raise DatabaseUnavailable(
            "the database must have a free connection, got none within 10 s. Try again; nothing was stored."
        ) from error
    except DBAPIError as error:
        explained = _explained(error)
        if explained is None:
            raise
        raise explained from error


def _explained(error: DBAPIError) -> Exception | None:
    """The error of the store for a failure of the database; None for a mistake in a statement."""
    reason = (str(error.orig).strip().splitlines() or [type(error.orig).__name__])[0]
    name = getattr(error.orig, "sqlite_errorname", "")
    if "no such table" in reason or getattr(error.orig, "sqlstate", None) == "42P01":
        return SchemaError(f"database must have its tables, got: {reason}. Run `statefolio challenge upgrade`.")
    if name in ("SQLITE_CORRUPT", "SQLITE_NOTADB"):
        return SchemaError(f"database must be whole, got: {reason}. Restore the last backup.")
    full = name == "SQLITE_FULL" or "No space" in reason or "disk" in reason.lower()
    if full:
        return DatabaseUnavailable(
            f"the disk of the database must have space, got: {reason}. Free space; nothing was stored."
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return DatabaseUnavailable(
            f"the database must answer within {BUSY_SECONDS:g} s, got: {reason}. Try again; nothing was stored."
        )
    gone = isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated
    if gone and name != "SQLITE_ERROR":
        return DatabaseUnavailable(f"the database must be reachable, got: {reason}. Try again in a minute.")
    return None


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # transactions begin below, not where the driver guesses
    connection.execute(f"PRAGMA busy_timeout = {int(1000 * BUSY_SECONDS)}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    kind = connection.get_execution_options().get(_BEGIN, "IMMEDIATE")
    connection.exec_driver_sql(f"BEGIN {kind}")
