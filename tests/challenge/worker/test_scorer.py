"""Scorers: each submission once, with plain reasons, through failures of the database."""

import json
import threading
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select, update

from statefolio.challenge.store import clock
from statefolio.challenge.store.board import board, displayed
from statefolio.challenge.store.errors import DatabaseUnavailable
from statefolio.challenge.store.figures import waiting
from statefolio.challenge.store.heartbeats import scorers
from statefolio.challenge.store.listing import submission_of, submissions_of
from statefolio.challenge.store.requeue import queue_final
from statefolio.challenge.store.rounds import begin_closing
from statefolio.challenge.store.submissions import submit
from statefolio.challenge.store.tables import scores, submissions
from statefolio.challenge.store.teams import add_team
from statefolio.challenge.worker import scorer as module
from statefolio.challenge.worker.series import load_series, series_file


@pytest.fixture
def team(live):
    with live.transaction() as conn:
        return add_team(conn, "Alpha", clock.now())


def send(store, team, *words, entry):
    with store.transaction() as conn:
        return [submit(conn, team, entry(word), None, clock.now()).id for word in words]


def seen(store, team, id_):
    with store.reading() as conn:
        return submission_of(conn, team, id_)


def test_results_reach_the_board_in_order(live, team, entry, make_scorer, tmp_path):
    ids = send(live, team, "1.0", "1.1", "1.5", entry=entry)
    one = make_scorer()
    assert [one.step() for _ in range(4)] == [True, True, True, False]
    first, same, best = (seen(live, team, each) for each in ids)
    assert [each.improved for each in (first, same, best)] == [True, False, True]
    assert (best.value, best.standard_error, best.details) == (1.5, 0.1, {"length": 3})
    assert same.value is None
    with live.reading() as conn:
        (row,) = board(conn, "forecast")
        assert (row.value, row.rank, row.submission) == (1.5, 1, ids[2])
        assert dict(conn.execute(select(scores.c.submission, scores.c.series_hash)).all()).keys() == set(ids)
        digest = conn.execute(select(scores.c.series_hash).where(scores.c.submission == ids[2])).scalar()
    file = series_file(tmp_path / "series", ids[2], "1+1", "validation")
    assert load_series(file, digest)["values"].tolist() == [1.5] * 3
    assert load_series(file, "0" * 64) is None
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("word", "reason", "cost"),
    [
        ("memory", "It used more than 0.3 GB of memory", 1),
        ("loop", "It used more than 1 s of CPU time", 1),
        ("sleep", "It used more than 1 s of CPU time", 1),
        ("error", "The scorer failed on it", 0),
    ],
)
def test_what_cannot_be_scored_has_a_plain_reason(live, team, entry, make_scorer, word, reason, cost, caplog):
    (new,) = send(live, team, word, entry=entry)
    one = make_scorer()
    assert one.step()
    assert not one.step()
    found = seen(live, team, new)
    assert (found.state, found.counts_quota) == ("failed", bool(cost))
    assert found.feedback.startswith(reason)
    with live.reading() as conn:
        everything = str([conn.execute(select(table)).all() for table in scores.metadata.sorted_tables])
        assert "2021-03-04" not in everything
        (alive,) = scorers(conn)
    if word == "error":
        assert alive.last_error == f"{new}: RuntimeError; see the scorer's log"
        assert "secret of 2021-03-04" in caplog.text
    else:
        assert alive.last_error is None


def test_undefined_results_are_displayed_last_and_beaten_by_any(live, team, entry, make_scorer):
    ids = send(live, team, "gate", "undefined", "-5", entry=entry)
    with live.transaction() as conn:
        other = add_team(conn, "Beta", clock.now())
    (unseen, _) = send(live, other, "undefined", "gate", entry=entry)
    one = make_scorer()
    one.step()
    gate = seen(live, team, ids[0])
    assert (gate.feedback, gate.gate_reasons, gate.details) == (
        "It failed a gate of the rules.",
        ("Hold less.",),
        {},
    )
    while one.step():
        pass
    with live.reading() as conn:
        rows = [(row.team, row.value, row.rank) for row in board(conn, "forecast")]
    assert rows == [("Alpha", -5.0, 1), ("Beta", None, 2)]
    assert not seen(live, team, ids[1]).improved
    hidden = seen(live, other, unseen)  # undone by hidden dates: it looks like any other that is not better
    assert (hidden.feedback, hidden.improved, hidden.value) == ("No significant improvement.", False, None)


def test_missing_results_of_the_best_are_scored_again(live, team, entry, make_scorer, tmp_path):
    send(live, team, "1.0", "1.1", entry=entry)
    one = make_scorer()
    one.step()
    for file in (tmp_path / "series").iterdir():
        file.write_bytes(b"damaged")
    one.step()
    with live.reading() as conn:
        assert [each.improved for each in submissions_of(conn, team)] == [False, True]


def test_several_scorers_score_each_once(live, entry, make_scorer):
    ids = []
    for name in ("Ada", "Bob", "Cyd", "Dan"):
        with live.transaction() as conn:
            team = add_team(conn, name, clock.now())
        ids += send(live, team, "1.0", "2.0", "slow", entry=entry)
    found = [make_scorer(name) for name in ("one", "two")]
    threads = [threading.Thread(target=each.run) for each in found]
    for each in threads:
        each.start()
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with live.reading() as conn:
            if waiting(conn) == {"scored": 12}:
                break
        time.sleep(0.1)
    for each in found:
        each.stop()
    for each in threads:
        each.join()
    with live.reading() as conn:
        assert waiting(conn) == {"scored": 12}
        assert conn.execute(select(func.count()).select_from(scores)).scalar() == 12
        assert {(row.rank, row.value) for row in board(conn, "forecast")} == {(1, 2.0)}
        assert displayed(conn, "forecast", "1+1")[0] == 8  # each team moved twice
        assert {each.state for each in scorers(conn)} == {"stopped"}
        assert found[0].engine.warmed


