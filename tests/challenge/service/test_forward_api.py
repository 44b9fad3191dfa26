"""Files of forward rounds through the API."""

from datetime import UTC, datetime, timedelta

import pytest

from statefolio.challenge.rules.settings import example_rules

FIRST, LAST = (f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}" for days in (10, 11))
GOOD = f"date,KO,PEP\n{FIRST},0.1,0.1\n{LAST},0.1,0.05\n".encode()


@pytest.fixture
def forward(make_scene):
    text = 'tracks = ["forecast", "forward"]\n' + example_rules().replace("holdings = 10 ", "holdings = 2 ")
    return make_scene(text=text)


def test_a_file_is_stored_before_its_dates(forward):
    _, token = forward.join("Nordlys")
    with forward.client(token) as client:
        answer = client.post("/v1/forward", content=GOOD, params={"name": "weights.csv"})
        assert answer.status_code == 201, answer.text
        receipt = answer.json()
        assert (receipt["kind"], receipt["first_date"], receipt["last_date"]) == ("weights", FIRST, LAST)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"date,KO\n2001-01-05,0.1\n", 422),
        (f"date,TSLA\n{FIRST},0.1\n".encode(), 422),
        (f"date,KO,PEP\n{FIRST},0.9,0.1\n".encode(), 422),
        (b"PAR1" + b"\0" * 100, 422),
        (b"", 422),
        (b"x" * 1_100_000, 413),
    ],
)
def test_bad_files_are_refused_with_what_to_change(forward, body, status):
    _, token = forward.join("Nordlys")
    with forward.client(token) as client:
        answer = client.post("/v1/forward", content=body)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert all(fault.endswith(".") for fault in answer.json().get("faults", []))


def test_a_file_needs_a_token_a_name_and_a_forward_round(forward, scene_without):
    _, token = forward.join("Nordlys")
    with forward.client() as client:
        assert client.post("/v1/forward", content=GOOD).status_code == 401
        headers = {"Authorization": f"Bearer {token}"}
        bad = client.post("/v1/forward", content=GOOD, params={"name": "a\u202eb"}, headers=headers)
        assert bad.status_code == 422
    _, other = scene_without.join("Kestrel")
    with scene_without.client(other) as client:
        assert client.post("/v1/forward", content=GOOD).status_code == 404


@pytest.fixture
def scene_without(tmp_path_factory, make_scene):
    return make_scene(folder=tmp_path_factory.mktemp("other"))
