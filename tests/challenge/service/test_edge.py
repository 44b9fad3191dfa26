"""The outermost layer: sizes, speeds, secrets in addresses, headers, and errors nobody caught."""

import socket
import time

import pytest

from statefolio.challenge.service import edge
from statefolio.challenge.store.errors import DatabaseUnavailable

JSON = "application/problem+json"


def talk(port, *parts, wait=5.0):
    """Send bytes as they are and return all that comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as line:
        for part in parts:
            line.sendall(part)
        found = b""
        while True:
            try:
                more = line.recv(65536)
            except TimeoutError:
                return found
            if not more:
                return found
            found += more


def test_a_stated_length_above_the_limit_is_refused_before_the_body_comes(scene):
    with scene.client() as client:
        head = b"POST /v1/submissions HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n"
        started = time.monotonic()
        answer = talk(client.port, head)  # no byte of the body is ever sent
        assert time.monotonic() - started < 4
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"content-type: application/problem+json" in answer.lower()


def test_a_body_of_ten_megabytes_is_refused(scene):
    with scene.client() as client:
        answer = client.post("/v1/join", content=b"x" * 10_000_000)
        assert (answer.status_code, answer.headers["content-type"]) == (413, JSON)


def test_a_chunked_body_is_counted(scene):
    def pieces():
        for _ in range(40):
            yield b"x" * 1_000

    with scene.client() as client:
        headers = {"Content-Type": "application/json"}
        answer = client.post("/v1/join", content=pieces(), headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (413, JSON)
        assert "16,384" in answer.json()["detail"]


def test_a_body_that_comes_too_slowly_is_refused(scene, monkeypatch):
    monkeypatch.setattr(edge, "BODY_SECONDS", 0.3)
    head = b"POST /v1/join HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{"
    with scene.client() as client:
        answer = talk(client.port, head)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"problem+json" in answer


@pytest.mark.parametrize(
    "address",
    [
        "/v1/limits?token=abc",
        "/v1/limits?access_token=abc",
        "/board?x=sfc_0123456789_abcdefghijklmnopqrstuvwxyz_00",
        "/team/sfs_0123456789_abcdefghijklmnopqrstuvwxyz_00",
        "/?api_key=1",
        "/login/x?session=1",
    ],
)
def test_a_secret_in_the_address_is_refused(scene, address):
    with scene.client() as client:
        answer = client.get(address)
        assert answer.status_code == 400
        assert answer.json()["type"].endswith("token-in-address")
        assert "Authorization" in answer.json()["detail"]


def test_a_long_query_is_refused(scene):
    with scene.client() as client:
        assert client.get("/board?x=" + "a" * 9_000).json()["type"].endswith("address-too-long")


@pytest.mark.parametrize("address", ["/", "/board", "/v1/round", "/nothing", "/v1/limits", "/metrics", "/v1/join"])
def test_every_response_has_the_security_headers(scene, address):
    with scene.client() as client:
        headers = client.get(address).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "script-src" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers


def test_https_is_insisted_on_where_browsers_use_it(scene):
    with scene.client(public_url="https://challenge.example.org") as client:
        assert "max-age" in client.get("/").headers["strict-transport-security"]


def test_head_answers_like_get_without_the_body(scene):
    with scene.client() as client:
        answer = client.head("/v1/round")
        assert (answer.status_code, answer.content) == (200, b"")


def test_unknown_addresses_and_methods_are_problems(scene):
    with scene.client() as client:
        assert client.get("/v1/nothing").headers["content-type"] == JSON
        answer = client.delete("/v1/submissions")
        assert (answer.status_code, answer.headers["content-type"]) == (405, JSON)
        assert answer.headers["allow"] == "GET, HEAD, POST"
        assert client.get("/v1/submissions/").status_code == 404
        assert client.request("BREW", "/v1/round").status_code == 405


def test_a_browser_gets_errors_as_pages(scene):
    with scene.client() as client:
        page = client.get("/nothing", headers={"Accept": "text/html"})
        assert page.status_code == 404
        assert page.headers["content-type"].startswith("text/html")
        assert client.get("/v1/nothing", headers={"Accept": "text/html"}).headers["content-type"] == JSON


def test_a_database_that_is_away_is_said_with_when_to_try_again(scene, monkeypatch):
    with scene.client() as client:
        store = client.app.state.shared.database.store

        def away():
            raise DatabaseUnavailable("the database must be reachable, got: secret host name.")

        with monkeypatch.context() as broken:
            broken.setattr(store, "reading", away)
            broken.setattr(store, "transaction", away)
            for address in ("/", "/board", "/v1/round", "/v1/leaderboard", "/metrics", "/healthz"):
                answer = client.get(address)
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "5"), address
                assert answer.headers["content-type"] == JSON
                assert "secret" not in answer.text
            assert client.get("/", headers={"Accept": "text/html"}).headers["retry-after"] == "5"
            assert client.post("/v1/join", json={"code": "sfi_a"}).status_code == 503
        assert client.get("/v1/round").status_code == 200


def test_an_unexpected_error_is_a_problem_that_says_nothing_of_its_cause(scene, monkeypatch, caplog):
    with scene.client() as client:
        store = client.app.state.shared.database.store

        def fails():
            raise ZeroDivisionError("hidden")

        monkeypatch.setattr(store, "reading", fails)
        answer = client.get("/v1/round")
    assert (answer.status_code, answer.headers["content-type"]) == (500, JSON)
    assert "hidden" not in answer.text
    assert "content-security-policy" in answer.headers
    assert any(record.exc_info for record in caplog.records)


def test_measurements_are_for_prometheus(scene):
    team, token = scene.join("Nordlys")
    scene.submit(team)
    with scene.client(token) as client:
        client.get("/v1/submissions/s_0123456789")
        client.get("/v1/limits")
        text = client.get("/metrics").text
    assert 'statefolio_submissions{state="queued"} 1.0' in text
    assert "statefolio_queue_depth 1.0" in text
    assert "statefolio_scores 0.0" in text
    assert float(text.split("\nstatefolio_queue_oldest_seconds ")[1].split()[0]) > 0
    assert 'statefolio_requests_total{method="GET",route="/v1/submissions/{submission}",status="404"} 1.0' in text
    assert 'statefolio_request_seconds_count{method="GET",route="/v1/limits"} 1.0' in text
