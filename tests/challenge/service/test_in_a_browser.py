"""The pages in headless Chromium: nothing is wider than a phone or a laptop, whatever the names are."""

import re

import httpx
import pytest
from sqlalchemy import update

from statefolio.challenge.store import clock
from statefolio.challenge.store.credentials import login_link
from statefolio.challenge.store.tables import submissions, teams

NAMES = ("W" * 60, "<b>bold</b>\u202e\u05d0\u05d1 " + "x" * 40, "A name of several words that goes on for a while")
WIDER = """
const width = document.documentElement.clientWidth;
const page = document.documentElement.scrollWidth;
const out = [...document.querySelectorAll("main *, header *")].filter(
  (each) => each.getBoundingClientRect().right > width + 1 && !each.closest(".wide, pre, svg"));
return { width, page, out: out.map((each) => each.outerHTML.slice(0, 200)),
         ink: getComputedStyle(document.body).color, rows: document.querySelectorAll("tbody tr").length };
"""


@pytest.fixture
def signed_in(scene):
    for number, name in enumerate(NAMES):
        team, _ = scene.join(f"Team {number}")
        scene.submit(team)
        scene.score(1.0 - number)
        with scene.store.transaction() as conn:
            conn.execute(update(teams).where(teams.c.id == team.id).values(name=name))
            conn.execute(update(submissions).where(submissions.c.team == team.id).values(name=name))
            address = f"/login/{login_link(conn, team, clock.now())}"
    with scene.client() as client:
        form = re.search(r'name="csrf" value="([^"]+)"', client.get(address).text)[1]
        assert client.post(address, data={"csrf": form}).status_code == 303
        yield client


def saved(client: httpx.Client, address, folder):
    """A page with its style sheet in it, as a file that a browser can open."""
    text = client.get(address).text
    sheet = client.get(re.search(r'href="(/static/style[^"]+)"', text)[1]).text
    page = folder / "page.html"
    text = re.sub(r'<link rel="stylesheet"[^>]*>', lambda _: f"<style>{sheet}</style>", text)
    page.write_text(text.replace("<body>", '<body data-ready="yes">'), encoding="utf-8")
    return page


@pytest.mark.parametrize("address", ["/", "/board", "/team", "/rules", "/data"])
def test_no_page_is_wider_than_its_window(signed_in, browse, tmp_path, address):
    page = saved(signed_in, address, tmp_path)
    for width in (500, 1366):  # headless Chromium has no narrower window
        found = browse(page, WIDER, width=width)
        assert found["page"] <= found["width"], (width, found)
        assert found["out"] == [], (width, found["out"])
    if address in ("/board", "/team"):
        assert found["rows"] >= 1
