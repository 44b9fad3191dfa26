"""The pages: signing in, forms, names, and that nothing on them runs."""

import re
from importlib import resources

import httpx
import pytest
from sqlalchemy import update

from statefolio.challenge.store import clock
from statefolio.challenge.store.credentials import login_link
from statefolio.challenge.store.rounds import begin_closing, finish_closing, reveal
from statefolio.challenge.store.tables import submissions, teams

PAGES = ("/", "/rules", "/data", "/board", "/board?track=portfolio", "/team", "/results")
NASTY = '<script>alert("x")</script>\u202e\u05d0 ' + "W" * 40
HTML = {"Accept": "text/html"}
RESULTS = {
    "tracks": {
        "portfolio": {
            "rows": [
                {"rank": 1, "team": "Nordlys", "name": "a", "submission": "s_a", "final": 1.25, "standard_error": 0.4,
                 "validation": 1.5, "validation_place": 2, "final_place": 1, "deflated": 0.91, "shake_up": 1,
                 "in_confidence_set": True, "is_benchmark": False, "reasons": []},
                {"rank": 2, "team": NASTY, "name": NASTY, "submission": "s_b", "final": None, "standard_error": None,
                 "validation": 1.6, "validation_place": 1, "final_place": 2, "deflated": None, "shake_up": -1,
                 "duplicate_of": "s_a", "relation": "opposite bet", "is_benchmark": False, "reasons": ["Set upper."]},
            ],
            "curves": {"dates": ["2021-01-04", "2021-01-05", "2021-01-06"],
                       "entries": {"s_a": [1.0, None, 1.1], "s_b": [1.0, 0.9, 0.95]}},
            "reality_check": {"p_value": 0.041, "reason": None},
            "submissions": 1200,
        }
    }
}  # fmt: skip


def link(scene, team):
    with scene.store.transaction() as conn:
        return f"/login/{login_link(conn, team, clock.now())}"


def csrf(page):
    return re.search(r'name="csrf" value="([^"]+)"', page.text)[1]


def sign_in(client, address):
    page = client.get(address, headers=HTML)
    return client.post(address, data={"csrf": csrf(page)})


@pytest.fixture
def team(scene):
    return scene.join("Harbour Street")[0]


@pytest.fixture
def client(scene, team):
    scene.submit(team)
    with scene.client() as made:
        yield made


def close(scene):
    with scene.store.transaction() as conn:
        begin_closing(conn, clock.now(), early=True)
        finish_closing(conn, RESULTS, clock.now())
        reveal(conn, "ab" * 32, clock.now())


def test_no_page_has_a_script_or_an_inline_style(scene, team, client):
    scene.score(-1.1)
    sign_in(client, link(scene, team))
    close(scene)
    for address in PAGES:
        page = client.get(address, headers=HTML)
        assert page.status_code == 200, address
        assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:|http-equiv", page.text), address
        sources = re.findall(r'(?:src|href|action)="([^"]*)"', page.text)
        assert all(each.startswith(("/", "#")) for each in sources), sources
        assert "Server time 20" in page.text


def test_names_are_text_whatever_is_in_them(scene, team, client):
    with scene.store.transaction() as conn:
        conn.execute(update(teams).values(name=NASTY))
        conn.execute(update(submissions).values(name=NASTY))
    scene.score(-1.1)
    sign_in(client, link(scene, team))
    close(scene)
    for address in ("/", "/board", "/team", "/results"):
        text = client.get(address).text
        assert "<script" not in text
        assert "&lt;script&gt;" in text
        assert re.search(r"<bdi>&lt;script", text), address
    assert client.get("/v1/leaderboard").json()["items"][0]["team"] == NASTY


def test_looking_at_a_login_link_does_not_use_it(scene, team, client):
    address = link(scene, team)
    for _ in range(3):
        assert "Sign in</button>" in client.get(address).text
    answer = sign_in(client, address)
    assert (answer.status_code, answer.headers["location"]) == (303, "/team")
    cookie = answer.headers["set-cookie"]
    assert re.search(r"HttpOnly.*SameSite=lax", cookie, re.IGNORECASE)
    assert "Harbour Street" in client.get("/team").text
    assert client.get(address).status_code == 404
    assert client.post(address, data={"csrf": csrf(client.get("/team"))}).status_code in (403, 404)


def test_a_used_link_signs_nobody_in(scene, team, client):
    address = link(scene, team)
    with httpx.Client(base_url=client.base_url) as other:
        form = csrf(other.get(address))
        sign_in(client, address)
        assert other.post(address, data={"csrf": form}).status_code == 404
        assert "not signed in" in other.get("/team").text


def test_cookies_are_bound_to_https_where_browsers_use_it(scene, team):
    with scene.client(public_url="https://challenge.example.org") as client:
        address = link(scene, team)
        page = client.get(address)
        assert "__Host-statefolio-form" in page.headers["set-cookie"]
        cookie = {"Cookie": f"__Host-statefolio-form={csrf(page)}"}
        answer = client.post(address, data={"csrf": csrf(page)}, headers=cookie)
        assert answer.headers["set-cookie"].startswith("__Host-statefolio=sfs_")
        assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize("form", [{}, {"csrf": ""}, {"csrf": "0" * 64}])
