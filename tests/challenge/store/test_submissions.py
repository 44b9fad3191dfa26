"""Submissions: limits under concurrency, replayed keys, deadlines, and other teams' ids."""

import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context

import pytest
from sqlalchemy import func, select, update

from statefolio.challenge.store.errors import KeyReused, QuotaSpent, RoundNotOpen, UnknownSubmission
from statefolio.challenge.store.listing import submission_of, submissions_of
from statefolio.challenge.store.rounds import begin_closing
from statefolio.challenge.store.store import Store
from statefolio.challenge.store.submissions import limits, submit
from statefolio.challenge.store.tables import rounds, submissions
from statefolio.challenge.store.teams import add_team


@pytest.fixture
def team(opened, now):
    with opened.transaction() as conn:
        return add_team(conn, "Alpha", now)


def send(store, team, entry, now, key=None):
    with store.transaction() as conn:
        return submit(conn, team, entry, key, now)


def test_a_receipt_says_what_is_left_and_when_it_resets(opened, team, entry, now):
    receipt = send(opened, team, entry(), now)
    assert receipt.id.startswith("s_")
    assert receipt.state == "queued"
    left = receipt.limits
    assert (left.left_today, left.left_round) == (4, 149)
    assert left.resets_at == datetime(2026, 3, 3, tzinfo=UTC)
    with opened.reading() as conn:
        (listed,) = submissions_of(conn, team)
    assert (listed.id, listed.state, listed.value) == (receipt.id, "queued", None)


def test_fifty_threads_get_five_through(opened, team, entry, now):
    ready = threading.Barrier(50)

    def one(i):
        ready.wait()
        try:
            return send(opened, team, entry(str(i)), now).id
        except QuotaSpent:
            return None

    with ThreadPoolExecutor(50) as pool:
        found = [each for each in pool.map(one, range(50)) if each]
    assert len(set(found)) == 5
    with opened.reading() as conn:
        assert conn.execute(select(func.count()).select_from(submissions)).scalar() == 5


def _from_a_process(arguments):
    from types import SimpleNamespace

    url, team, now, first = arguments
    passed = []
    with Store.open(url, pooled=False) as store:
        for i in range(first, first + 13):
            made = SimpleNamespace(track="forecast", name=str(i), canonical=b"{}", hash=str(i))
            try:
                passed.append(send(store, team, made, now).id)
            except QuotaSpent:
                continue
    return passed


def test_four_processes_get_five_through(opened, url, team, now):
    work = [(url, team, now, 100 * i) for i in range(4)]
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        found = [each for part in pool.map(_from_a_process, work) for each in part]
    assert len(set(found)) == 5


def test_limits_of_the_day_and_of_the_round(opened, team, entry, now):
    with opened.transaction() as conn:
        conn.execute(update(rounds).values(per_round=7))
    for i in range(5):
        send(opened, team, entry(str(i)), now)
    with pytest.raises(QuotaSpent, match=r"at most 5 per day.*Submit again from 2026-03-03 00:00:00 UTC") as caught:
        send(opened, team, entry("6"), now)
    assert caught.value.resets_at == datetime(2026, 3, 3, tzinfo=UTC)
    tomorrow = datetime(2026, 3, 3, tzinfo=UTC)
    with pytest.raises(QuotaSpent):
        send(opened, team, entry("6"), tomorrow - timedelta(microseconds=1))
    assert send(opened, team, entry("6"), tomorrow).limits.left_round == 1
    assert send(opened, team, entry("7"), tomorrow).limits.left_today == 0
    with pytest.raises(QuotaSpent, match="at most 7 per round") as caught:
        send(opened, team, entry("8"), tomorrow)
    assert caught.value.resets_at is None


