"""Draws figures and opens pages in Chromium, and finds texts that overlap each other or leave their figure."""

import json
from contextlib import contextmanager

from plotly.offline import get_plotlyjs

WIDTHS = (1400, 390)
FIND = """
(place) => {
  const texts = [];
  const root = place.getBoundingClientRect();
  place.querySelectorAll(".main-svg text").forEach((text) => {
    const style = getComputedStyle(text);
    const box = text.getBBox();
    if (!text.textContent.trim() || !box.width || style.opacity === "0" || style.display === "none") return;
    for (let up = text; up && up !== place; up = up.parentElement) {
      const look = getComputedStyle(up);
      if (look.display === "none" || look.visibility === "hidden" || look.opacity === "0") return;
    }
    const to = text.getScreenCTM();
    const corner = (x, y) => [to.a * x + to.c * y + to.e, to.b * x + to.d * y + to.f];
    const trim = Math.min(2, box.height / 6); // a box has room above and below its letters
    const left = box.x + 1, right = box.x + box.width - 1, top = box.y + trim, bottom = box.y + box.height - trim;
    const quad = [corner(left, top), corner(right, top), corner(right, bottom), corner(left, bottom)];
    texts.push({ words: text.textContent, quad });
  });
  const apart = (a, b) => {
    for (const [p, q] of [[a, b], [b, a]]) {
      for (let i = 0; i < 4; i++) {
        const [x1, y1] = p[i], [x2, y2] = p[(i + 1) % 4];
        const side = ([x, y]) => (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1);
        const own = Math.sign(p.reduce((sum, at) => sum + side(at), 0));
        if (q.every((at) => own * side(at) <= 0)) return true;
      }
    }
    return false;
  };
  const found = [];
  texts.forEach((one, i) => {
    if (one.quad.some(([x, y]) => x < root.left - 1 || x > root.right + 1 || y < root.top - 1 || y > root.bottom + 1))
      found.push("leaves the figure: " + one.words);
    texts.slice(i + 1).forEach((other) => {
      if (!apart(one.quad, other.quad)) found.push(one.words + " | " + other.words);
    });
  });
  return { count: texts.length, found };
}
"""


def _told(place):
    told = place.evaluate(FIND)
    return told["found"] if told["count"] else ["no text"]


@contextmanager
def pages():
    """Open one Chromium; yields a function from a report to the faults of its figures: laptop, paper and phone."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])

        def faults(path):
            found = {}
            for width in WIDTHS:
                page = chromium.new_page(viewport={"width": width, "height": 900})
                page.goto(path.as_uri())
                page.wait_for_function("document.body.dataset.ready === 'yes'")
                looks = (
                    {width: "0"} if width < 1000 else {width: "0", "paper": "dispatchEvent(new Event('beforeprint'))"}
                )
                for look, before in looks.items():
                    page.evaluate(before)
                    for number, place in enumerate(page.query_selector_all(".figure")):
                        name = place.get_attribute("data-figure") or place.get_attribute("id")
                        if told := _told(place):
                            found[look, number, name] = told
                page.close()
            return found

        yield faults
        chromium.close()


@contextmanager
def browser():
    """Open one Chromium with plotly.js; yields a function from a figure and a width to the faults of its texts."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = chromium.new_page()
        page.set_content('<body style="margin:0"><div id="figure"></div></body>')
        page.add_script_tag(content=get_plotlyjs())

        def faults(figure, width, picture=None):
            page.set_viewport_size({"width": width, "height": max(400, int(figure.layout.height or 450))})
            page.evaluate(
                """async (figure) => {
                     const place = document.getElementById("figure");
                     Plotly.purge(place);
                     const config = { responsive: true, displayModeBar: false };
                     await Plotly.newPlot(place, figure.data, figure.layout, config);
                   }""",
                json.loads(figure.to_json()),
            )
            if picture is not None:
                page.screenshot(path=str(picture))
            return _told(page.query_selector("#figure"))

        yield faults
        chromium.close()