def test_a_form_without_the_pages_token_is_refused(scene, team, client, form):
    address = link(scene, team)
    client.get(address)
    assert client.post(address, data=form or {"x": "1"}).status_code == 403
    assert sign_in(client, address).status_code == 303
    given = {**form, "submission": "s_0123456789"}
    assert client.post("/team/select", data=given).status_code == 403
    assert client.post("/logout", data=form or {"x": "1"}).status_code == 403
    assert "Harbour Street" in client.get("/team").text


def test_a_form_from_another_site_is_refused(scene, team, client):
    sign_in(client, link(scene, team))
    token = csrf(client.get("/team"))
    for site in ("cross-site", "same-site"):
        answer = client.post("/logout", data={"csrf": token}, headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 403
    assert client.post("/logout", data={"csrf": token}, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303
    assert "not signed in" in client.get("/team").text


def test_a_session_ended_on_the_server_is_over(scene, team, client):
    sign_in(client, link(scene, team))
    cookie = client.cookies["statefolio"]
    client.post("/logout", data={"csrf": csrf(client.get("/team"))})
    client.cookies.set("statefolio", cookie)
    assert "not signed in" in client.get("/team").text


def test_a_team_selects_its_finalists(scene, team, client):
    scene.score(-1.1)
    sign_in(client, link(scene, team))
    page = client.get("/team")
    given = re.search(r'name="submission" value="([^"]+)"', page.text)[1]
    answer = client.post("/team/select", data={"csrf": csrf(page), "submission": given})
    assert answer.headers["location"] == "/team?done=selected"
    page = client.get("/team?done=selected")
    assert "The finalist is selected." in page.text
    assert "Take back" in page.text
    client.post("/team/select", data={"csrf": csrf(page), "submission": given, "back": "yes"})
    assert "Take back" not in client.get("/team").text
    theirs = scene.submit(scene.join("Nordlys")[0]).id
    refused = client.post("/team/select", data={"csrf": csrf(page), "submission": theirs}, headers=HTML)
    assert refused.status_code == 404
    assert refused.headers["content-type"].startswith("text/html")


def test_a_page_of_the_team_shows_what_is_left_and_why(scene, team, client):
    scene.score(1.0, gates=("weight",), reasons=("Every weight must be at most 10%. Set upper.",))
    sign_in(client, link(scene, team))
    text = client.get("/team").text
    assert "4 of 5" in text
    assert "00:00:00 UTC" in text
    assert "Every weight must be at most 10%. Set upper." in text


def test_a_trusted_header_counts_from_a_configured_proxy_alone(scene, team):
    header = {"X-Remote-User": "Harbour Street"}
    with scene.client(trusted_header="X-Remote-User") as client:
        page = client.get("/team", headers=header)
        assert "Signed in as" in page.text
        assert client.get("/team").text.count("not signed in") == 1
        double = [("X-Remote-User", "Harbour Street"), ("X-Remote-User", "Nordlys")]
        assert "not signed in" in client.get("/team", headers=double).text
        given = scene.submit(team).id
        form = {"csrf": csrf(client.get("/team", headers=header)), "submission": given}
        assert client.post("/team/select", data=form, headers=header).status_code == 303
        client.cookies.clear()
        assert client.post("/team/select", data=form, headers=header).status_code == 403
    with scene.client(trusted_header="X-Remote-User", trusted_proxies=("10.0.0.0/8",)) as client:
        assert "not signed in" in client.get("/team", headers=header).text
    with scene.client() as client:
        assert "not signed in" in client.get("/team", headers=header).text


def test_results_come_after_closing(scene, client):
    text = client.get("/results").text
    assert "not before" in text
    assert "Nordlys" not in text
    close(scene)
    text = client.get("/results").text
    for shown in (
        "1.250",
        "0.910",
        "+1",
        "\u22121",
        "p = .041",
        "ab" * 32,
        "model confidence set",
        "The opposite bet of Nordlys. Set upper.",
        "1,200 submissions",
    ):
        assert shown in text
    assert text.count("<svg") == 2
    assert client.get("/v1/round").json()["state"] == "revealed"


def test_the_truth_of_a_tutorial_is_drawn_once_it_is_revealed(scene, team, client):
    paths = {
        "true": [0.1, 0.2, 0.3],
        "estimate": [None, 0.25, 0.28],
        "low": [None, -9.0, 0.2],
        "high": [None, 9.0, 0.4],
    }
    entry = {"dates": ["a", "b", "c"], "factors": ["market"], "error": {"market": 0.05}, "name": "Mine"}
    truth = {"s_a": {**entry, "team": team.name, "assets": {"A1": {"market": paths}}}}
    scene.publish("true_loadings.json", truth)
    assert "true loadings" not in client.get("/results").text
    close(scene)
    text = client.get("/results").text
    assert "The true loadings of A1" in text
    assert "market: mean error 0.050" in text
    sign_in(client, link(scene, team))
    assert "beside your estimate" in client.get("/results").text


def test_the_data_page_draws_the_factors(client):
    text = client.get("/data").text
    assert text.count("<svg") == 3
    assert "+5.2%" in text
    assert "2019-06-28" in text
    assert 'href="/v1/public/returns.csv"' in text


def test_the_board_has_pages(scene, client, monkeypatch):
    from statefolio.challenge.service.pages import public

    monkeypatch.setattr(public, "ROWS", 2)
    scene.score(-1.0)
    for number in range(4):
        scene.submit(scene.join(f"Team {number}")[0])
        scene.score(-2.0 - number)
    first = client.get("/board").text
    assert "Harbour Street" in first
    following = re.search(r'href="(/board\?[^"]*after=2)"', first)[1].replace("&amp;", "&")
    assert "Team 1" in client.get(following).text
    names = [each["team"] for each in client.get("/v1/leaderboard", params={"after": 3}).json()["items"]]
    assert names == ["Team 2", "Team 3"]


def test_the_own_team_is_marked(scene, team, client):
    scene.score(-1.0)
    assert 'class="own"' not in client.get("/board").text
    sign_in(client, link(scene, team))
    assert 'class="own"' in client.get("/board").text


def test_the_style_sheet_is_that_of_the_report_and_kept(client):
    address = re.search(r'href="(/static/style-[^"]+)"', client.get("/").text)[1]
    sheet = client.get(address)
    assert "immutable" in sheet.headers["cache-control"]
    report = resources.files("statefolio.report").joinpath("template/page.css").read_text(encoding="utf-8")
    assert sheet.text.startswith(report[: report.index("}")])
    assert "prefers-color-scheme: dark" in sheet.text


def test_public_files_alone_can_be_had(scene, client):
    (scene.folder / "hidden").mkdir()
    (scene.folder / "hidden" / "data.npz").write_bytes(b"secret")
    (scene.public / "link.npz").symlink_to(scene.folder / "hidden" / "data.npz")
    (scene.public / ".part").write_bytes(b"secret")
    listed = client.get("/v1/public").json()["items"]
    assert [each["name"] for each in listed] == ["factor_page.json", "returns.csv", "rules.json"]
    for name in ("link.npz", ".part", "..%2Fhidden%2Fdata.npz", "%2e%2e/hidden/data.npz", "x%00", "rules.json%00"):
        answer = client.get(f"/v1/public/{name}")
        assert answer.status_code == 404, name
        assert "secret" not in answer.text
    answer = client.get("/v1/public/returns.csv")
    assert answer.text == (scene.public / "returns.csv").read_text()


SUBMITTED = b'track = "forecast"\nname = "From the form"\n'


def send_file(client, content=SUBMITTED, **fields):
    page = client.get("/team").text
    known = dict(re.findall(r'name="(csrf|key)" value="([^"]+)"', page))
    return client.post("/team/submit", data={**known, **fields}, files={"file": ("mine.toml", content)})


def test_a_file_is_submitted_once_however_often_the_form_is_sent(scene, team, client):
    sign_in(client, link(scene, team))
    before = client.get("/team").text.count("<code>s_")
    first = send_file(client, key="abc123")
    assert (first.status_code, first.headers["location"]) == (303, "/team?done=submitted")
    assert send_file(client, key="abc123").status_code == 303
    assert client.get("/team").text.count("<code>s_") == before + 1
    assert send_file(client, b'{"track": "forecast", "name": "As the API has it"}').status_code == 303
    assert "As the API has it" in client.get("/team").text


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"", 422, "must have a file"),
        (b"\xff\xfe", 422, "must be UTF-8"),
        (b"track = ", 422, "must be TOML"),
        (b"a" + b".a" * 4_000 + b" = 1", 422, "dotted key"),
        (b'track = "forecast"\nname = "x"\nwhen = 2020-01-01', 422, "date"),
        (b"#" * 17_000, 422, "at most 16,384 bytes"),
        (b"#" * 30_000, 413, "at most"),
    ],
)
def test_a_file_that_is_no_submission_is_refused_in_words(scene, team, client, content, status, words):
    sign_in(client, link(scene, team))
    answer = send_file(client, content)
    assert answer.status_code == status
    assert words in answer.text


def test_a_file_needs_the_page_the_session_and_a_key(scene, team, client):
    sign_in(client, link(scene, team))
    assert send_file(client, csrf="other").status_code == 403
    assert send_file(client, key="").status_code == 400
    assert client.post("/team/submit", data={"csrf": "x"}).status_code == 400
    client.cookies.clear()
    assert client.post("/team/submit", data={"key": "a"}, files={"file": ("a", SUBMITTED)}).status_code == 403
