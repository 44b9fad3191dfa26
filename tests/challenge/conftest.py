"""Databases for the tests of the challenge: SQLite, and a private cluster of PostgreSQL where it is installed."""

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from statefolio.challenge.store.rounds import Round, create_round, open_round
from statefolio.challenge.store.schema import migrate
from statefolio.challenge.store.store import Store

NOW = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)
_COUNT = itertools.count()


def postgres_programs() -> Path | None:
    found = shutil.which("pg_ctl")
    folders = [Path(found).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


class Cluster:
    """A cluster of PostgreSQL in a temporary folder, on a Unix socket alone."""

    def __init__(self, programs: Path) -> None:
        self.programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="sf-pg-"))
        self.as_user = []
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self.as_user = ["runuser", "-u", "postgres", "--"]
        self.run("initdb", "-D", self.data, "-A", "trust", "-U", "postgres", "--no-sync")
        self.start()

    @property
    def data(self) -> str:
        return str(self.folder / "data")

    def run(self, program: str, *arguments: str) -> None:
        command = [*self.as_user, str(self.programs / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder, timeout=60)

    def start(self) -> None:
        options = f"-c listen_addresses='' -c fsync=off -c max_connections=200 -k {self.folder}"
        log = str(self.folder / "log")
        self.run("pg_ctl", "-D", self.data, "-l", log, "-o", options, "-w", "start")

    def stop(self) -> None:
        self.run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")

    def new_database(self) -> str:
        """Return the URL of a schema of its own, which is made and forgotten faster than a database."""
        name = f"test_{next(_COUNT)}"
        with psycopg.connect(f"host={self.folder} user=postgres dbname=postgres", autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        return f"postgresql+psycopg://postgres@/postgres?host={self.folder}&options=-csearch_path%3D{name}"

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster():
    programs = postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed, so its tests are skipped")
    made = Cluster(programs)
    yield made
    made.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """The URL of an empty database, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/challenge.db"
    return request.getfixturevalue("cluster").new_database()


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """A file of SQLite with the newest schema."""
    path = tmp_path_factory.mktemp("whole") / "challenge.db"
    with Store.open(f"sqlite:///{path}") as made:
        migrate(made)
    return path


@pytest.fixture
def store(url, whole):
    """A database with the newest schema and no round."""
    with Store.open(url) as made:
        if made.file is None:
            migrate(made)
        else:
            shutil.copy(whole, made.file)
        yield made


def a_round(**changes) -> Round:
    values = {
        "state": "draft",
        "name": "Test round",
        "tutorial": False,
        "opens_at": NOW - timedelta(days=1),
        "closes_at": NOW + timedelta(days=10),
        "per_day": 5,
        "per_round": 150,
        "finalists": 2,
        "attempts": 3,
        "rules": {"tracks": ["forecast"]},
        "engine_version": "1+1",
    }
    return Round(**{**values, **changes})


@pytest.fixture
def opened(store):
    """A database with an open round."""
    with store.transaction() as conn:
        create_round(conn, a_round(), NOW - timedelta(days=2))
        open_round(conn, data_hash="d" * 64, commitment="c" * 64, now=NOW - timedelta(days=1))
    return store


def entry(text="a", track="forecast"):
    """Make a checked submission, as the store sees one."""
    import hashlib

    canonical = f'{{"name":"{text}"}}'.encode()
    digest = hashlib.sha256(canonical).hexdigest()
    return SimpleNamespace(track=track, name=text, canonical=canonical, hash=digest)


@pytest.fixture(name="entry")
def _entry():
    return entry


@pytest.fixture(name="a_round")
def _a_round():
    return a_round


@pytest.fixture
def now():
    return NOW