def test_submissions_that_cost_nothing_are_bounded_too(opened, team, entry, now):
    for i in range(10):
        send(opened, team, entry(str(i)), now)
        with opened.transaction() as conn:
            conn.execute(update(submissions).values(counts_quota=False))
    with pytest.raises(QuotaSpent):
        send(opened, team, entry("11"), now)
    with opened.reading() as conn:
        assert limits(conn, team, now).left_round == 150


def test_a_key_that_comes_again_inserts_nothing(opened, team, entry, now):
    first = send(opened, team, entry("a"), now, key="k")
    again = send(opened, team, entry("a"), now + timedelta(hours=1), key="k")
    assert (again.id, again.replayed, first.replayed) == (first.id, True, False)
    assert again.limits.left_today == 4
    with pytest.raises(KeyReused, match="Idempotency-Key must be new"):
        send(opened, team, entry("b"), now, key="k")
    with opened.transaction() as conn:
        other = add_team(conn, "Beta", now)
    assert send(opened, other, entry("b"), now, key="k").id != first.id


def test_one_key_in_many_threads_is_one_submission(opened, team, entry, now):
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: send(opened, team, entry(), now, key="k"), range(16)))
    assert len({each.id for each in found}) == 1
    assert sum(not each.replayed for each in found) == 1


def test_a_replay_after_the_last_one_of_the_day_is_acknowledged(opened, team, entry, now):
    ids = [send(opened, team, entry(str(i)), now, key=str(i)).id for i in range(5)]
    assert send(opened, team, entry("4"), now, key="4").id == ids[4]


def test_server_time_decides_at_the_deadline(opened, team, entry, now, a_round):
    closes = a_round().closes_at
    assert send(opened, team, entry("a"), closes - timedelta(microseconds=1)).state == "queued"
    with pytest.raises(RoundNotOpen, match=r"closed at 2026-03-12 12:00:00 UTC. The server's time is 2026-03-12"):
        send(opened, team, entry("b"), closes)
    with pytest.raises(RoundNotOpen, match="opens at"):
        send(opened, team, entry("b"), a_round().opens_at - timedelta(seconds=1))


def test_two_deadlines_in_one_second(opened, team, entry, now):
    """The round closes in the second in which the daily limit resets: closing decides."""
    midnight = datetime(2026, 3, 3, tzinfo=UTC)
    with opened.transaction() as conn:
        conn.execute(update(rounds).values(closes_at=midnight))
    for i in range(5):
        send(opened, team, entry(str(i)), midnight - timedelta(microseconds=1))
    with pytest.raises(QuotaSpent):
        send(opened, team, entry("5"), midnight - timedelta(microseconds=1))
    with pytest.raises(RoundNotOpen):
        send(opened, team, entry("5"), midnight)


def test_nothing_is_taken_once_closing_began(opened, team, entry, now, a_round):
    with opened.transaction() as conn:
        begin_closing(conn, now, early=True)
    with pytest.raises(RoundNotOpen, match="closed at"):
        send(opened, team, entry(), now - timedelta(seconds=1))


def test_another_teams_id_looks_like_no_id(opened, team, entry, now):
    receipt = send(opened, team, entry(), now)
    with opened.transaction() as conn:
        other = add_team(conn, "Beta", now)
    with opened.reading() as conn:
        messages = set()
        for who, what in ((other, receipt.id), (other, "s_nothing"), (team, "s_nothing")):
            with pytest.raises(UnknownSubmission) as caught:
                submission_of(conn, who, what)
            messages.add(str(caught.value))
        assert len(messages) == 1
        assert submission_of(conn, team, receipt.id).id == receipt.id


def test_pages_have_no_gap_while_new_ones_come(opened, team, entry, now):
    ids = [send(opened, team, entry(str(i)), now).id for i in range(4)]
    with opened.reading() as conn:
        first = submissions_of(conn, team, limit=2)
    send(opened, team, entry("new"), now)
    with opened.reading() as conn:
        second = submissions_of(conn, team, before=first[-1].number, limit=2)
    assert [each.id for each in first + second] == ids[::-1]
