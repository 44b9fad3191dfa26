"""Inviting, revoking, scoring again, exporting and extending."""

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import select, update

from statefolio.challenge.folder import ChallengeFolder
from statefolio.challenge.organiser import rescoring
from statefolio.challenge.organiser.database import opened
from statefolio.challenge.organiser.exporting import export_tables
from statefolio.challenge.organiser.extending import extend_challenge
from statefolio.challenge.organiser.opening import open_challenge
from statefolio.challenge.organiser.rescoring import rescore
from statefolio.challenge.organiser.status import status_of
from statefolio.challenge.organiser.teams import invite_teams, revoke
from statefolio.challenge.scoring.engine_version import ENGINE_VERSION
from statefolio.challenge.store import clock, credentials
from statefolio.challenge.store.board import board
from statefolio.challenge.store.errors import InvalidCredential, InvalidTeamName, RoundStateError
from statefolio.challenge.store.forward import deposit, forward_files_of
from statefolio.challenge.store.tables import rounds, scores, submissions
from statefolio.exceptions import InputError, OutputError


def test_codes_are_made_for_all_names_or_for_none(folder):
    with pytest.raises(InvalidTeamName):
        invite_teams(folder, ["Alpha", "<b>"])
    codes = invite_teams(folder, ["Alpha", "Beta"])
    assert list(codes) == ["Alpha", "Beta"]
    with pytest.raises(InvalidTeamName, match="look like"):
        invite_teams(folder, ["Benchmark"])


def test_codes_tokens_and_teams_are_revoked(folder, join):
    code = invite_teams(folder, ["Gamma"])["Gamma"]
    assert revoke(folder, code.split("_")[1]) == "Revoked one credential."
    with opened(folder) as store, pytest.raises(InvalidCredential), store.transaction() as conn:
        credentials.redeem(conn, code, clock.now())
    join("Alpha")
    assert revoke(folder, "Alpha", tokens=True).startswith("Revoked 1 tokens")
    assert revoke(folder, "Alpha") == "Shut Alpha out. Its submissions stay."
    for nobody in ("Alpha", "nobody", code):
        with pytest.raises(InvalidTeamName, match="revoke must have"):
            revoke(folder, nobody)


def test_another_engine_scores_again_and_keeps_old_scores(folder, join, send, drain, scorer, monkeypatch):
    team = join("Alpha")
    ids = [send(team, name) for name in ("one", "two")]
    drain()
    monkeypatch.setattr(rescoring, "ENGINE_VERSION", "2+2")
    found = rescore(folder)
    assert (found.count, found.before, found.after) == (4, ENGINE_VERSION, "2+2")
    drain()
    with opened(folder) as store, store.reading() as conn:
        assert len(board(conn, "forecast")) == 2, "the old board stands"
        assert status_of(folder).figures.queued == 4
    monkeypatch.setattr(type(scorer.engine), "version", "2+2")
    drain()
    with opened(folder) as store, store.reading() as conn:
        query = select(scores.c.engine_version).where(scores.c.submission == ids[0])
        assert set(conn.scalars(query)) == {ENGINE_VERSION, "2+2"}
        assert len(board(conn, "forecast")) == 2


def test_the_same_engine_scores_only_what_failed_without_fault(folder, join, send, drain):
    drain()
    new = send(join("Alpha"), "one")
    with opened(folder) as store, store.transaction() as conn:
        failed = {"state": "failed", "team_fault": False, "counts_quota": False, "reason": "x"}
        conn.execute(update(submissions).where(submissions.c.id == new).values(**failed))
    assert rescore(folder).count == 1
    drain()
    assert status_of(folder).figures.failed == 0


