"""Backups of a whole challenge while it runs, and their restoration."""

import json
import shutil
import threading

import pytest
from sqlalchemy import select

from statefolio.challenge.folder import ChallengeFolder
from statefolio.challenge.organiser.backing_up import back_up, restore, verify_backup
from statefolio.challenge.organiser.database import opened
from statefolio.challenge.organiser.status import status_of
from statefolio.challenge.store.errors import BackupError
from statefolio.challenge.store.tables import scores, submissions


@pytest.fixture
def played(join, send, drain):
    team = join("Alpha")
    ids = [send(team, name) for name in ("one", "two")]
    drain()
    return ids


def test_a_backup_restores_to_a_challenge_that_goes_on(folder, played, tmp_path):
    made = back_up(folder)
    assert made.folder.parent == folder.backups
    assert made.submissions == 4
    assert made.folder.stat().st_mode & 0o777 == 0o700
    other = ChallengeFolder(tmp_path / "restored")
    assert restore(made.folder, other).head == made.head
    assert other.hidden.stat().st_mode & 0o777 == 0o700
    assert status_of(other).figures.scored == 4
    assert {file.name for file in other.series.iterdir()} == {file.name for file in folder.series.iterdir()}
    assert (other.public / "starter.zip").read_bytes() == (folder.public / "starter.zip").read_bytes()
    with pytest.raises(BackupError, match="must go to a new folder"):
        restore(made.folder, other)
    with pytest.raises(BackupError, match="must be a new folder"):
        back_up(folder, made.folder)


def test_a_backup_under_load_has_what_was_acknowledged_and_its_results(folder, join, send, scorer, tmp_path):
    team, acknowledged, stop = join("Alpha"), [], threading.Event()
    acknowledged += [send(team, name) for name in ("one", "two")]

    def load():
        while not stop.is_set():
            scorer.step()

    worker = threading.Thread(target=load)
    worker.start()
    try:
        acknowledged.append(send(team, "three"))
        made = back_up(folder)
    finally:
        stop.set()
        worker.join()
    other = ChallengeFolder(tmp_path / "restored")
    restore(made.folder, other)
    with opened(other) as store, store.reading() as conn:
        assert set(acknowledged) <= set(conn.scalars(select(submissions.c.id)))
        scored = conn.execute(select(scores.c.submission)).scalars().all()
    files = {file.name.split("-")[0] for file in other.series.iterdir()} if other.series.exists() else set()
    assert set(scored) <= files


@pytest.mark.parametrize("damage", ["changed", "missing", "added", "manifest"])
def test_a_backup_that_is_not_as_it_was_made_is_refused(folder, played, tmp_path, damage):
    made = back_up(folder, tmp_path / "backup").folder
    data = made / "hidden" / "data.npz"
    if damage == "changed":
        data.write_bytes(data.read_bytes()[:-1] + b"x")
    elif damage == "missing":
        data.unlink()
    elif damage == "added":
        (made / "public" / "extra.csv").write_text("x")
    else:
        (made / "manifest.json").write_text(json.dumps({"rows": {}}))
    with pytest.raises(BackupError, match="without its manifest" if damage == "manifest" else damage):
        verify_backup(made)
    with pytest.raises(BackupError):
        restore(made, ChallengeFolder(tmp_path / "restored"))
    assert not (tmp_path / "restored").exists()


def test_a_backup_that_cannot_be_written_leaves_nothing(folder, played, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(BackupError, match=r"No space left.*Make space"):
        back_up(folder, tmp_path / "backup")
    assert list(tmp_path.iterdir()) == [folder.path]


def test_the_database_may_be_postgresql(folder, played, tmp_path, cluster):
    """A backup of SQLite restores into PostgreSQL, and a backup of that restores again."""
    made = back_up(folder, tmp_path / "first").folder
    for name in ("restored", "again"):
        rules = made / "challenge.toml"
        text = rules.read_text()
        other = tmp_path / f"{name} backup"
        shutil.copytree(made, other)
        url = cluster.new_database()
        changed = _with_database(text, url)
        (other / "challenge.toml").write_text(changed)
        _sign(other)
        target = ChallengeFolder(tmp_path / name)
        assert restore(other, target).submissions == 4
        assert not target.database_file.exists()
        assert status_of(target).figures.scored == 4
        made = back_up(target, tmp_path / f"backup of {name}").folder


def _with_database(text, url):
    lines = [line for line in text.splitlines() if not line.startswith("database =")]
    place = lines.index("[server]")
    return "\n".join([*lines[: place + 1], f'database = "{url}"', *lines[place + 1 :]]) + "\n"


def _sign(backup):
    """Note the hash of the changed rules, as an organiser who moves the database does by hand."""
    import hashlib

    manifest = json.loads((backup / "manifest.json").read_text())
    manifest["files"]["challenge.toml"] = hashlib.sha256((backup / "challenge.toml").read_bytes()).hexdigest()
    (backup / "manifest.json").write_text(json.dumps(manifest))
