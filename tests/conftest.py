"""The folder of shared data, a panel with gaps, and a report in headless Chromium."""

import html
import importlib.util
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

DATES = 260
collect_ignore = ["reference/make_engine_peers.py"]  # a script for an environment of its own
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=60000",
)
PROBE = """<script>
(async () => {
  const pause = () => new Promise((resume) => setTimeout(resume, 20));
  const until = async (test) => { while (!test()) await pause(); };
  const told = document.createElement("pre");
  told.id = "told";
  try {
    await until(() => document.body.dataset.ready || document.querySelector(".trouble"));
    told.textContent = JSON.stringify(await (async () => { %s })());
  } catch (error) { told.textContent = JSON.stringify({ error: String(error) }); }
  document.body.append(told);
})();
</script></body>"""


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the folder shared/data is not beside the project: tests on those files are skipped")
    return SHARED


@pytest.fixture
def browse(tmp_path):
    """Open a page in headless Chromium, run a script in it, and return what the script returned."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed, so the page was not driven")

    def run(page: Path, script: str, fragment: str = "", width: int = 1366, dark: bool = False):
        probed = tmp_path / "probed.html"
        text = page.read_text(encoding="utf-8")
        assert text.count("</body>") == 1
        probed.write_text(text.replace("</body>", PROBE % script), encoding="utf-8")
        profile = tempfile.mkdtemp(dir=tmp_path)
        scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
        own = (f"--user-data-dir={profile}", f"--window-size={width},900", scheme, "--dump-dom")
        command = [CHROMIUM, *SWITCHES, *own, probed.as_uri() + fragment]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        found = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.DOTALL)
        assert found, done.stderr[-2000:]
        return json.loads(html.unescape(found[1]))

    return run


@pytest.fixture(scope="module")
def text_faults():
    """Return a function from a written report to the texts of its figures that overlap or leave their figure."""
    pytest.importorskip("playwright")
    file = Path(__file__).parent / "report" / "drawn.py"
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with module.pages() as find:
        yield find


@pytest.fixture
def factors() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    dates = pd.bdate_range("2010-01-04", periods=DATES, name="date")
    return pd.DataFrame(rng.normal(0, 0.01, (DATES, 2)), index=dates, columns=["market", "size"])


@pytest.fixture
def returns(factors) -> pd.DataFrame:
    """Gaps everywhere, a late listing, an asset that leaves, one never observed, one observed too little."""
    rng = np.random.default_rng(12)
    loadings = rng.normal(1.0, 0.3, (2, 40))
    values = factors.to_numpy() @ loadings + rng.normal(0, 0.01, (DATES, 40))
    values[rng.random(values.shape) < 0.05] = np.nan
    values[:150, 1] = np.nan
    values[120:, 2] = np.nan
    values[:, 3] = np.nan
    values[2:, 4] = np.nan
    return pd.DataFrame(values, index=factors.index, columns=[f"A{i}" for i in range(40)])
