"""Closing, revealing and verifying; each in its order alone."""

import json
import shutil

import numpy as np
import pytest
from sqlalchemy import select

from statefolio.challenge.folder import ChallengeFolder
from statefolio.challenge.organiser import closing
from statefolio.challenge.organiser.closing import close_challenge
from statefolio.challenge.organiser.database import opened
from statefolio.challenge.organiser.revealing import reveal_challenge
from statefolio.challenge.organiser.verifying import verify_challenge
from statefolio.challenge.scoring.round_data import RoundData
from statefolio.challenge.store import clock
from statefolio.challenge.store.errors import RoundNotOpen, RoundStateError
from statefolio.challenge.store.finalists import select_finalist
from statefolio.challenge.store.rounds import round_of
from statefolio.challenge.store.tables import scores
from statefolio.exceptions import InputError


@pytest.fixture
def played(folder, join, send, drain):
    """A round with two teams and some submissions, scored."""
    alpha, beta = join("Alpha"), join("Beta")
    ids = {name: send(team, name) for team, name in ((alpha, "a1"), (alpha, "a2"), (beta, "b1"))}
    drain()
    with opened(folder) as store, store.transaction() as conn:
        select_finalist(conn, alpha, ids["a1"], clock.now())
        select_finalist(conn, alpha, ids["a2"], clock.now())
    return ids


def windows_of(folder):
    with opened(folder) as store, store.reading() as conn:
        return conn.execute(select(scores.c.submission, scores.c.window)).all()


def test_closing_scores_the_finalists_and_makes_the_tables(folder, played, progress, scorer):
    before = windows_of(folder)
    assert {window for _, window in before} == {"validation"}
    results = close_challenge(folder, progress, early=True, pause=lambda _: scorer.step())
    final = {submission for submission, window in windows_of(folder) if window == "final"}
    assert set(played.values()) <= final
    assert len(final) == 5  # and the benchmark of each track
    rows = results["tracks"]["forecast"]["rows"]
    assert {row["team"] for row in rows} == {"Alpha", "Beta", "Benchmark"}
    assert results["tracks"]["forecast"]["submissions"] == 3
    assert progress.stages[-1][0] == "final"
    assert json.loads((folder.public / "results.json").read_text()) == results
    with opened(folder) as store, store.reading() as conn:
        assert (round_of(conn).state, round_of(conn).results) == ("closed", results)
    with pytest.raises(RoundStateError, match="must be open to be closed, got closed: it is closed already"):
        close_challenge(folder, progress)


def test_closing_before_its_time_is_refused(folder, progress):
    text = folder.rules_file.read_text()
    assert "closes" in text
    with opened(folder) as store, store.transaction() as conn:
        from datetime import timedelta

        from sqlalchemy import update

        from statefolio.challenge.store.tables import rounds

        conn.execute(update(rounds).values(closes_at=clock.now() + timedelta(hours=1)))
    with pytest.raises(RoundStateError, match="must not be closed before"):
        close_challenge(folder, progress)
    with opened(folder) as store, store.reading() as conn:
        assert round_of(conn).state == "open"


