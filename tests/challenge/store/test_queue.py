"""The queue and the board: claimed by one, finished once, put back after a lost lease, in one transaction."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from statefolio.challenge.store import queue as q
from statefolio.challenge.store.board import BoardChange, board, displayed, show_complete_board
from statefolio.challenge.store.claims import Scored
from statefolio.challenge.store.errors import NotSelectable, RoundNotOpen, UnknownSubmission
from statefolio.challenge.store.figures import figures, waiting
from statefolio.challenge.store.finalists import all_finalists, finalists_of, select_finalist, unselect_finalist
from statefolio.challenge.store.heartbeats import beat, forget_old
from statefolio.challenge.store.listing import submission_of
from statefolio.challenge.store.requeue import queue_final, requeue
from statefolio.challenge.store.rounds import begin_closing
from statefolio.challenge.store.submissions import insert_submission, limits, submit
from statefolio.challenge.store.tables import board as board_table
from statefolio.challenge.store.tables import rounds, scores, submissions
from statefolio.challenge.store.teams import add_team

LEASE = timedelta(seconds=20)


@pytest.fixture
def teams(opened, now):
    with opened.transaction() as conn:
        return [add_team(conn, name, now) for name in ("Alpha", "Beta")]


def send(store, team, entry, now):
    with store.transaction() as conn:
        return submit(conn, team, entry, None, now).id


def take(store, now, scorer="one", engine="1+1"):
    with store.transaction() as conn:
        return q.claim(conn, scorer, engine, now, LEASE)


def result(value=1.0, **changes):
    return Scored(**{"value": value, "standard_error": 0.1, "details": {"qlike": None}, "series_hash": "h", **changes})


def end(store, held, now, value=1.0, improved=True, version=None, ranks=None, **changes):
    with store.transaction() as conn:
        if version is None:
            version, rows = displayed(conn, held.track, held.engine_version)
            ranks = {**{each.team: 2 for each in rows}, held.team: 1}
        change = BoardChange(improved, version, ranks)
        return q.finish(conn, held, result(value, **changes), change, now)


def test_claims_come_in_order_and_a_team_waits_for_its_own(opened, teams, entry, now):
    alpha, beta = teams
    ids = [send(opened, team, entry(str(i)), now) for i, team in enumerate((alpha, alpha, beta))]
    first, second = take(opened, now), take(opened, now, "two")
    assert [first.submission, second.submission] == [ids[0], ids[2]]
    assert (first.attempt, first.window, first.body, first.benchmark) == (1, "validation", '{"name":"0"}', False)
    assert take(opened, now) is None
    assert end(opened, first, now) == "done"
    assert take(opened, now).submission == ids[1]


def test_another_engine_takes_nothing(opened, teams, entry, now):
    send(opened, teams[0], entry(), now)
    assert take(opened, now, engine="2+1") is None


def test_many_scorers_claim_each_submission_once(opened, entry, now):
    with opened.transaction() as conn:
        people = [add_team(conn, name, now) for name in ("Ada", "Bob", "Cyd", "Dan", "Eve", "Fay", "Gus", "Hal")]
    ids = [send(opened, team, entry(), now) for team in people for _ in range(3)]
    ready, found = threading.Barrier(6), []

    def work(name):
        ready.wait()
        idle = 0
        while idle < 20:
            held = take(opened, now, name)
            if held is None:
                idle += 1
                continue
            idle = 0
            while end(opened, held, now) == "stale":
                pass
            found.append(held.submission)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, "abcdef"))
    assert sorted(found) == sorted(ids)
    with opened.reading() as conn:
        assert conn.execute(select(func.count()).select_from(scores)).scalar() == 24
        assert waiting(conn) == {"scored": 24}
        assert [row.rank for row in board(conn, "forecast")] == [1] + [2] * 7


def test_a_lost_lease_goes_to_another_and_the_first_stores_nothing(opened, teams, entry, now):
    send(opened, teams[0], entry(), now)
    first = take(opened, now)
    later = now + LEASE + timedelta(microseconds=1)
    assert take(opened, now + LEASE) is None
    second = take(opened, later, "two")
    assert (second.submission, second.attempt) == (first.submission, 2)
    with opened.transaction() as conn:
        assert not q.renew(conn, first, later, LEASE)
        assert not q.fail(conn, first, "no", later, team_fault=True)
        assert not q.give_back(conn, first)
    assert end(opened, first, later) == "lost"
    assert end(opened, second, later) == "done"
    assert end(opened, second, later) == "lost"
    with opened.reading() as conn:
        assert conn.execute(select(func.count()).select_from(scores)).scalar() == 1


def test_a_lease_that_ended_and_that_nobody_took_is_still_held(opened, teams, entry, now):
    send(opened, teams[0], entry(), now)
    held = take(opened, now)
    later = now + 10 * LEASE
    with opened.transaction() as conn:
        assert q.renew(conn, held, later, LEASE)
    assert take(opened, later) is None
    assert end(opened, held, later) == "done"


def test_three_attempts_then_failed_with_a_reason_at_no_cost(opened, teams, entry, now):
    new = send(opened, teams[0], entry(), now)
    for attempt in (1, 2, 3):
        assert take(opened, now).attempt == attempt
        now += LEASE + timedelta(seconds=1)
    assert take(opened, now) is None
    with opened.reading() as conn:
        seen = submission_of(conn, teams[0], new)
        assert (seen.state, seen.counts_quota) == ("failed", False)
        assert "stopped 3 times" in seen.feedback
        assert limits(conn, teams[0], now).left_today == 5


def test_a_scorer_that_stops_gives_back_without_an_attempt(opened, teams, entry, now):
    send(opened, teams[0], entry(), now)
    for _ in range(5):
        held = take(opened, now)
        with opened.transaction() as conn:
            assert q.give_back(conn, held)
    assert take(opened, now).attempt == 1


@pytest.mark.parametrize(("fault", "left"), [(True, 4), (False, 5)])
def test_failures_cost_if_they_are_the_teams_fault(opened, teams, entry, now, fault, left):
    new = send(opened, teams[0], entry(), now)
    held = take(opened, now)
    with opened.transaction() as conn:
        assert q.fail(conn, held, "It used too much memory.", now, team_fault=fault)
    with opened.reading() as conn:
        assert submission_of(conn, teams[0], new).reason == "It used too much memory."
        assert limits(conn, teams[0], now).left_today == left


def test_score_state_and_board_are_one_transaction(opened, teams, entry, now):
    send(opened, teams[0], entry(), now)
    held = take(opened, now)
    with pytest.raises(ZeroDivisionError), opened.transaction() as conn:  # noqa: PT012
        assert q.finish(conn, held, result(), BoardChange(True, 0, {held.team: 1}), now) == "done"
        1 / 0  # noqa: B018
    with opened.reading() as conn:
        assert waiting(conn) == {"running": 1}
        assert conn.execute(select(func.count()).select_from(scores)).scalar() == 0
        assert board(conn, "forecast") == []
        assert displayed(conn, "forecast", "1+1") == (0, [])


def test_ranks_of_an_older_board_are_refused(opened, teams, entry, now):
    for team in teams:
        send(opened, team, entry(), now)
    first, second = take(opened, now), take(opened, now)
    assert end(opened, first, now, version=0, ranks={first.team: 1}) == "done"
    assert end(opened, second, now, version=0, ranks={second.team: 1}) == "stale"
    assert end(opened, second, now, version=0, improved=False, ranks={}) == "done"
    with opened.reading() as conn:
        assert displayed(conn, "forecast", "1+1")[0] == 1
        assert [row.team for row in board(conn, "forecast")] == ["Alpha"]


def test_what_a_team_sees(opened, teams, entry, now):
    ids = [send(opened, teams[0], entry(str(i)), now) for i in range(3)]
    end(opened, take(opened, now), now, value=1.5)
    end(opened, take(opened, now), now, value=1.6, improved=False)
    end(opened, take(opened, now), now, value=9.0, improved=False, failed_gates=("weight",), reasons=("Keep it.",))
    with opened.reading() as conn:
        best, same, gate = (submission_of(conn, teams[0], each) for each in ids)
    assert (best.value, best.feedback) == (1.5, "It is the team's best.")
    assert (same.value, same.standard_error, same.details) == (None, None, {})
    assert same.feedback == "No significant improvement."
    assert (gate.value, gate.gate_reasons) == (None, ("Keep it.",))
    with opened.transaction() as conn:
        conn.execute(update(rounds).values(tutorial=True))
        assert submission_of(conn, teams[0], ids[1]).value == 1.6


def test_undefined_values_are_ranked_last_and_pages_follow(opened, teams, entry, now):
    for team in teams:
        send(opened, team, entry(team.name), now)
    end(opened, take(opened, now), now, value=None, version=0, ranks={teams[0].id: 1})
    end(opened, take(opened, now), now, value=-2.0, version=1, ranks={teams[0].id: 2, teams[1].id: 1})
    with opened.reading() as conn:
        rows = board(conn, "forecast")
        assert [(row.place, row.rank, row.team, row.value, row.tries) for row in rows] == [
            (1, 1, "Beta", -2.0, 1),
            (2, 2, "Alpha", None, 1),
        ]
        assert board(conn, "forecast", after=1) == rows[1:]
        assert board(conn, "portfolio") == []


def test_finalists_are_two_per_track_and_of_the_own_team(opened, teams, entry, now, a_round):
    ids = [send(opened, teams[0], entry(str(i)), now) for i in range(4)]
    for i in range(3):
        end(opened, take(opened, now), now, improved=i == 2)
    held = take(opened, now)
    with opened.transaction() as conn:
        q.fail(conn, held, "no", now, team_fault=True)
    with opened.transaction() as conn:
        assert all_finalists(conn) == {"forecast": [ids[2]]}
        for each in (ids[0], ids[1], ids[1]):
            select_finalist(conn, teams[0], each, now)
        with pytest.raises(NotSelectable, match="at most 2 per track"):
            select_finalist(conn, teams[0], ids[2], now)
        with pytest.raises(NotSelectable, match="got one that failed"):
            select_finalist(conn, teams[0], ids[3], now)
        with pytest.raises(UnknownSubmission):
            select_finalist(conn, teams[1], ids[0], now)
        assert all_finalists(conn) == {"forecast": ids[:2]}
        assert unselect_finalist(conn, teams[0], ids[0], now)
        assert not unselect_finalist(conn, teams[0], ids[0], now)
        assert [each.id for each in finalists_of(conn, teams[0])] == [ids[1]]
        with pytest.raises(RoundNotOpen):
            select_finalist(conn, teams[0], ids[0], a_round().closes_at)


def test_the_final_window_is_scored_only_while_closing(opened, teams, entry, now):
    new = send(opened, teams[0], entry(), now)
    end(opened, take(opened, now), now)
    with opened.transaction() as conn:
        assert queue_final(conn, [new]) == 0
        begin_closing(conn, now, early=True)
        assert queue_final(conn, [new]) == 1
        assert queue_final(conn, [new]) == 0
        assert submission_of(conn, teams[0], new).state == "scored"
    held = take(opened, now)
    assert (held.submission, held.window) == (new, "final")
    with opened.transaction() as conn:
        assert q.finish(conn, held, result(0.5), None, now) == "done"
        assert submission_of(conn, teams[0], new).final_value is None  # until the round is closed
        conn.execute(update(rounds).values(state="closed"))
        assert submission_of(conn, teams[0], new).final_value == 0.5


def rescored(opened, engine, now):
    """Change the engine as `rescore` does; return how many are queued."""
    with opened.transaction() as conn:
        conn.execute(update(rounds).values(engine_version=engine))
        count = requeue(conn, engine)
        show_complete_board(conn, now)
    return count


def shown(opened, teams, ids):
    """The values on the board, and what each team sees of its submission."""
    with opened.reading() as conn:
        seen = [submission_of(conn, team, each) for team, each in zip(teams, ids, strict=True)]
        return sorted((row.value for row in board(conn, "forecast")), reverse=True), [
            (each.state, each.value) for each in seen
        ]


def test_the_old_board_stands_until_another_engine_has_scored_everything_again(opened, teams, entry, now):
    ids = [send(opened, team, entry(), now) for team in teams]
    for value in (1.0, 2.0):
        end(opened, take(opened, now), now, value=value)
    before = shown(opened, teams, ids)
    assert before == ([2.0, 1.0], [("scored", 1.0), ("scored", 2.0)])
    waiting = send(opened, teams[1], entry("late"), now)
    held = take(opened, now)
    assert rescored(opened, "2+1", now) == 3
    assert end(opened, held, now) == "lost"
    assert shown(opened, teams, ids) == before
    again = take(opened, now, engine="2+1")
    assert again.submission == ids[0]
    end(opened, again, now, value=7.0)
    assert shown(opened, teams, ids) == before
    end(opened, take(opened, now, engine="2+1"), now, value=6.0)  # the last one that the old board had
    assert shown(opened, teams, ids) == ([7.0, 6.0], [("scored", 7.0), ("scored", 6.0)])
    assert take(opened, now, engine="2+1").submission == waiting
    with opened.reading() as conn:
        assert {"1+1", "2+1"} == set(conn.scalars(select(scores.c.engine_version)))


def test_the_former_engine_again_scores_nothing_twice(opened, teams, entry, now):
    new = send(opened, teams[0], entry(), now)
    end(opened, take(opened, now), now, value=1.0)
    assert rescored(opened, "2+1", now) == 1
    held = take(opened, now, engine="2+1")
    assert rescored(opened, "1+1", now) == 0
    assert end(opened, held, now) == "lost"
    assert shown(opened, teams[:1], [new]) == ([1.0], [("scored", 1.0)])


def test_a_submission_that_the_other_engine_cannot_score_does_not_hold_the_board(opened, teams, entry, now):
    new = send(opened, teams[0], entry(), now)
    end(opened, take(opened, now), now, value=1.0)
    rescored(opened, "2+1", now)
    held = take(opened, now, engine="2+1")
    with opened.transaction() as conn:
        assert q.fail(conn, held, "It failed.", now, team_fault=False)
    assert shown(opened, teams[:1], [new]) == ([], [("failed", None)])


def test_benchmarks_cost_nothing_and_are_marked(opened, entry, now):
    from statefolio.challenge.store.rounds import round_of

    with opened.transaction() as conn:
        house = add_team(conn, "Benchmark", now, benchmark=True)
        for i in range(9):
            insert_submission(conn, house, entry(str(i)), round_of(conn), now, counts_quota=False)
    held = take(opened, now)
    assert held.benchmark
    end(opened, held, now)
    with opened.reading() as conn:
        assert board(conn, "forecast")[0].benchmark
        assert figures(conn).teams == 0


def test_figures_and_heartbeats(opened, teams, entry, now):
    send(opened, teams[0], entry(), now - timedelta(minutes=3))
    with opened.transaction() as conn:
        beat(conn, "one", now, "scoring", "s_1", error="boom")
        beat(conn, "one", now, "waiting")
        beat(conn, "two", now - timedelta(minutes=1), "waiting")
        beat(conn, "three", now, "stopped")
        seen = figures(conn)
        assert (seen.teams, seen.queued, seen.submissions, seen.alive(now)) == (2, 1, 1, 1)
        assert seen.oldest == now - timedelta(minutes=3)
        assert {each.scorer: each.last_error for each in seen.scorers}["one"] == "boom"
        forget_old(conn, now + timedelta(days=1, seconds=-1))
        assert len(figures(conn).scorers) == 2


def test_the_board_never_holds_a_rank_without_its_team(opened, teams, entry, now):
    send(opened, teams[0], entry(), now)
    held = take(opened, now)
    with pytest.raises(ValueError, match="ranks must have the team"):
        end(opened, held, now, version=0, ranks={teams[1].id: 1})
    with opened.reading() as conn:
        assert conn.execute(select(func.count()).select_from(board_table)).scalar() == 0
        assert conn.execute(select(submissions.c.state)).scalar() == "running"
