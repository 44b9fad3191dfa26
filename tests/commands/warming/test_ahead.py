"""Functions that a second process compiles during the first run."""

import subprocess
from contextlib import suppress

import pytest

from statefolio.commands.warming import ahead


@pytest.fixture
def processes(monkeypatch):
    """The processes that were started; each would sleep for long."""
    started = []
    start = subprocess.Popen

    def note(*args, **options):
        started.append(start(*args, **options))
        return started[-1]

    monkeypatch.setattr(ahead.subprocess, "Popen", note)
    monkeypatch.setattr(ahead, "_COMMAND", "import time; time.sleep(60)")
    monkeypatch.setattr(ahead, "get_num_threads", lambda: 2)
    return started


def test_the_functions_that_the_job_runs_after_its_first_score_are_compiled(monkeypatch):
    done = []
    for name, model in (("filter", ahead.KalmanLoadings), ("regression", ahead.RollingLoadings)):
        fit = model.fit
        monkeypatch.setattr(model, "fit", lambda *args, _fit=fit, _name=name: done.append(_name) or _fit(*args))
    step = ahead.advance
    monkeypatch.setattr(ahead, "advance", lambda *args: done.append("climb") or step(*args))
    ahead.compile_all()
    assert done == ["climb", "filter", "regression"]
    assert ahead.is_compiled()


def test_the_job_continues_where_no_process_can_be_started(monkeypatch):
    monkeypatch.setattr(ahead, "is_compiled", lambda: False)
    monkeypatch.setattr(ahead, "get_num_threads", lambda: 2)
    monkeypatch.setattr(ahead.sys, "executable", "/nowhere/python")
    with ahead.compiling_ahead():
        done = True
    assert done


def test_the_other_process_ends_with_the_job(monkeypatch, processes):
    monkeypatch.setattr(ahead, "is_compiled", lambda: False)
    with suppress(KeyboardInterrupt), ahead.compiling_ahead():
        assert processes[0].poll() is None
        assert "-P" in processes[0].args  # files of the working directory are not taken for modules
        raise KeyboardInterrupt
    assert processes[0].poll() is not None


def test_no_process_is_started_where_all_is_compiled(monkeypatch, processes):
    monkeypatch.setattr(ahead, "is_compiled", lambda: True)
    with ahead.compiling_ahead():
        pass
    assert not processes


def test_no_process_is_started_on_one_core(monkeypatch, processes):
    monkeypatch.setattr(ahead, "is_compiled", lambda: False)
    monkeypatch.setattr(ahead, "get_num_threads", lambda: 1)
    with ahead.compiling_ahead():
        pass
    assert not processes
