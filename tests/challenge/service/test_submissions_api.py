"""Submitting through the API: keys, limits, deadlines, bad bodies, and other teams' submissions."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from statefolio.challenge.rules.settings import example_rules
from statefolio.challenge.store import clock
from statefolio.challenge.store.credentials import revoke
from statefolio.challenge.store.rounds import round_of

FORECAST = {"track": "forecast", "name": "Gaussian tails", "loadings": {"tails": "gaussian"}}
PORTFOLIO = {"track": "portfolio", "name": "Equal weight", "portfolio": {"equal": {"objective": "equal_weight"}}}


def send(client, body=FORECAST, key="key-00000001", **headers):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", "Idempotency-Key": key, **headers}
    return client.post("/v1/submissions", content=content, headers={k: v for k, v in sent.items() if v is not None})


def problem(answer, status, kind):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == f"urn:statefolio:problem:{kind}", body
    assert body["status"] == status
    return body


@pytest.fixture
def team(scene):
    return scene.join("Harbour Street")


@pytest.fixture
def client(scene, team):
    with scene.client(team[1]) as made:
        yield made


def test_a_submission_is_stored_when_it_is_acknowledged(scene, client):
    answer = send(client)
    assert answer.status_code == 202
    receipt = answer.json()
    assert (receipt["state"], receipt["left_today"], receipt["left_round"]) == ("queued", 4, 149)
    assert datetime.fromisoformat(receipt["resets_at"]).time().isoformat() == "00:00:00"
    shown = client.get(f"/v1/submissions/{receipt['id']}").json()
    assert (shown["state"], shown["name"], shown["shown"], shown["value"]) == ("queued", "Gaussian tails", False, None)


def test_joining_gives_a_token_once(scene):
    code = scene.code("Nordlys")
    with scene.client() as client:
        first = client.post("/v1/join", json={"code": code})
        assert first.status_code == 201
        assert first.headers["cache-control"] == "no-store"
        problem(client.post("/v1/join", json={"code": code}), 404, "invalid-code")
        token = first.json()["token"]
        assert client.get("/v1/limits", headers={"Authorization": f"Bearer {token}"}).json()["left_today"] == 5


def test_the_same_key_and_body_are_stored_once(client):
    first, again = send(client), send(client)
    assert again.status_code == 202
    assert (again.json()["id"], again.json()["replayed"]) == (first.json()["id"], True)
    assert len(client.get("/v1/submissions").json()["items"]) == 1
    quoted = send(client, key='"key-00000001"')
    assert quoted.json()["id"] == first.json()["id"]


def test_the_same_key_with_another_body_is_refused(client):
    send(client)
    found = problem(send(client, PORTFOLIO), 422, "key-reused")
    assert "new key" in found["detail"]


@pytest.mark.parametrize("key", [None, "short", "sp ace in it", "x" * 200])
def test_a_key_is_needed(client, key):
    found = problem(send(client, key=key), 422, "invalid-request")
    assert "idempotency-key" in found["faults"][0]


def test_a_spent_limit_says_when_it_resets(client):
    for number in range(5):
        assert send(client, {**FORECAST, "name": f"try {number}"}, f"key-0000000{number}").status_code == 202
    answer = send(client, key="key-00000009")
    found = problem(answer, 429, "limit-spent")
    wait = (datetime.fromisoformat(found["resets_at"]) - datetime.now(UTC)).total_seconds()
    assert abs(int(answer.headers["retry-after"]) - wait) < 5
    assert found["limit"] == "day"


def test_requests_at_the_same_time_share_the_limit(client):
    def one(number):
        return send(client, {**FORECAST, "name": f"try {number}"}, f"key-{number:08d}").status_code

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(one, range(16)))
    assert sorted(found) == [202] * 5 + [429] * 11


def test_other_teams_submissions_look_like_absent_ones(scene, client):
    other, _ = scene.join("Nordlys")
    theirs = scene.submit(other).id
    absent = client.get("/v1/submissions/s_0123456789abcdef0123")
    found = client.get(f"/v1/submissions/{theirs}")
    problem(found, 404, "unknown-submission")
    assert found.content == absent.content
    chosen = client.post("/v1/selections", json={"submission": theirs})
    problem(chosen, 404, "unknown-submission")


def test_expired_revoked_and_mistyped_tokens_get_the_same_answer(scene, monkeypatch):
    _, revoked = scene.join("Nordlys")
    _, expired = scene.join("Kestrel")
    with scene.store.transaction() as conn:
        revoke(conn, revoked, clock.now())
    with scene.client() as client:

        def ask(token):
            return client.get("/v1/limits", headers={"Authorization": f"Bearer {token}"})

        assert ask(expired).status_code == 200
        later = clock.now() + timedelta(days=400)
        monkeypatch.setattr(clock, "now", lambda: later)
        answers = [ask(token) for token in (revoked, expired, expired[:-1] + "0", "sfc_x", "\u00e9".encode())]
    for answer in answers:
        problem(answer, 401, "unauthorised")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.content == answers[0].content


@pytest.mark.parametrize("value", ["", "Basic abc", "Bearer"])
def test_a_request_without_a_token_is_refused(scene, value):
    with scene.client() as client:
        headers = {"Authorization": value} if value else {}
        problem(client.get("/v1/submissions", headers=headers), 401, "unauthorised")
        problem(client.post("/v1/login-links", headers=headers), 401, "unauthorised")


BAD = {
    "deep": b"[" * 17 + b"]" * 17,
    "many": b"[" + b"1," * 600 + b"1]",
    "not JSON": b"{track}",
    "empty": b"",
    "NaN": b'{"track": "forecast", "name": "a", "loadings": {"half_life": NaN}}',
    "twice": b'{"track": "forecast", "track": "portfolio", "name": "a"}',
    "not UTF-8": b'{"track": "forecast", "name": "\xff"}',
    "half a character": b'{"track": "forecast", "name": "\\ud800"}',
    "zero": b'{"track": "forecast", "name": "a\\u0000b"}',
    "number": b'{"track": "forecast", "name": "a", "loadings": {"half_life": 1e999}}',
    "code": b'{"track": "forecast", "name": "a", "code": "import os"}',
    "right to left": '{"track": "forecast", "name": "\u202eevil"}'.encode(),
    "long name": json.dumps({**FORECAST, "name": "n" * 10_000}).encode(),
    "unknown asset": json.dumps(
        {**PORTFOLIO, "portfolio": {"p": {"objective": "risk_budget", "budget": {"TSLA": 1.0}}}}
    ).encode(),
    "date": json.dumps({**PORTFOLIO, "portfolio": {"2020-03-16": {"objective": "equal_weight"}}}).encode(),
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD.keys())
def test_bad_bodies_are_refused_with_what_to_change(client, body):
    found = problem(send(client, body), 422, "invalid-submission")
    assert all(fault.endswith(".") for fault in found["faults"])
    assert client.get("/v1/submissions").json()["items"] == []
    assert client.get("/v1/limits").json()["left_today"] == 5


def test_only_json_is_read(client):
    problem(send(client, **{"Content-Type": "text/plain"}), 415, "unsupported-media-type")
    problem(send(client, **{"Content-Type": None}), 415, "unsupported-media-type")


def test_the_servers_clock_decides_to_the_second(scene, client, monkeypatch):
    with scene.store.reading() as conn:
        closes = round_of(conn).closes_at
    monkeypatch.setattr(clock, "now", lambda: closes - timedelta(microseconds=1))
    assert send(client, Date="Mon, 01 Jan 2001 00:00:00 GMT").status_code == 202
    monkeypatch.setattr(clock, "now", lambda: closes)
    found = problem(send(client, key="key-00000002"), 409, "round-not-open")
    assert f"{closes:%Y-%m-%d %H:%M:%S} UTC" in found["detail"]
    assert client.get("/v1/round").json()["server_time"] == closes.isoformat().replace("+00:00", "Z")
    assert send(client).status_code == 202, "a repeated request that was in time keeps its answer"


def test_two_submissions_within_one_second_of_the_deadline(scene, client, monkeypatch):
    with scene.store.reading() as conn:
        closes = round_of(conn).closes_at
    times = iter([closes - timedelta(milliseconds=1), closes + timedelta(milliseconds=1)])
    monkeypatch.setattr(clock, "now", lambda: next(times))
    assert [send(client, key=f"key-0000000{each}").status_code for each in (1, 2)] == [202, 409]


def test_waiting_ends_with_the_result(scene, client):
    given = send(client).json()["id"]
    threading.Timer(0.3, lambda: scene.score(-1.1)).start()
    started = time.monotonic()
    shown = client.get(f"/v1/submissions/{given}", params={"wait": 20}).json()
    assert time.monotonic() - started < 10
    assert (shown["state"], shown["shown"], shown["value"]) == ("scored", True, -1.1)
    assert client.get(f"/v1/submissions/{given}", params={"wait": 31}).status_code == 422


def test_a_result_without_improvement_shows_nothing(scene, client):
    first, second = send(client).json()["id"], send(client, key="key-00000002").json()["id"]
    scene.score(-1.1)
    scene.score(-1.0999, improved=False)
    shown = client.get(f"/v1/submissions/{second}").json()
    assert shown["result"] == "No significant improvement."
    assert (shown["shown"], shown["value"], shown["standard_error"], shown["details"]) == (False, None, None, {})
    assert "-1.0999" not in client.get("/v1/submissions").text
    assert client.get(f"/v1/submissions/{first}").json()["value"] == -1.1


def test_pages_follow_each_other(scene, team, client):
    for number in range(5):
        scene.submit(team[0], {**FORECAST, "name": f"try {number}"})
    seen, cursor = [], None
    while True:
        page = client.get("/v1/submissions", params={"limit": 2, **({"before": cursor} if cursor else {})}).json()
        seen += [each["name"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [f"try {number}" for number in (4, 3, 2, 1, 0)]
    problem(client.get("/v1/submissions", params={"before": "1; DROP TABLE"}), 422, "invalid-request")


def test_finalists_are_selected_and_taken_back(scene, team, client):
    ids = [send(client, {**FORECAST, "name": f"try {n}"}, f"key-0000000{n}").json()["id"] for n in range(3)]
    for given in ids[:2]:
        assert client.post("/v1/selections", json={"submission": given}).status_code == 200
    problem(client.post("/v1/selections", json={"submission": ids[2]}), 409, "not-selectable")
    left = client.post("/v1/selections", json={"submission": ids[0], "selected": False}).json()
    assert left == {"selected": [ids[1]], "finalists": 2}


def test_repairs_of_a_tutorial_are_told(make_scene):
    scene = make_scene(text=example_rules(tutorial=True))
    _, token = scene.join("Harbour Street")
    with scene.client(token) as client:
        assert send(client).json()["warnings"] == []
