"""The built site needs no network, has one copy of plotly.js, no broken link, and plain text of every page."""

import re
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import reference_pages

SITE = Path(__file__).resolve().parents[1] / "_build" / "html"
PAGES = sorted(SITE.rglob("*.html"))
pytestmark = pytest.mark.skipif(not PAGES, reason="docs/_build/html is not built; run `make docs`")
LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "object": "data"}
LOADED_LINKS = {"stylesheet", "icon", "preload", "prefetch", "preconnect", "dns-prefetch", "modulepreload"}


class Links(HTMLParser):
    """Collects what a page loads, and what it links to."""

    def __init__(self, text):
        super().__init__()
        self.loaded, self.linked, self.names = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if given.get("id"):
            self.names.add(given["id"])
        if tag in LOADED and given.get(LOADED[tag]):
            self.loaded.append(given[LOADED[tag]])
        if tag == "link" and LOADED_LINKS & set((given.get("rel") or "").split()):
            self.loaded.append(given["href"])
        if tag == "a" and given.get("href"):
            self.linked.append(given["href"])


@pytest.fixture(scope="module")
def links():
    return {page: Links(page.read_text(encoding="utf-8")) for page in PAGES}


def remote(address):
    return bool(urlsplit(address).netloc)


def test_no_page_loads_anything_from_elsewhere(links):
    assert {address for each in links.values() for address in each.loaded if remote(address)} == set()
    for style in SITE.rglob("*.css"):
        found = re.findall(r"(?:url\(|@import\s+)['\"]?((?:https?:)?//[^'\")]+)", style.read_text(encoding="utf-8"))
        assert found == [], style


def test_links_inside_the_site_lead_somewhere(links):
    broken = set()
    for page, each in links.items():
        for address in each.linked:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc or not parts.path:
                continue
            if not (page.parent / unquote(parts.path)).resolve().exists():
                broken.add((page.relative_to(SITE).as_posix(), address))
    assert broken == set()


def test_plotly_is_there_once():
    assert [path.relative_to(SITE).as_posix() for path in SITE.rglob("plotly*.js")] == ["_static/plotly.min.js"]
    assert max(page.stat().st_size for page in PAGES) < 3_000_000


def test_formulas_need_no_script():
    page = (SITE / "mathematics" / "filter.html").read_text(encoding="utf-8")
    assert page.count("<math") > 20
    assert "MathJax" not in page
    assert "merror" not in page


def test_every_public_name_has_a_page():
    for namespace in reference_pages.TASKS:
        for name in import_module(f"statefolio.{namespace}").__all__:
            assert (SITE / "reference" / "api" / f"statefolio.{namespace}.{name}.html").is_file(), name


def test_every_example_shows_a_figure_or_a_result():
    pages = [page for page in (SITE / "auto_gallery").rglob("*.html") if page.name not in ("index.html",)]
    assert len(pages) >= 25
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "sf-figure-data" in text or "sphx-glr-script-out" in text, page
        assert "Traceback" not in text, page


def test_assistants_find_every_page_as_plain_text():
    listed = (SITE / "llms.txt").read_text(encoding="utf-8")
    named = re.findall(r"\]\(([^)]+\.txt)\)", listed)
    assert len(named) > 50
    assert all((SITE / name).is_file() for name in named)
    assert "Traceback" not in (SITE / "llms-full.txt").read_text(encoding="utf-8")
    for page in ("install", "choose", "mathematics/filter", "auto_tutorials/t1_researcher"):
        assert f"{page}.txt" in named
