"""Four new users: a fresh environment, then the README, the first pages and their tutorials, word for word."""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import code_blocks
import pytest

ROOT = code_blocks.DOCS.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SITE = code_blocks.DOCS / "_build" / "html"
USERS = ("t1_researcher", "t2_risk_manager", "t3_pairs_trader", "t4_portfolio_manager")
FIRST_PAGES = ("index.md", "install.md", "first_ten_minutes.md")
COMMANDS = [
    line
    for block in code_blocks.blocks(README)
    for line in block.text.splitlines()
    if block.language == "" and line.startswith("statefolio ")
]
LIMIT = 1200  # seconds of one user
OWN_FILES = """
from pathlib import Path
import statefolio as sf
data = sf.load_demo()
data.returns.loc["2019":].to_csv("returns.csv")
data.factors.loc["2019":].to_csv("factors.csv")
sf.load_demo_prices()[["CVX", "XOM"]].loc["2018":].to_csv("prices.csv")
Path("weights.csv").write_text("asset,weight\\nAAPL,0.6\\nXOM,0.4\\n")
Path("fund").mkdir()
data.returns[["AAPL", "KO"]].mean(axis=1).rename("fund").to_csv("fund/returns.csv")
"""
A_PAGE = """
import json, sys
from pathlib import Path
sys.path.insert(0, {tools!r})
import code_blocks
print(json.dumps(code_blocks.differences(Path({page!r}).read_text(encoding="utf-8"), Path.cwd())))
"""


class Fresh:
    """A new virtual environment, and a home that nobody used before."""

    def __init__(self, folder):
        self.folder = folder
        self.bin = folder / "environment" / "bin"
        self.home = folder / "home"
        self.home.mkdir()
        page = (code_blocks.DOCS / "install.md").read_text(encoding="utf-8")
        extras = re.search(r'^pip install "statefolio(\[.*?\])"', page, re.MULTILINE)[1]
        subprocess.run([sys.executable, "-m", "venv", str(self.bin.parent)], check=True)
        options = ["--quiet", "--disable-pip-version-check", "-c", str(ROOT / "constraints.txt")]
        command = [str(self.bin / "python"), "-m", "pip", "install", *options, f"{ROOT}{extras}"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=self.environment(home=False))
        if done.returncode and "CI" not in os.environ and "No matching distribution" in done.stderr:
            pytest.skip("the package index cannot be reached, so nothing was installed")
        assert done.returncode == 0, done.stderr

    def environment(self, home=True):
        """Return the variables of a user who never had statefolio."""
        foreign = ("PYTHON", "STATEFOLIO", "VIRTUAL")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        own = {"HOME": str(self.home)} if home else {}
        return {**kept, **own, "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "100", "NO_COLOR": "1"}

    def run(self, name, *command):
        """Run a command in a new folder of that name."""
        place = self.folder / name
        place.mkdir(exist_ok=True)
        done = subprocess.run(
            command, cwd=place, env=self.environment(), capture_output=True, text=True, timeout=LIMIT, check=False
        )
        assert done.returncode == 0, f"{name}: {command[-1]}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    return Fresh(tmp_path_factory.mktemp("fresh"))


@pytest.fixture(scope="module")
def main_job(fresh):
    """Run the README's example first: it compiles what the others use."""
    return fresh.run("readme", "python", "-c", re.search(r"```python\n(.*?)```", README, re.DOTALL)[1])


@pytest.fixture(scope="module")
def printed(fresh, main_job):
    """Run the users side by side, two at a time; return a function from a name to what was printed."""
    with ThreadPoolExecutor(2) as pool:
        jobs = {user: pool.submit(_tutorial, fresh, user) for user in USERS}
        jobs |= {page: pool.submit(_page, fresh, page) for page in FIRST_PAGES}
        jobs["commands"] = pool.submit(_commands, fresh)
    return lambda name: jobs[name].result()


def _tutorial(fresh, user):
    return fresh.run(user, "python", str(code_blocks.DOCS / "tutorials" / f"{user}.py"))


def _page(fresh, page):
    code = A_PAGE.format(tools=str(code_blocks.DOCS / "_ext"), page=str(code_blocks.DOCS / page))
    return fresh.run(page, "python", "-c", code)


def _commands(fresh):
    fresh.run("files", "python", "-c", OWN_FILES)
    # A tear sheet reads one series, the other commands a panel: the README calls both returns.csv.
    return [fresh.run("files/fund" if " tearsheet " in line else "files", "bash", "-euc", line) for line in COMMANDS]


def test_the_main_job_prints_what_the_readme_shows(main_job):
    assert main_job == re.search(r"```text\n(.*?)```", README, re.DOTALL)[1]


def test_the_environment_holds_the_installed_package(fresh, main_job):
    place = fresh.run("where", "python", "-c", "import statefolio; print(statefolio.__file__)")
    assert place.startswith(str(fresh.bin.parent))


@pytest.mark.parametrize("page", FIRST_PAGES)
def test_a_first_page_prints_what_it_shows(printed, page):
    assert json.loads(printed(page)) == []


def test_the_commands_of_the_readme_write_their_reports(fresh, printed):
    assert len(COMMANDS) == 7
    printed("commands")
    files = fresh.folder / "files"
    for report in ("results/report.html", "risk/report.html", "basket/report.html", "fund/sheet.html"):
        assert (files / report).stat().st_size > 100_000
    assert (files / "study-results" / "report.html").is_file()


@pytest.mark.parametrize("user", USERS)
def test_a_tutorial_prints_what_its_page_shows(printed, user):
    page = SITE / "auto_tutorials" / f"{user}.txt"
    if not page.is_file():
        pytest.skip("docs/_build/html is not built; run `make docs`")
    shown = " ".join(page.read_text(encoding="utf-8").split())
    lines = [" ".join(line.split()) for line in printed(user).splitlines() if line.strip()]
    assert lines
    assert [line for line in lines if line not in shown] == []