def test_an_interrupted_close_continues_and_takes_nothing_new(folder, played, progress, scorer, join, send):
    def interrupted(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        close_challenge(folder, progress, early=True, pause=interrupted)
    with pytest.raises(RoundNotOpen):
        send(join("Late"), "late")
    with pytest.raises(RoundStateError, match="got closing: run"):
        reveal_challenge(folder)
    assert close_challenge(folder, progress, pause=lambda _: scorer.step())["tracks"]


def test_closing_without_a_scorer_says_so(folder, played, progress, monkeypatch, scorer):
    monkeypatch.setattr(closing, "PATIENCE", 3.0)
    scorer._say("stopped")
    with pytest.raises(RoundStateError, match=r"none was alive.*challenge score"):
        close_challenge(folder, progress, early=True, pause=lambda _: None)


def test_data_that_were_replaced_are_refused(folder, played, progress, data):
    market = data.market
    other = RoundData(type(market)(market.returns * 1.01, market.factors), data.windows)
    other.save(folder.data_file)
    with pytest.raises(InputError, match="the data were changed"):
        close_challenge(folder, progress, early=True, pause=lambda _: None)
    folder.data_file.write_bytes(b"damaged")
    with pytest.raises(Exception, match="cannot be read"):
        close_challenge(folder, progress, pause=lambda _: None)


def test_rules_that_were_changed_are_refused(folder, played, progress):
    text = folder.rules_file.read_text()
    assert "per_day = 5" in text
    folder.rules_file.write_text(text.replace("per_day = 5", "per_day = 6"))
    with pytest.raises(RoundStateError, match=r"\[limits\] of challenge.toml must be as it was"):
        close_challenge(ChallengeFolder(folder.path), progress, early=True)


def test_revealing_in_its_order_alone(folder, played, progress, scorer):
    with pytest.raises(
        RoundStateError, match="must be closed to be revealed, got open: run `statefolio challenge close`"
    ):
        reveal_challenge(folder)
    assert not (folder.public / "revealed.json").exists()
    close_challenge(folder, progress, early=True, pause=lambda _: scorer.step())
    salt = reveal_challenge(folder)
    with opened(folder) as store, store.reading() as conn:
        assert (round_of(conn).state, round_of(conn).salt) == ("revealed", salt)
    with pytest.raises(RoundStateError, match="got revealed: nothing to do"):
        reveal_challenge(folder)
    bodies = json.loads((folder.public / "revealed_submissions.json").read_text())
    assert {each["id"] for each in bodies} >= set(played.values())


def test_scores_of_the_real_engine_verify_to_the_last_bit(folder, data, join, progress, tmp_path):
    """The benchmark and a submission, scored by the engine in children; verified from both sides."""
    from statefolio.challenge.rules.submission import read_submission, submission_of_toml
    from statefolio.challenge.store.store import Store
    from statefolio.challenge.store.submissions import submit
    from statefolio.challenge.worker.process import make_scorer

    team = join("Alpha")
    text = 'track = "portfolio"\nname = "equal"\n[portfolio.equal]\nobjective = "equal_weight"\n'
    entry = read_submission(submission_of_toml(text), data.universe)
    with Store.open(folder.database) as store, store.transaction() as conn:
        new = submit(conn, team, entry, None, clock.now()).id
    real = make_scorer(folder, "1")
    real.engine.warm()
    real._say("waiting")
    close_challenge(folder, progress, early=True, pause=lambda _: real.step())
    reveal_challenge(folder)
    found = verify_challenge(folder.path, progress)
    assert found.different == ()
    assert len(found.same) == 6
    assert f"{new} (final)" in found.same
    assert found.audit_entries > 5
    public = tmp_path / "downloaded"
    shutil.copytree(folder.public, public)
    again = verify_challenge(public, progress, [new])
    assert again.same == (f"{new} (validation)", f"{new} (final)")
    assert again.audit_entries is None
    with pytest.raises(InputError, match="submission must be one that was scored"):
        verify_challenge(public, progress, ["s_other"])

    entries = json.loads((public / "revealed_submissions.json").read_text())
    place = next(i for i, each in enumerate(entries) if each["id"] == new)
    entries[place]["value"] = float(np.nextafter(entries[place]["value"], 9.0))
    (public / "revealed_submissions.json").write_text(json.dumps(entries))
    assert len(verify_challenge(public, progress, [new]).different) == 1
    parts = json.loads((public / "revealed.json").read_text())
    (public / "revealed.json").write_text(json.dumps(parts | {"salt": "0" * 64}))
    with pytest.raises(InputError, match="commitment must be that of"):
        verify_challenge(public, progress)


def test_another_engine_cannot_verify(folder, played, progress, scorer, monkeypatch):
    from statefolio.challenge.organiser import verifying

    close_challenge(folder, progress, early=True, pause=lambda _: scorer.step())
    monkeypatch.setattr(verifying, "ENGINE_VERSION", "9+9")
    with pytest.raises(InputError, match="engine must be"):
        verify_challenge(folder.path, progress)