def test_a_scorer_that_is_stopped_gives_back(live, team, entry, make_scorer):
    (new,) = send(live, team, "sleep", entry=entry)
    one = make_scorer(limits=module.Limits())
    thread = threading.Thread(target=one.run)
    thread.start()
    deadline = time.monotonic() + 20
    while seen(live, team, new).state != "running":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    one.stop()
    thread.join(10)
    assert not thread.is_alive()
    with live.reading() as conn:
        row = conn.execute(select(submissions.c.state, submissions.c.attempts)).one()
    assert tuple(row) == ("queued", 0)


def test_a_lease_is_renewed_while_a_child_runs(live, team, entry, make_scorer):
    send(live, team, "slow", entry=entry)
    one = make_scorer(lease=timedelta(seconds=0.2))
    keep, kept = one._keep, []
    one._keep = lambda held: kept.append(keep(held)) or kept[-1]
    assert one.step()
    assert kept
    assert all(kept)
    with live.reading() as conn:
        assert waiting(conn) == {"scored": 1}


def test_a_lost_lease_ends_the_child(live, team, entry, make_scorer):
    (new,) = send(live, team, "sleep", entry=entry)
    one = make_scorer(lease=timedelta(seconds=0.4), limits=module.Limits())

    def take_over(held):
        with live.transaction() as conn:
            conn.execute(update(submissions).values(lease_token="another"))
        return keep(held)

    keep, one._keep = one._keep, take_over
    started = time.monotonic()
    assert one.step()
    assert time.monotonic() - started < 20
    assert seen(live, team, new).state == "running"


class Away:
    """A store that is away for a while."""

    def __init__(self, store, times):
        self.store, self.times = store, times

    def __getattr__(self, name):
        if name in ("transaction", "reading") and self.times > 0:
            self.times -= 1
            raise DatabaseUnavailable("the database must be reachable, got: away. Try again in a minute.")
        return getattr(self.store, name)


def test_a_database_that_is_away_is_waited_for(live, team, entry, make_scorer, monkeypatch):
    monkeypatch.setattr(module, "_AWAY", 0.01)
    (new,) = send(live, team, "1.0", entry=entry)
    one = make_scorer()
    one.store = Away(one.store, 5)
    claimed = one._claim

    def claim():
        held = claimed()
        one.store.times = 7  # away again while the child runs
        return held

    one._claim = claim
    assert one.step()
    assert seen(live, team, new).value == 1.0


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_server_that_stops_while_a_child_runs_loses_nothing(live, team, entry, make_scorer, cluster, monkeypatch):
    monkeypatch.setattr(module, "_AWAY", 0.05)
    first, second = send(live, team, "slow", "2.0", entry=entry)
    one = make_scorer()
    scoring = threading.Event()
    claimed = one._claim

    def claim():
        held = claimed()
        if held is not None:
            scoring.set()
        return held

    one._claim = claim
    thread = threading.Thread(target=one.run)
    thread.start()
    try:
        assert scoring.wait(20)
        cluster.stop()
        try:
            time.sleep(0.7)  # the child ends meanwhile
            assert thread.is_alive()
        finally:
            cluster.start()
        deadline = time.monotonic() + 30
        while seen(live, team, second).state != "scored" and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        one.stop()
        thread.join(20)
    assert [seen(live, team, each).value for each in (first, second)] == [1.0, 2.0]


def test_a_scorer_stops_although_the_database_is_away(live, make_scorer, monkeypatch):
    monkeypatch.setattr(module, "_AWAY", 0.01)
    one = make_scorer()
    one.store = Away(one.store, 10**9)
    thread = threading.Thread(target=one.run)
    thread.start()
    time.sleep(0.2)
    one.stop()
    thread.join(5)
    assert not thread.is_alive()


def test_a_full_disk_of_the_results_is_waited_for(live, team, entry, make_scorer, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_FULL", 0.01)
    (tmp_path / "series").write_text("a file where the folder must be")
    (new,) = send(live, team, "1.0", entry=entry)
    one = make_scorer()
    for _ in range(5):
        assert one.step()
    with live.reading() as conn:
        assert conn.execute(select(submissions.c.state, submissions.c.attempts)).one() == ("queued", 0)
        assert "cannot be written" in scorers(conn)[0].last_error
    (tmp_path / "series").unlink()
    assert one.step()
    assert seen(live, team, new).value == 1.0


def test_the_final_window_leaves_the_board_alone(live, team, entry, make_scorer):
    (new,) = send(live, team, "1.0", entry=entry)
    one = make_scorer()
    one.step()
    with live.transaction() as conn:
        begin_closing(conn, clock.now(), early=True)
        queue_final(conn, [new])
    one.step()
    with live.reading() as conn:
        found = dict(conn.execute(select(scores.c.window, scores.c.value)).all())
        assert found == {"validation": 1.0, "final": 11.0}
        assert board(conn, "forecast")[0].value == 1.0


def test_the_stored_body_is_what_is_scored(live, team, make_scorer):
    body = json.dumps({"name": "1.25"}).encode()
    made = SimpleNamespace(track="forecast", name="x", canonical=body, hash="h")
    with live.transaction() as conn:
        new = submit(conn, team, made, None, clock.now()).id
    make_scorer().step()
    assert seen(live, team, new).value == 1.25