def test_a_round_that_is_closing_is_not_scored_again(folder):
    with opened(folder) as store, store.transaction() as conn:
        conn.execute(update(rounds).values(state="closing"))
    with pytest.raises(RoundStateError, match="must be open to be scored again"):
        rescore(folder)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_exports_hold_the_tables_and_no_secret(folder, join, send, drain, tmp_path, kind):
    team = join("Alpha")
    send(team, "=HYPERLINK(1)")
    drain()
    out = tmp_path / "export"
    names = export_tables(folder, out, kind=kind)
    assert sorted(file.name for file in out.iterdir()) == sorted(names)
    read = pd.read_csv if kind == "csv" else pd.read_parquet
    tables = {file.stem: read(file) for file in out.iterdir()}
    assert tables["submissions"]["state"].tolist() == ["scored"] * 3
    assert "lease_token" not in tables["submissions"]
    assert sorted(tables["teams"]["name"]) == ["Alpha", "Benchmark"]
    assert tables["submissions"]["created_at"].iloc[0].startswith("20")
    name = tables["submissions"].query("team == @team.id")["name"].iloc[0]
    assert name == ("'=HYPERLINK(1)" if kind == "csv" else "=HYPERLINK(1)")
    exact = tables["scores"].set_index("submission")["value"]
    with opened(folder) as store, store.reading() as conn:
        for row in conn.execute(select(scores)):
            assert exact[row.submission] == row.value
    with pytest.raises(OutputError, match="--overwrite"):
        export_tables(folder, out, kind=kind)
    export_tables(folder, out, kind=kind, overwrite=True)


@pytest.fixture
def files(tmp_path):
    """Write returns and factors of some dates into a folder."""
    rng = np.random.default_rng(3)
    dates = pd.bdate_range("2018-01-01", periods=1100, name="date")
    factors = pd.DataFrame(rng.normal(0, 0.01, (1100, 2)), dates, ["market", "value"])
    returns = pd.DataFrame(
        factors.to_numpy() @ rng.normal(1, 0.3, (2, 12)) + rng.normal(0, 0.01, (1100, 12)),
        dates,
        [f"s{i}" for i in range(12)],
    )

    def write(folder, count, scale=1.0):
        folder.mkdir(exist_ok=True)
        (returns.iloc[:count] * scale).to_csv(folder / "returns.csv")
        factors.iloc[:count].to_csv(folder / "factors.csv")
        return dates[count - 1]

    return write


@pytest.fixture
def forward(tmp_path, files):
    """A challenge with a forward round on files."""
    from statefolio.challenge.organiser.preparing import init_folder

    folder = ChallengeFolder(tmp_path / "forward")
    file = init_folder(folder.path)
    text = file.read_text().replace(
        'source = "demo"', 'source = "files"\nreturns = "returns.csv"\nfactors = "factors.csv"'
    )
    lines = [line for line in text.splitlines() if not line.startswith("tracks =")]
    file.write_text('tracks = ["forecast", "forward"]\n' + "\n".join(lines) + "\n")
    files(folder.path, 1000)
    open_challenge(folder)
    return folder


def test_forward_files_are_scored_as_dates_come(forward, files, tmp_path):
    code = invite_teams(forward, ["Alpha"])["Alpha"]
    dates = pd.bdate_range("2018-01-01", periods=1100)[1000:1060]
    rows = [f"{day:%Y-%m-%d}," + ",".join(["0.08"] * 12) for day in dates]
    body = ("date," + ",".join(f"s{i}" for i in range(12)) + "\n" + "\n".join(rows) + "\n").encode()
    with opened(forward) as store, store.transaction() as conn:
        team, _ = credentials.redeem(conn, code, clock.now())
        span = (dates[0].date(), dates[-1].date())
        deposit(conn, team, "weights", "mine", body, span, clock.now())
        conn.execute(_received_in_time(dates[0]))
    later = tmp_path / "later"
    last = files(later, 1010)
    found = extend_challenge(forward, later)
    assert (found.dates, found.through, found.scored) == (10, last.date(), 1)
    with opened(forward) as store, store.reading() as conn:
        (file,) = forward_files_of(conn)
        assert (file.value, file.scored_through) == (None, last.date())
    files(later, 1060)
    assert extend_challenge(forward, later).dates == 50
    with opened(forward) as store, store.reading() as conn:
        (file,) = forward_files_of(conn, team)
        assert file.value is not None
    with pytest.raises(InputError, match="must have a date after"):
        extend_challenge(forward, later)
    files(later, 1090, scale=1.001)
    with pytest.raises(InputError, match="must be those that the round has"):
        extend_challenge(forward, later)


def _received_in_time(first):
    from statefolio.challenge.store.tables import forward_files

    return update(forward_files).values(received_at=first.tz_localize("UTC").to_pydatetime() - pd.Timedelta(days=3))


def test_bundled_data_cannot_be_extended(folder, tmp_path):
    with pytest.raises(InputError, match=r'must have .data. source = "files"'):
        extend_challenge(folder, tmp_path)
