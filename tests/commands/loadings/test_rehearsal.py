"""What is compiled beside the first job."""

import subprocess
from contextlib import suppress

import pytest

from statefolio.commands.loadings import rehearsal


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


def test_a_rehearsal_is_of_what_the_job_does_after_its_first_score(monkeypatch):
    done = []
    for name, model in (("filter", rehearsal.KalmanLoadings), ("regression", rehearsal.RollingLoadings)):
        fit = model.fit
        monkeypatch.setattr(model, "fit", lambda *args, _fit=fit, _name=name: done.append(_name) or _fit(*args))
    step = rehearsal.advance
    monkeypatch.setattr(rehearsal, "advance", lambda *args: done.append("climb") or step(*args))
    rehearsal.rehearse()
    assert done == ["climb", "filter", "regression"]
    assert rehearsal.is_compiled()


def test_the_job_goes_on_where_no_process_can_be_started(monkeypatch):
    monkeypatch.setattr(rehearsal, "is_compiled", lambda: False)
    monkeypatch.setattr(rehearsal.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(rehearsal.sys, "executable", "/nowhere/python")
    with rehearsal.compiling_beside():
        done = True
    assert done


def test_the_other_process_ends_with_the_job(monkeypatch, processes):
    monkeypatch.setattr(rehearsal, "is_compiled", lambda: False)
    with suppress(KeyboardInterrupt), rehearsal.compiling_beside():
        assert processes[0].poll() is None
        assert "-P" in processes[0].args  # files of the working directory are not taken for modules
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
