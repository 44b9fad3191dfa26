"""The files of deploy/: commands that exist, users that differ, hidden data out of the web process's reach."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import typer

from statefolio.__main__ import app

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))


def settings(unit):
    lines = [line for line in unit.read_text().splitlines() if "=" in line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def check_command(words):
    """Parse a command as the command line would, without running it."""
    group = typer.main.get_command(app)
    with group.make_context("statefolio", list(words), resilient_parsing=False) as context:
        _, challenge, rest = group.resolve_command(context, list(words))
        with challenge.make_context("challenge", rest, parent=context) as inner:
            name, command, rest = challenge.resolve_command(inner, rest)
            command.make_context(name, rest, parent=inner)


@pytest.mark.parametrize("unit", UNITS, ids=lambda each: each.stem)
def test_units_run_commands_that_exist(unit):
    program, *words = shlex.split(settings(unit)["ExecStart"])
    assert program.endswith("/statefolio")
    check_command(words)


def test_the_web_process_cannot_reach_hidden_data():
    web, scorer = (settings(DEPLOY / f"statefolio-{name}.service") for name in ("web", "scorer"))
    assert web["User"] != scorer["User"]
    assert "/srv/challenge/hidden" in web["InaccessiblePaths"]
    assert "hidden" not in scorer.get("InaccessiblePaths", "")


def test_the_container_runs_commands_that_exist_and_not_as_root():
    text = (DEPLOY / "Containerfile").read_text()
    words = re.search(r"^CMD \[(.*)\]$", text, re.MULTILINE)[1]
    check_command(["challenge", *re.findall(r'"([^"]+)"', words)])
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE)[-1] == "statefolio-web"


def test_systemd_accepts_the_units(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed, so the units were not verified")
    for unit in UNITS:
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE)
        text = re.sub(r"^(User|Group)=.*$", r"\1=root", text, flags=re.MULTILINE)
        (tmp_path / unit.name).write_text(text)
        done = subprocess.run(
            ["systemd-analyze", "verify", str(tmp_path / unit.name)], capture_output=True, text=True, check=False
        )
        assert "Unknown" not in done.stderr, done.stderr
