"""Children: their limits, their end, and that nothing of them is left."""

import os
import signal
import socket
import time
from pathlib import Path

import numpy as np
import pytest

from statefolio.challenge.worker.child import has_no_network, run_limited
from statefolio.challenge.worker.confinement import Limits
from statefolio.challenge.worker.messages import pack, unpack

LIMITS = Limits(cpu_seconds=1.0, memory=300 * 2**20, wall_seconds=3.0)
PATIENT = Limits(cpu_seconds=60.0, memory=300 * 2**20, wall_seconds=120.0)
"""For ends that are not of time, on a busy machine."""


def children() -> set[str]:
    """Process ids of all children; those of other tests may be among them."""
    return {pid for file in Path("/proc/self/task").glob("*/children") for pid in file.read_text().split()}


def endless() -> bytes:
    while True:
        pass


def bomb() -> bytes:
    held = []
    while True:
        held.append(np.ones(2**20))


def test_a_result_comes_back_with_every_bit():
    values = np.random.default_rng(0).normal(size=200_000)
    outcome = run_limited(lambda: pack({"value": 0.1 + 0.2, "none": None}, {"values": values}), PATIENT)
    content, arrays = unpack(outcome.content)
    assert (outcome.kind, content) == ("done", {"value": 0.1 + 0.2, "none": None})
    assert arrays["values"].tobytes() == values.tobytes()


@pytest.mark.parametrize(
    ("task", "kind"),
    [
        (endless, "time"),
        (bomb, "memory"),
        (lambda: bytes(2**31), "memory"),
        (lambda: time.sleep(60) or b"", "time"),
        (lambda: os.kill(os.getpid(), signal.SIGSEGV) or b"", "error"),
        (lambda: os._exit(3), "error"),
        (lambda: [][1], "error"),
    ],
)
def test_bombs_and_loops_end_with_a_plain_kind(task, kind):
    started, before = time.monotonic(), children()
    outcome = run_limited(task, LIMITS if kind == "time" else PATIENT)
    assert outcome.kind == kind
    assert time.monotonic() - started < 20
    assert outcome.content == b""
    assert children() <= before


def test_errors_carry_the_traceback():
    assert "IndexError" in run_limited(lambda: [][1], PATIENT).error
    assert "code 3" in run_limited(lambda: os._exit(3), PATIENT).error
    assert "SIGSEGV" in run_limited(lambda: os.kill(os.getpid(), signal.SIGSEGV) or b"", PATIENT).error


def test_a_tick_that_says_no_stops_it():
    started = time.monotonic()
    assert run_limited(lambda: time.sleep(60) or b"", Limits(), lambda: False).kind == "stopped"
    assert time.monotonic() - started < 5


def test_an_error_of_the_parent_leaves_no_child():
    def tick():
        raise KeyError("tick")

    before = children()
    with pytest.raises(KeyError):
        run_limited(lambda: time.sleep(60) or b"", Limits(), tick)
    assert children() <= before


def test_a_child_has_no_network():
    if not has_no_network():
        pytest.skip("this system allows no network namespace, so children keep the network")
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()

        def connect() -> bytes:
            with socket.create_connection(address, timeout=1):
                return b"connected"

        assert "unreachable" in run_limited(connect, PATIENT).error.lower()


def test_a_child_inherits_no_file():
    handle = os.open("/etc/hostname", os.O_RDONLY)
    try:
        outcome = run_limited(lambda: " ".join(each.name for each in Path("/proc/self/fd").iterdir()).encode(), PATIENT)
    finally:
        os.close(handle)
    others = {int(each) for each in outcome.content.split()} - {0, 1, 2}
    assert len(others) == 2  # the pipe, and the folder that is being listed


def test_a_child_ends_with_its_parent(tmp_path):
    note = tmp_path / "child"

    def task() -> bytes:
        note.write_text(str(os.getpid()))
        time.sleep(60)
        return b""

    parent = os.fork()
    if parent == 0:
        run_limited(task, Limits())
        os._exit(0)
    deadline = time.monotonic() + 10
    while not (note.exists() and note.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    child = int(note.read_text())
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    while _runs(child):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
            return file.read().split(")")[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_memory_of_the_parent_is_not_the_childs():
    held = np.ones(48 * 2**20)  # 384 MB
    outcome = run_limited(lambda: os.kill(os.getpid(), signal.SIGSEGV) or b"", PATIENT)
    assert outcome.kind == "error"
    assert held[-1] == 1.0
