"""Making, checking and opening a challenge; what is hidden, and what is public."""

import json

import pytest

from statefolio.challenge.folder import ChallengeFolder
from statefolio.challenge.organiser.database import opened
from statefolio.challenge.organiser.opening import open_challenge
from statefolio.challenge.organiser.preparing import check_challenge, init_folder, secret_seed
from statefolio.challenge.organiser.status import status_of
from statefolio.challenge.rules.commitment import keeps
from statefolio.challenge.rules.settings import rules_text
from statefolio.challenge.scoring.engine_version import ENGINE_VERSION
from statefolio.challenge.store.board import board
from statefolio.challenge.store.errors import RoundStateError
from statefolio.challenge.store.rounds import round_of
from statefolio.exceptions import FileFormatError, InputError, OutputError


def test_init_writes_rules_that_can_be_opened_and_replaces_nothing(tmp_path):
    file = init_folder(tmp_path / "new" / "folder")
    assert check_challenge(ChallengeFolder(file.parent)).facts["assets, factors"] == "20, 6"
    with pytest.raises(OutputError, match="exists already"):
        init_folder(file.parent)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="must be a folder"):
        init_folder(tmp_path / "file")


def test_what_is_hidden_is_for_the_owner_alone(folder):
    assert folder.hidden.stat().st_mode & 0o777 == 0o700
    for file in folder.hidden.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600, file
    assert folder.database_file.stat().st_mode & 0o777 == 0o600


def test_the_commitment_is_that_of_the_hidden_parts_and_tells_none(folder, data):
    public = json.loads((folder.public / "commitment.json").read_text())
    parts = json.loads(folder.salt_file.read_text())
    with opened(folder) as store, store.reading() as conn:
        round_ = round_of(conn)
    assert round_.commitment == public["commitment"] == parts["commitment"]
    assert keeps(public["commitment"], parts["salt"], data.hash, ENGINE_VERSION, rules_text(folder.rules))
    assert round_.salt is None
    for file in folder.public.iterdir():
        assert parts["salt"].encode() not in file.read_bytes()
        assert parts["data_hash"].encode() not in file.read_bytes()


def test_no_public_file_has_a_hidden_date(folder, data):
    import pandas as pd

    for name in ("returns", "factors", "cash"):
        frame = pd.read_parquet(folder.public / f"{name}.parquet")
        assert frame.index[-1] == data.windows.public_last
        assert pd.read_csv(folder.public / f"{name}.csv", index_col=0, parse_dates=True).shape[0] == len(frame)
    assert {"starter.zip", "rules.json", "factor_page.json"} <= {file.name for file in folder.public.iterdir()}


def test_the_benchmarks_are_entered_and_reach_the_board(folder, drain):
    status = status_of(folder)
    assert (status.round.state, status.figures.queued, status.figures.teams) == ("open", 2, 0)
    drain()
    with opened(folder) as store, store.reading() as conn:
        for track in ("forecast", "portfolio"):
            (row,) = board(conn, track)
            assert row.benchmark
            assert row.rank == 1


def test_opening_twice_is_refused_and_changes_nothing(folder):
    before = folder.salt_file.read_bytes()
    with pytest.raises(RoundStateError, match="must not be opened twice, and is open"):
        open_challenge(folder)
    assert folder.salt_file.read_bytes() == before


def test_an_open_that_was_interrupted_is_done_again(folder, monkeypatch, tmp_path):
    from statefolio.challenge.organiser import opening

    path = tmp_path / "other"
    init_folder(path)

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(opening, "add_team", interrupted)
        with pytest.raises(KeyboardInterrupt):
            open_challenge(ChallengeFolder(path))
    assert open_challenge(ChallengeFolder(path)).commitment


def test_commands_before_opening_say_what_to_do(tmp_path):
    init_folder(tmp_path)
    with pytest.raises(RoundStateError, match="Run `statefolio challenge open`"):
        status_of(ChallengeFolder(tmp_path))
    assert not (tmp_path / "challenge.db").exists()
    with pytest.raises(FileFormatError, match="challenge init"):
        status_of(ChallengeFolder(tmp_path / "nothing"))


def test_data_that_are_too_short_are_refused_and_nothing_is_opened(tmp_path):
    file = init_folder(tmp_path)
    file.write_text(file.read_text().replace("final = 0.2", "final = 0.01"))
    with pytest.raises(InputError):
        open_challenge(ChallengeFolder(tmp_path))
    with pytest.raises(RoundStateError, match="not made yet"):
        status_of(ChallengeFolder(tmp_path))


def test_the_seed_of_a_tutorial_is_secret_and_made_once(tmp_path):
    init_folder(tmp_path, tutorial=True)
    folder = ChallengeFolder(tmp_path)
    seed = secret_seed(folder)
    assert seed == secret_seed(folder)
    assert len(seed) == 32
    assert (folder.hidden / "seed.json").stat().st_mode & 0o777 == 0o600
    opened_ = open_challenge(folder)
    assert opened_.facts["assets, factors"] == "10, 3"
    assert all(seed.encode() not in file.read_bytes() for file in folder.public.iterdir())
