"""The forms in Chromium, as a participant uses them: sign in by the link, submit a file, select a finalist."""

import shutil

import pytest

from statefolio.challenge.store import clock
from statefolio.challenge.store.credentials import login_link

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
TOML = 'track = "portfolio"\nname = "From the form"\n[portfolio.mine]\nobjective = "equal_weight"\n'
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: no form was clicked")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed, so no form was clicked")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def faults():
    """Return a function from a page to the names of serious faults that axe-core finds."""
    axe = pytest.importorskip("axe_core_python.sync_playwright", reason="axe-core is not installed").Axe()
    return lambda page: [each["id"] for each in axe.run(page)["violations"] if each["impact"] in SERIOUS]


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1_400, "light")])
def test_a_participant_signs_in_submits_selects_and_looks(scene, browser, faults, tmp_path, width, scheme):
    team, _ = scene.join("Harbour Street")
    other, _ = scene.join("Nordlys")
    scene.submit(other)
    scene.score(-1.2)
    with scene.store.transaction() as conn:
        link = login_link(conn, team, clock.now())
    file, found = tmp_path / "mine.toml", {}
    file.write_text(TOML)
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.set_default_timeout(60_000)

    def look(name):
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        found[name] = faults(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name

    with scene.client() as client:
        root = f"http://127.0.0.1:{client.port}"
        page.goto(f"{root}/login/{link}")
        look("login")
        page.click("button:text('Sign in')")
        assert "Signed in as Harbour Street" in page.inner_text("header")
        look("empty")
        page.set_input_files("input[type=file]", file)
        page.click("form.send button")
        assert "The submission is stored" in page.inner_text("[role=status]")
        assert "queued" in page.inner_text("tbody tr")
        scene.score(1.234)
        page.goto(f"{root}/team")
        assert "1.234" in page.inner_text("tbody tr")
        page.click("button:text('Select')")
        assert "The finalist is selected" in page.inner_text("[role=status]")
        assert "4 of 5" in page.inner_text(".tiles")
        look("team")
        page.goto(f"{root}/board?track=portfolio")
        assert "Harbour Street" in page.inner_text("tbody")
        look("board")
        for name in ("", "rules", "data", "results"):
            page.goto(f"{root}/{name}")
            look(name or "overview")
        page.goto(f"{root}/team")
        file.write_text(TOML.replace("equal_weight", "equal_wait"))
        page.set_input_files("input[type=file]", file)
        page.click("form.send button")
        assert "objective" in page.inner_text("main")
        look("refused")
    page.close()
    assert not any(found.values()), found
