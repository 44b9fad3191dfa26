"""Lost connections, refusals, addresses, and keys of requests without an answer."""

import json

import httpx
import pytest

from statefolio.challenge.client.connection import PATIENCE, TRIES, Connection, NoAnswer, ServiceError, checked_url
from statefolio.challenge.client.joining import join_challenge
from statefolio.challenge.client.membership import Membership, PendingKeys, read_membership, write_membership
from statefolio.challenge.client.submitting import send
from statefolio.exceptions import FileFormatError, InputError, StatefolioWarning

URL = "http://127.0.0.1:9"
RECEIPT = {"id": "s_0001", "state": "queued", "left_today": 4, "left_round": 149}


class Server:
    """Answers with a list of responses and errors, in order, and keeps the requests and the pauses."""

    def __init__(self, *answers):
        self.answers, self.requests, self.pauses = list(answers), [], []

    def __call__(self, request):
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def connect(self, token="sfc_a"):
        return Connection(URL, token, pause=self.pauses.append, transport=httpx.MockTransport(self))


def problem(status, kind="x", detail="Change it.", **more):
    body = {"type": f"urn:statefolio:problem:{kind}", "title": "x", "status": status, "detail": detail, **more}
    return httpx.Response(status, json=body, headers={"Retry-After": "7"})


LOST = httpx.ReadError("lost")
REFUSED = httpx.ConnectError("refused")


def test_a_lost_answer_is_asked_for_again_with_the_same_key():
    server = Server(LOST, problem(503), REFUSED, httpx.Response(202, json=RECEIPT))
    with server.connect() as connection, pytest.warns(StatefolioWarning, match="nothing is sent twice"):
        assert send(connection, b"{}", PendingKeys(URL)) == RECEIPT
    keys = {each.headers["idempotency-key"] for each in server.requests}
    assert len(keys) == 1
    assert len(server.requests) == 4
    assert server.pauses[1] == 7.0, "Retry-After is kept to"


def test_a_later_command_uses_the_key_of_the_unanswered_one():
    lost = Server(LOST)
    with (
        lost.connect() as connection,
        pytest.warns(StatefolioWarning, match="does not yet"),
        pytest.raises(NoAnswer, match="the same command is safe to repeat"),
    ):
        send(connection, b"{}", PendingKeys(URL))
    assert PATIENCE <= sum(lost.pauses) < PATIENCE + 30
    server = Server(httpx.Response(202, json=RECEIPT))
    with server.connect() as connection:
        send(connection, b"{}", PendingKeys(URL))
        send(connection, b"{}", PendingKeys(URL))
    first, second = (each.headers["idempotency-key"] for each in server.requests)
    assert first == lost.requests[0].headers["idempotency-key"]
    assert second != first, "an answered key is not used again"


def test_a_refused_submission_gives_up_its_key():
    server = Server(problem(422, faults=["name is missing. Add it."]), httpx.Response(202, json=RECEIPT))
    with server.connect() as connection:
        with pytest.raises(ServiceError, match=r"Change it.\n  name is missing. Add it."):
            send(connection, b"{}", PendingKeys(URL))
        send(connection, b"{}", PendingKeys(URL))
    assert len({each.headers["idempotency-key"] for each in server.requests}) == 2


def test_a_database_that_is_away_for_a_minute_is_waited_for():
    server = Server(*[problem(503)] * 9, httpx.Response(202, json=RECEIPT))
    with server.connect() as connection, pytest.warns(StatefolioWarning, match="does not yet"):
        assert send(connection, b"{}", PendingKeys(URL)) == RECEIPT
    assert sum(server.pauses) == 63.0


def test_an_invitation_is_not_sent_twice_where_it_may_have_arrived():
    server = Server(LOST)
    with server.connect(None) as connection, pytest.raises(NoAnswer, match="ask the organiser for another one"):
        join_challenge(connection, "sfi_a")
    assert len(server.requests) == 1
    never_sent = Server(REFUSED)
    with (
        never_sent.connect(None) as connection,
        pytest.warns(StatefolioWarning, match="does not yet"),
        pytest.raises(NoAnswer, match=r"must answer, got no connection"),
    ):
        join_challenge(connection, "sfi_a")
    assert len(never_sent.requests) == TRIES


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(200, text="<html>"), httpx.Response(502, text="<html>"), httpx.Response(500, json=[1])],
)
def test_answers_of_something_else_are_said(answer):
    with Server(answer).connect() as connection, pytest.raises((InputError, ServiceError), match=r"must be|status"):
        connection.get("/v1/round")


def test_a_redirection_is_not_followed():
    server = Server(httpx.Response(308, headers={"Location": "https://evil.example/v1/round"}))
    with server.connect() as connection, pytest.raises(InputError, match=r"redirection to https://evil\.example"):
        connection.get("/v1/round")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "url", ["", "example.org", "ftp://x", "http://", "http://a?token=b", "http://me@a", "http://a#b"]
)
def test_addresses_are_checked(url):
    with pytest.raises(InputError, match=r"URL must be an address such as"):
        checked_url(url)


def test_a_token_over_plain_http_is_warned_of():
    with pytest.warns(StatefolioWarning, match="URL must begin with https"):
        Connection("http://challenge.example.org", "sfc_a")
    Connection("http://localhost:8000", "sfc_a")
    Connection("http://challenge.example.org")


def test_the_token_is_in_a_file_of_its_owner_alone(home):
    given = Membership(URL, 'A "quoted" \\ team \u05d0', "sfc_a")
    file = write_membership(given)
    assert file.parent == home
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_membership() == given
    file.chmod(0o644)
    with pytest.warns(StatefolioWarning, match="permissions were corrected"):
        read_membership()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_missing_or_broken_membership_says_what_to_do(home):
    with pytest.raises(FileFormatError, match="statefolio challenge join URL CODE"):
        read_membership()
    home.mkdir()
    (home / "challenge.toml").write_text("url = 1")
    (home / "challenge.toml").chmod(0o600)
    with pytest.raises(FileFormatError, match="Delete it and join again"):
        read_membership()


def test_keys_survive_a_broken_file(home):
    home.mkdir()
    (home / "challenge-pending.json").write_text("[1, 2")
    keys = PendingKeys(URL)
    first = keys.key(b"a")
    assert keys.key(b"a") == first
    assert keys.key(b"b") != first
    assert PendingKeys("http://other").key(b"a") != first
    assert json.loads((home / "challenge-pending.json").read_text())
    assert (home / "challenge-pending.json").stat().st_mode & 0o777 == 0o600
