"""Codes, tokens, links and sessions: shown once, stored hashed, used once, expiring and revocable."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from statefolio.challenge.store import credentials as c
from statefolio.challenge.store.errors import InvalidCredential, InvalidTeamName
from statefolio.challenge.store.tables import audit, credentials
from statefolio.challenge.store.teams import revoke_team


def join(store, name, now):
    with store.transaction() as conn:
        code = c.invite(conn, [name], now)[name]
    with store.transaction() as conn:
        return c.redeem(conn, code, now)


def authenticated(store, token, now):
    with store.reading() as conn:
        return c.authenticate(conn, token, now)


def test_a_code_gives_a_token_that_authenticates(store, now):
    team, token = join(store, "Alpha", now)
    assert authenticated(store, token, now) == team
    assert team.name == "Alpha"
    mark, prefix, secret, checksum = token.split("_")
    assert (mark, len(prefix), len(secret), len(checksum)) == ("sfc", 10, 52, 8)
    assert join(store, "Beta", now)[1].split("_")[2] != secret


def test_no_secret_is_in_the_database(store, now):
    with store.transaction() as conn:
        code = c.invite(conn, ["Alpha"], now)["Alpha"]
        team, token = c.redeem(conn, code, now)
        link = c.login_link(conn, team, now)
        cookie, _ = c.use_link(conn, link, now)
    with store.reading() as conn:
        held = str(conn.execute(select(credentials)).all()) + str(conn.execute(select(audit)).all())
    for text in (code, token, link, cookie):
        assert text.split("_")[2] not in held
        assert text.split("_")[1] in held


@pytest.mark.parametrize("change", ["typo", "secret", "prefix", "kind", "empty", "long", "letters"])
def test_other_texts_are_nobody(store, now, change):
    _, token = join(store, "Alpha", now)
    mark, prefix, secret, checksum = token.split("_")
    other = "b" + secret[1:] if secret[0] == "a" else "a" + secret[1:]
    start = {"secret": f"{mark}_{prefix}_{other}", "prefix": f"{mark}_{'0' * 10}_{secret}"}.get(change, "")
    text = {
        "typo": f"{mark}_{prefix}_{other}_{checksum}",
        "kind": token.replace("sfc", "sfi"),
        "empty": "",
        "long": token * 1000,
        "letters": "sfc_é_é_é",
    }.get(change, f"{start}_{c._checksum(start)}")
    assert authenticated(store, text, now) is None
    assert c.well_formed("token", text) == (change in ("secret", "prefix"))


def test_tokens_expire_and_are_revoked(store, now):
    team, token = join(store, "Alpha", now)
    end = now + c.LIFETIMES["token"]
    assert authenticated(store, token, end - timedelta(microseconds=1)) == team
    assert authenticated(store, token, end) is None
    with store.transaction() as conn:
        assert c.revoke(conn, token, now)
        assert not c.revoke(conn, token, now)
    assert authenticated(store, token, now) is None


def test_a_code_is_used_once_even_at_the_same_time(store, now):
    with store.transaction() as conn:
        code = c.invite(conn, ["Alpha"], now)["Alpha"]

    def redeem(_):
        try:
            with store.transaction() as conn:
                return c.redeem(conn, code, now)[1]
        except InvalidCredential:
            return None

    with ThreadPoolExecutor(8) as pool:
        assert sum(each is not None for each in pool.map(redeem, range(8))) == 1


def test_used_expired_revoked_and_unknown_codes_look_the_same(store, now):
    with store.transaction() as conn:
        codes = c.invite(conn, ["Used", "Expired", "Revoked"], now)
        c.redeem(conn, codes["Used"], now)
        c.revoke(conn, codes["Revoked"], now)
    unknown = "sfi_0000000000_aaaa"
    unknown = f"{unknown}_{c._checksum(unknown)}"
    tries = [(codes["Used"], now), (codes["Expired"], now + timedelta(days=31)), (codes["Revoked"], now)]
    messages = set()
    for code, when in [*tries, (unknown, now), ("nonsense", now)]:
        with pytest.raises(InvalidCredential) as caught, store.transaction() as conn:
            c.redeem(conn, code, when)
        messages.add(str(caught.value))
    assert len(messages) == 1


def test_a_lost_token_is_renewed_and_the_old_one_ends(store, now):
    team, old = join(store, "Alpha", now)
    with pytest.raises(InvalidTeamName, match="look like"), store.transaction() as conn:
        c.invite(conn, ["Alpha"], now)
    with store.transaction() as conn:
        code = c.invite(conn, ["Alpha"], now, renew=True)["Alpha"]
    assert authenticated(store, old, now) == team
    with store.transaction() as conn:
        again, new = c.redeem(conn, code, now)
    assert again == team
    assert authenticated(store, old, now) is None
    assert authenticated(store, new, now) == team
    with pytest.raises(InvalidTeamName, match="--renew"), store.transaction() as conn:
        c.invite(conn, ["Nobody"], now, renew=True)


def test_two_names_that_look_alike_invited_at_once(store, now):
    with store.transaction() as conn:
        latin, cyrillic = c.invite(conn, ["Alpha", "Аlphа"], now).values()
        c.redeem(conn, latin, now)
    with pytest.raises(InvalidTeamName, match="look like"), store.transaction() as conn:
        c.redeem(conn, cyrillic, now)


def test_a_link_opens_one_session(store, now):
    team, _ = join(store, "Alpha", now)
    with store.transaction() as conn:
        link = c.login_link(conn, team, now)
        assert c.link_is_open(conn, link, now)
        assert not c.link_is_open(conn, link, now + timedelta(minutes=15))
        cookie, session = c.use_link(conn, link, now)
        assert not c.link_is_open(conn, link, now)
    with pytest.raises(InvalidCredential), store.transaction() as conn:
        c.use_link(conn, link, now)
    with store.transaction() as conn:
        assert c.session_of(conn, cookie, now) == session
        assert len(session.csrf) == 64
        assert c.session_of(conn, cookie, now + timedelta(hours=12)) is None
        assert c.authenticate(conn, cookie, now) is None
        c.end_session(conn, cookie, now)
        assert c.session_of(conn, cookie, now) is None


def test_a_team_that_is_shut_out_has_no_token_and_no_session(store, now):
    team, token = join(store, "Alpha", now)
    with store.transaction() as conn:
        cookie, _ = c.start_session(conn, team, now)
        revoke_team(conn, team, now)
        assert c.authenticate(conn, token, now) is None
        assert c.session_of(conn, cookie, now) is None


def test_all_credentials_of_a_team_are_revoked(store, now):
    team, token = join(store, "Alpha", now)
    with store.transaction() as conn:
        cookie, _ = c.start_session(conn, team, now)
        assert c.revoke_credentials(conn, team, now) == 2
        assert c.session_of(conn, cookie, now) is None
    assert authenticated(store, token, now) is None
