"""Every page of the built site in Chromium, as wide as a phone and a laptop: nothing is cut, missing or unreadable."""

import shutil
from pathlib import Path

import pytest

SITE = Path(__file__).resolve().parents[1] / "_build" / "html"
PAGES = sorted(page for page in SITE.rglob("*.html") if "_static" not in page.parts)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PHONE, LAPTOP = {"width": 390, "height": 3000}, {"width": 1400, "height": 3000}
pytestmark = [
    pytest.mark.skipif(not PAGES, reason="docs/_build/html is not built; run `make docs`"),
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed, so no page was opened"),
]
DRAWN = "document.querySelectorAll('.sf-figure').length === document.querySelectorAll('.sf-drawn').length"
CUT = """() => {
  const width = document.documentElement.clientWidth;
  const scrolls = (node) => {
    for (let up = node.parentElement; up; up = up.parentElement)
      if (["auto", "scroll"].includes(getComputedStyle(up).overflowX)) return true;
    return false;
  };
  const found = document.documentElement.scrollWidth > width ? ["the page is wider than the screen"] : [];
  const texts = document.createTreeWalker(document.querySelector("main") || document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    if (!text.textContent.trim() || text.parentElement.closest("svg, math, script, style, dialog")) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const right = Math.max(0, ...[...range.getClientRects()].map((box) => box.width > 1 ? box.right : 0));
    if (right > width + 1 && !scrolls(text)) found.push(text.textContent.trim().slice(0, 60));
  }
  for (const box of document.querySelectorAll(".sf-drawn .main-svg, main img"))
    if (box.getBoundingClientRect().right > width + 1 && !scrolls(box)) found.push("a figure or an image");
  return found;
}"""
MISSING = "() => [...document.images].filter((one) => one.complete && !one.naturalWidth).map((one) => one.src)"
ALL, CONTRAST = {}, {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
SAME_COLOURS = {"rules": {"color-contrast": {"enabled": False}}}  # as on the other pages
AXE = """async (options) => {
  const found = await axe.run(document, { resultTypes: ["violations"], ...options });
  return found.violations.filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => one.id + ": " + one.nodes.slice(0, 3).map((node) => node.target.join(" ")).join(", "));
}"""


@pytest.fixture(scope="module")
def faults():
    """Visit each page once; return what was found, by kind and page."""
    axe = next(Path(pytest.importorskip("axe_core_python").__file__).parent.rglob("axe.min.js"))
    script = axe.read_text(encoding="utf-8")
    found = {kind: {} for kind in ("cut", "missing", "access", "script")}
    with pytest.importorskip("playwright.sync_api").sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        view = chromium.new_context(viewport=PHONE, color_scheme="light").new_page()
        errors = []
        view.on("pageerror", lambda error: errors.append(str(error)))
        for page in PAGES:
            name = page.relative_to(SITE).as_posix()
            view.set_viewport_size(PHONE)
            view.emulate_media(color_scheme="light")
            view.goto(page.as_uri())
            _show_all(view)
            view.evaluate(script)
            of_a_name = "reference/api" in name
            found["access"][name] = view.evaluate(AXE, SAME_COLOURS if of_a_name else ALL)
            found["cut"][name] = view.evaluate(CUT)
            found["missing"][name] = view.evaluate(MISSING)
            if not of_a_name and "auto_gallery" not in name:  # drawing a figure again takes seconds
                view.emulate_media(color_scheme="dark")
                found["access"][name] += [f"dark: {fault}" for fault in view.evaluate(AXE, CONTRAST)]
                view.set_viewport_size(LAPTOP)
                found["cut"][name] += [f"laptop: {cut}" for cut in view.evaluate(CUT)]
            found["script"][name] = list(errors)
            errors.clear()
        chromium.close()
    return {kind: {name: each for name, each in by.items() if each} for kind, by in found.items()}


def _show_all(view):
    """Make the window as tall as the page, so that all its figures are drawn, and wait for them."""
    height = view.evaluate("document.documentElement.scrollHeight")
    if height > PHONE["height"]:
        view.set_viewport_size({**PHONE, "height": min(height + 200, 16_000)})
    view.wait_for_function(DRAWN, timeout=60_000)


def test_nothing_is_cut_or_wider_than_the_screen(faults):
    assert faults["cut"] == {}


def test_no_image_is_missing_and_no_script_fails(faults):
    assert faults["missing"] == {}
    assert faults["script"] == {}


def test_axe_finds_no_serious_fault_of_accessibility(faults):
    assert faults["access"] == {}
