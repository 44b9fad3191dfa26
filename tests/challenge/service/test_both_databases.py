"""What depends on the database: the whole round through the API, and characters that a database may refuse."""

import json

import pytest
from sqlalchemy import event

from statefolio.challenge.rules.settings import example_rules


@pytest.fixture
def both(url, make_scene):
    return make_scene(url=url)


def test_a_round_through_the_api(both):
    with both.client() as client:
        token = client.post("/v1/join", json={"code": both.code("Nordlys")}).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        body = json.dumps({"track": "forecast", "name": "Gaussian", "loadings": {"tails": "gaussian"}})
        sent = {**headers, "Content-Type": "application/json", "Idempotency-Key": "key-00000001"}
        receipt = client.post("/v1/submissions", content=body, headers=sent)
        assert receipt.status_code == 202, receipt.text
        both.score(-1.25)
        found = client.get(f"/v1/submissions/{receipt.json()['id']}", params={"wait": 10}, headers=headers).json()
        assert (found["state"], found["value"]) == ("scored", -1.25)
        (row,) = client.get("/v1/leaderboard", headers=headers).json()["items"]
        assert (row["team"], row["value"], row["tries"], row["own"]) == ("Nordlys", -1.25, 1, True)
        assert client.post("/v1/selections", json={"submission": found["id"]}, headers=headers).status_code == 200
        for address in ("/", "/rules", "/data", "/board", "/team", "/results", "/metrics", "/healthz"):
            assert client.get(address).status_code == 200, address


@pytest.mark.parametrize(
    "address",
    [
        "/login/%00",
        "/login/sfl_%00_a_b",
        "/login/\u05d0",
        "/v1/submissions/s_%00000",
        "/board?after=%00",
        "/team?before=%ff",
    ],
)
def test_odd_characters_in_addresses_are_refused_politely(both, address):
    _, token = both.join("Nordlys")
    with both.client(token) as client:
        assert client.get(address).status_code in (404, 422)


def test_odd_characters_in_cookies_and_forms(both):
    with both.client() as client:
        for cookie in ("sfs_a", "sfs_0123456789_aaaa_00000000", "x" * 3000, '"'):
            assert client.get("/team", headers={"Cookie": f"statefolio={cookie}"}).status_code == 200
        form = {"csrf": "\x00", "submission": "\x00" * 10}
        assert client.post("/team/select", data=form).status_code == 403
        assert client.post("/v1/join", json={"code": "sfi_\x00_a_b"}).status_code == 422


def test_a_database_that_goes_away_comes_back(cluster, make_scene):
    scene = make_scene(url=cluster.new_database())
    _, token = scene.join("Nordlys")
    body = json.dumps({"track": "forecast", "name": "Gaussian"})
    headers = {"Content-Type": "application/json", "Idempotency-Key": "key-00000001"}
    with scene.client(token) as client:
        assert client.get("/v1/limits").status_code == 200
        cluster.stop()
        try:
            for answer in (
                client.get("/v1/limits"),
                client.post("/v1/submissions", content=body, headers=headers),
                client.get("/board", headers={"Accept": "text/html"}),
            ):
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
                assert str(cluster.folder) not in answer.text
        finally:
            cluster.start()
        assert client.post("/v1/submissions", content=body, headers=headers).status_code == 202
        assert client.get("/v1/limits").json()["left_today"] == 4


def test_a_disk_that_is_full_loses_nothing_acknowledged(make_scene):
    scene = make_scene(text=example_rules().replace("per_day = 5", "per_day = 60"))
    _, token = scene.join("Nordlys")
    with scene.store.reading() as conn:
        most = {"pages": conn.exec_driver_sql("PRAGMA page_count").scalar()}

    def send(client, number):
        body = json.dumps({"track": "forecast", "name": f"try {number}", "note": "n" * 490})
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"key-{number:08d}"}
        return client.post("/v1/submissions", content=body, headers=headers).status_code

    with scene.client(token) as client:
        engine = client.app.state.shared.database.store.engine
        event.listen(
            engine, "checkout", lambda plain, *_: plain.execute(f"PRAGMA max_page_count = {most['pages']}").close()
        )
        statuses = [send(client, number) for number in range(40)]
        assert 503 in statuses, statuses
        assert set(statuses) <= {202, 503}
        assert len(client.get("/v1/submissions", params={"limit": 100}).json()["items"]) == statuses.count(202)
        most["pages"] = 1_000_000
        assert send(client, statuses.index(503)) == 202
        assert client.get("/v1/limits").json()["left_today"] == 60 - statuses.count(202) - 1
