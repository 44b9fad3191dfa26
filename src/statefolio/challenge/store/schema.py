"""Brings the database to the newest schema, and refuses one that is newer, older or half done."""

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DatabaseError

from statefolio.challenge.store.errors import SchemaError
from statefolio.challenge.store.store import Store
from statefolio.challenge.store.tables import metadata

TRIGGERS = ("audit_no_update", "audit_no_delete")
_LOCK = 0x5F0A0D18


def migrate(store: Store, to: str = "head") -> str:
    """Apply every migration that is missing, in one transaction, and return the revision.

    Parameters
    ----------
    store
        The database; an empty one is made whole.
    to
        The revision to stop at.

    Raises
    ------
    SchemaError
        If the database is newer than this version of statefolio, has tables without a revision, or a migration
        failed: the database is then as it was before.
    """
    scripts = _scripts()
    with store.transaction() as conn:
        if not store.sqlite:
            conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        before = _revision(conn, scripts)
        if before is None and set(inspect(conn).get_table_names()) & set(metadata.tables):
            raise SchemaError(_half_done("it has tables and no revision"))
        environment = EnvironmentContext(
            Config(), scripts, fn=lambda revision, _: scripts._upgrade_revs(to, revision), destination_rev=to
        )
        environment.configure(connection=conn, target_metadata=metadata)
        try:
            with environment:
                environment.run_migrations()
        except DatabaseError as error:
            raise SchemaError(_half_done(f"revision {before} could not be raised ({error.orig})")) from error
        after = _revision(conn, scripts)
        if to == "head":
            _check_tables(conn)
    return str(after)


def check_schema(store: Store) -> None:
    """Check that the database has exactly the schema of this version.

    Raises
    ------
    SchemaError
        If it is empty, older, newer or half done.
    """
    scripts = _scripts()
    with store.reading() as conn:
        revision, newest = _revision(conn, scripts), scripts.get_current_head()
        if revision != newest:
            raise SchemaError(
                f"database must have revision {newest}, got {revision or 'none'}. Stop the service and the scorers, "
                "make a backup, and run `statefolio challenge upgrade`."
            )
        _check_tables(conn)


def _revision(conn: Connection, scripts: ScriptDirectory) -> str | None:
    found = MigrationContext.configure(conn).get_current_heads()
    if len(found) > 1:
        raise SchemaError(_half_done(f"it has the revisions {', '.join(found)} at once"))
    revision = found[0] if found else None
    known = [script.revision for script in scripts.walk_revisions()]
    if revision is not None and revision not in known:
        raise SchemaError(
            f"database must have revision {known[0]} or older, got {revision}, which a newer statefolio made. "
            "Install that version again, or restore a backup."
        )
    return revision


def _check_tables(conn: Connection) -> None:
    found = inspect(conn)
    names = set(found.get_table_names())
    for name, table in metadata.tables.items():
        if name not in names:
            raise SchemaError(_half_done(f"the table {name} is missing"))
        missing = {column.name for column in table.columns} - {each["name"] for each in found.get_columns(name)}
        if missing:
            raise SchemaError(_half_done(f"the table {name} lacks {', '.join(sorted(missing))}"))
    catalogue = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if conn.dialect.name != "sqlite":
        catalogue = "SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass('audit')"
    lacking = set(TRIGGERS) - set(conn.scalars(text(catalogue)))
    if lacking:
        raise SchemaError(_half_done(f"the trigger {min(lacking)} is missing"))


def _half_done(what: str) -> str:
    return f"database must have a whole schema, got one that is half done: {what}. Restore the last backup."


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", "statefolio.challenge.store:migrations")
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)
