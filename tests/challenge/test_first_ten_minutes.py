"""The first ten minutes of a participant: one command starts the tutorial; join, starter, test, submit, the board."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from statefolio.__main__ import app

PATIENCE = 240
"""Seconds for the start, with compilation, on a busy machine."""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_for(test, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = test()
        if found:
            return found
        time.sleep(0.3)
    raise TimeoutError


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory):
    """The tutorial as `make challenge` starts it: a web process and a scorer."""
    folder = tmp_path_factory.mktemp("tutorial")
    log = (folder / "log").open("w+")
    command = [sys.executable, "-m", "statefolio", "challenge", "tutorial", str(folder / "round"), "--port"]
    process = subprocess.Popen(
        [*command, str(free_port()), "--workers", "1"],
        stdout=log,
        stderr=subprocess.STDOUT,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"},
    )

    def invitation():
        assert process.poll() is None, (folder / "log").read_text()
        return re.search(r"join (http://\S+) (sfi_\S+)", (folder / "log").read_text())

    try:
        yield (*wait_for(invitation).groups(), folder / "round", process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        log.close()


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("STATEFOLIO_CONFIG_DIR", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def command(*arguments, code=0):
        done = CliRunner().invoke(app, ["challenge", *map(str, arguments)])
        assert done.exit_code == code, done.output
        return done.output

    return command


def web_process(tutorial):
    """The process id of the web process: the child of the tutorial that serves."""
    children = Path(f"/proc/{tutorial.pid}/task/{tutorial.pid}/children").read_text().split()
    return next(each for each in children if b"serve" in Path(f"/proc/{each}/cmdline").read_bytes().split(b"\0"))


def test_the_first_ten_minutes(tutorial, run, tmp_path):
    url, code, folder, process = tutorial
    assert "Joined Tutorial as Team" in run("join", url, code)
    assert (tmp_path / "home" / "challenge.toml").stat().st_mode & 0o777 == 0o600
    assert "must be one that is valid and not used yet" in run("join", url, code, code=2)

    assert "files to starter" in run("starter")
    assert "must be new or empty" in run("starter", code=2)
    shown = run("test", "starter/forecast.toml")
    assert "a valid submission of the forecast track" in shown
    assert "nothing changed when the future was cut at 3 dates" in shown

    shown = run("submit", "starter/forecast.toml", "--wait")
    value = re.search(r"Scored\. log score a return: (-?\d+\.\d{4})\.", shown)[1]
    assert "Left today: 19 of 20; resets" in shown
    shown = run("leaderboard", "--track", "forecast")
    assert re.search(rf"\d +Team \w+ \(you\) +{value} +1", shown)
    assert "Benchmark" in shown

    listed = run("submissions")
    given = re.search(r"s_[0-9a-f]{20}", listed)[0]
    assert "My first forecast" in listed
    assert f"Finalists: {given}." in run("select", given)
    assert "Finalists: none" in run("select", given, "--back")
    assert "ID must be the id of a submission" in run("select", "mine", code=2)
    assert "Left today: 19 of 20" in run("limits")

    address = run("login").strip()
    with httpx.Client(follow_redirects=True) as browser:
        form = re.search(r'name="csrf" value="([^"]+)"', browser.get(address).text)[1]
        page = browser.post(address, data={"csrf": form}).text
    assert "My first forecast" in page
    assert value in page

    if sys.platform == "linux":
        keeps_hidden_data_from_the_web(folder, web_process(process))


def keeps_hidden_data_from_the_web(folder, process):
    """The web process, which has answered all of the above, has no hidden file open, mapped or in memory."""
    place = Path("/proc") / process
    hidden = str((folder / "hidden").resolve())
    opened = {str(each.readlink()) for each in (place / "fd").iterdir() if each.is_symlink()}
    assert any(each.endswith("challenge.db") for each in opened), "this is the web process"
    assert not [each for each in opened if each.startswith(hidden)]
    assert hidden not in (place / "maps").read_text()
    secrets = [file.read_bytes()[-2_000:-1_900] for file in sorted((folder / "hidden").rglob("*.npz"))[:3]]
    assert len(secrets) >= 2
    for file, name in (("commitment.json", "salt"), ("seed.json", "seed")):
        secrets.append(json.loads((folder / "hidden" / file).read_text())[name].encode())
    secrets += hidden_numbers(folder)
    found = memory_contains(place, [*secrets, b"My first forecast"])
    assert found == {b"My first forecast"}, "the memory was read, and has nothing hidden"


def hidden_numbers(folder):
    """Returns of hidden dates as a process would hold them: eight bytes each, four at a time."""
    import numpy as np

    with np.load(folder / "hidden" / "data.npz") as arrays:
        values = np.ascontiguousarray(arrays["returns"][-50:])
    return [values[day, :4].tobytes() for day in (0, 25)] + [values[-4:, 0].tobytes()]


def memory_contains(place, texts):
    found = set()
    with (place / "mem").open("rb", buffering=0) as memory:
        for line in (place / "maps").read_text().splitlines():
            span, rights, *_ = line.split()
            if not rights.startswith("rw"):  # what it made itself; files that it reads are in `maps` above
                continue
            start, end = (int(each, 16) for each in span.split("-"))
            try:
                memory.seek(start)
                content = memory.read(end - start)
            except (OSError, OverflowError, ValueError):
                continue
            found |= {text for text in texts if text in content}
    return found


def test_a_service_that_is_away_is_said_in_plain_words(run, monkeypatch):
    from statefolio.challenge.client import connection

    monkeypatch.setattr(connection.time, "sleep", lambda _: None)
    monkeypatch.setattr(connection.Connection.__init__, "__kwdefaults__", {"pause": lambda _: None, "transport": None})
    shown = run("join", f"http://127.0.0.1:{free_port()}", "sfi_a", code=2)
    words = " ".join(shown.split())
    assert "must answer, and does not yet" in words
    assert "must answer, got no connection" in words
    assert "Traceback" not in shown
    assert "no challenge is joined yet" in run("limits", code=2)
