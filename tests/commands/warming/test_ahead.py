"""Functions that a second process compiles during the first run."""

import subprocess
from contextlib import suppress

import pytest

import statefolio as sf
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


@pytest.fixture
def progress():
    """A progress that notes stages and sentences."""

    class Noted:
        def __init__(self):
            self.stages, self.said = [], []

        def __call__(self, stage, done, total):
            self.stages.append(stage)

        def say(self, text):
            self.said.append(text)

    return Noted()


def test_the_functions_that_the_job_runs_after_its_first_score_are_compiled(monkeypatch):
    done = []
    for name, model in (("filter", sf.KalmanLoadings), ("regression", sf.RollingLoadings)):
        fit = model.fit
        monkeypatch.setattr(model, "fit", lambda *args, _fit=fit, _name=name: done.append(_name) or _fit(*args))
    ahead.compile_parts(["filter"])
    assert done == ["regression", "filter"]
    assert ahead.is_compiled()


def test_parts_are_shared_among_the_other_cores(monkeypatch, processes, progress):
    monkeypatch.setattr(ahead, "is_compiled", lambda: False)
    monkeypatch.setattr(ahead, "get_num_threads", lambda: 3)
    with ahead.compiling_ahead(progress, "filter", "risk", "backtests"):
        assert [process.args[4:] for process in processes] == [["filter", "backtests"], ["risk"]]
    assert progress.stages == ["compiling"]
    assert "First run on this machine" in progress.said[0]
    assert all(process.poll() is not None for process in processes)


def test_the_job_continues_where_no_process_can_be_started(monkeypatch, progress):
    monkeypatch.setattr(ahead, "is_compiled", lambda: False)
    monkeypatch.setattr(ahead, "get_num_threads", lambda: 2)
    monkeypatch.setattr(ahead.sys, "executable", "/nowhere/python")
    with ahead.compiling_ahead(progress, "filter"):
        done = True
    assert done


def test_the_other_process_ends_with_the_job(monkeypatch, processes, progress):
    monkeypatch.setattr(ahead, "is_compiled", lambda: False)
    with suppress(KeyboardInterrupt), ahead.compiling_ahead(progress, "filter"):
        assert processes[0].poll() is None
        assert "-P" in processes[0].args  # files of the working directory are not taken for modules
        raise KeyboardInterrupt
    assert processes[0].poll() is not None


def test_no_process_is_started_where_all_is_compiled(monkeypatch, processes, progress):
    monkeypatch.setattr(ahead, "is_compiled", lambda: True)
    with ahead.compiling_ahead(progress, "filter"):
        pass
    assert not processes


def test_no_process_is_started_on_one_core(monkeypatch, processes, progress):
    monkeypatch.setattr(ahead, "is_compiled", lambda: False)
    monkeypatch.setattr(ahead, "get_num_threads", lambda: 1)
    with ahead.compiling_ahead(progress, "filter"):
        pass
    assert not processes
