"""The tutorial in one command: address, invitation, two scorers; the web process never sees what is hidden."""

import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import numpy as np
import pytest

from statefolio.challenge.folder import ChallengeFolder
from statefolio.challenge.organiser.serving import check_ready, run_tutorial, score_challenge
from statefolio.challenge.scoring.round_data import RoundData
from statefolio.challenge.store.errors import RoundStateError
from statefolio.exceptions import InputError


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.fixture
def running(tmp_path, port):
    """A tutorial in a process of its own, and what it prints."""
    path, log = tmp_path / "tutorial", tmp_path / "log"
    command = [sys.executable, "-m", "statefolio", "challenge", "tutorial", str(path), "--port", str(port)]
    with log.open("w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
        try:
            deadline = time.monotonic() + 180
            while "Stop with Ctrl-C" not in log.read_text():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.2)
            yield process, path, log
        finally:
            process.terminate()
            process.wait(60)


def children_of(pid):
    found = {}
    for each in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            if int((each / "stat").read_text().rsplit(")", 1)[1].split()[1]) == pid:
                found[int(each.name)] = (each / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


def test_the_tutorial_runs_and_its_web_process_sees_nothing_hidden(running, port):
    process, path, log = running
    code = re.search(rf"challenge join http://127.0.0.1:{port} (sfi_\w+)", log.read_text())[1]
    answer = httpx.post(f"http://127.0.0.1:{port}/v1/join", json={"code": code}, timeout=30)
    token = answer.json()["token"]
    body = {"track": "forecast", "name": "mine"}
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "0123456789"}
    sent = httpx.post(f"http://127.0.0.1:{port}/v1/submissions", json=body, headers=headers, timeout=30)
    assert sent.status_code == 202, sent.text

    below = children_of(process.pid)
    web = next(pid for pid, line in below.items() if " serve " in line)
    assert sum("worker.process" in line for line in below.values()) == 2
    folder = ChallengeFolder(path)
    hidden = str(folder.hidden)
    opened = [str(each.readlink()) for each in Path(f"/proc/{web}/fd").iterdir()]
    assert any("challenge.db" in each for each in opened)
    assert not [each for each in opened if hidden in each]
    assert hidden not in Path(f"/proc/{web}/maps").read_text()
    data = RoundData.load(folder.data_file)
    secrets = [
        json.loads(folder.salt_file.read_text())["salt"].encode(),
        json.loads((folder.hidden / "seed.json").read_text())["seed"].encode(),
        data.market.returns.to_numpy()[-1].tobytes(),
    ]
    assert not _in_memory(web, secrets)
    scorer = next(pid for pid, line in below.items() if "worker.process" in line)
    assert _in_memory(scorer, secrets[2:])  # the search finds what is there

    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert "Interrupted" not in log.read_text()
    assert not [pid for pid in below if Path(f"/proc/{pid}").exists() and _alive(pid)]


def _alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _in_memory(pid, texts):
    """Return which of the texts are in a process's memory."""
    found = set()
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:  # noqa: PTH123
        for line in maps:
            span, rights = line.split()[:2]
            if "r" not in rights or "w" not in rights:
                continue
            start, end = (int(each, 16) for each in span.split("-"))
            with contextlib.suppress(OSError, ValueError, OverflowError):
                memory.seek(start)
                block = memory.read(end - start)
                found |= {text for text in texts if text in block}
    return found


def test_a_port_that_is_taken_is_said_at_once(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(InputError, match="--port must be free"):
        run_tutorial(tmp_path / "tutorial", print, port=taken.getsockname()[1])
    assert not (tmp_path / "tutorial").exists()


def test_scorers_that_cannot_work_are_not_started_again(folder, monkeypatch, capfd):
    data = RoundData.load(folder.data_file)
    market = data.market
    RoundData(type(market)(market.returns * np.nextafter(1.0, 2.0), market.factors), data.windows).save(
        folder.data_file
    )
    started = time.monotonic()
    with pytest.raises(InputError, match="all refused"):
        score_challenge(folder, 1, print)
    assert "the data were changed" in capfd.readouterr().err
    assert time.monotonic() - started < 120


def test_rules_that_were_changed_stop_the_service(folder):
    text = folder.rules_file.read_text()
    folder.rules_file.write_text(text.replace("weight = 0.1", "weight = 0.2"))
    with pytest.raises(RoundStateError, match=r"\[gates\] of challenge.toml"):
        check_ready(ChallengeFolder(folder.path))
    folder.rules_file.write_text(text.replace("port = 8000", "port = 8001").replace("port = 8_000", "port = 8_001"))
    assert check_ready(ChallengeFolder(folder.path)).server.port in (8000, 8001)
