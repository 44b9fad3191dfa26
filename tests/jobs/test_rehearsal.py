"""What is compiled beside the first job."""

import subprocess
from contextlib import suppress

import pytest

from statefolio.jobs import rehearsal


@pytest.fixture
def processes(monkeypatch):
    """The processes that were started; each would sleep for long."""
    started = []
    start = subprocess.Popen

    def note(*args, **options):
        started.append(start(*args, **options))
        return started[-1]

    monkeypatch.setattr(rehearsal.subprocess, "Popen", note)
    monkeypatch.setattr(rehearsal, "_COMMAND", "import time; time.sleep(60)")
    monkeypatch.setattr(rehearsal.os, "cpu_count", lambda: 2)
    return started


def test_a_rehearsal_compiles_the_filter():
    rehearsal.rehearse()
    assert rehearsal.is_compiled()


def test_the_other_process_ends_with_the_job(monkeypatch, processes):
    monkeypatch.setattr(rehearsal, "is_compiled", lambda: False)
    with suppress(KeyboardInterrupt), rehearsal.compiling_beside():
        assert processes[0].poll() is None
        raise KeyboardInterrupt
    assert processes[0].poll() is not None


def test_nothing_is_started_where_all_is_compiled(monkeypatch, processes):
    monkeypatch.setattr(rehearsal, "is_compiled", lambda: True)
    with rehearsal.compiling_beside():
        pass
    assert not processes


def test_nothing_is_started_on_one_core(monkeypatch, processes):
    monkeypatch.setattr(rehearsal, "is_compiled", lambda: False)
    monkeypatch.setattr(rehearsal.os, "cpu_count", lambda: 1)
    with rehearsal.compiling_beside():
        pass
    assert not processes
