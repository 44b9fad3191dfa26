"""A new process has nothing of this one, and what goes wrong in it is said."""

import os
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

import statefolio as sf
from statefolio.backtest import decisions_apart, new_process
from statefolio.backtest.new_process import CannotStart, ask, pack, user_modules
from statefolio.backtest.run import run_backtests

HERE = {__name__}


def surroundings():
    return (
        sorted(os.environ),
        list(Path.cwd().iterdir()),
        Path.cwd() == Path(os.environ["TMPDIR"]).resolve(),
        sys.argv[1:],
    )


def ends():
    os._exit(3)


def waits():
    time.sleep(60)


def prints():
    print("nothing of this reaches the answers")  # noqa: T201
    os.write(1, b"nor of this")
    return sys.stdin.read()


def raises():
    raise ValueError("of no use")


def calls(*functions, by_value=HERE):
    return [pack(function, (), by_value) for function in functions]


def test_it_has_no_variable_of_ours_and_an_empty_folder(monkeypatch):
    monkeypatch.setenv("PICKS", "AAPL")
    (answer,) = ask(calls(surroundings), 60)
    names, files, is_temporary, arguments = answer.value
    assert "PICKS" not in names
    assert set(names) - set(new_process._PASSED_ON) <= {
        *("PYTHONPATH", "TMPDIR", "TEMP", "TMP", "LC_CTYPE", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
        *("MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "STATEFOLIO_NUM_THREADS"),
    }
    assert (files, is_temporary, arguments) == ([], True, [])


def test_what_code_prints_is_no_answer():
    (answer,) = ask(calls(prints), 60)
    assert (answer.value, answer.error) == ("", "")


def test_answers_before_the_end_are_kept():
    before, ended, after = ask(calls(prints, ends, prints), 60)
    assert before.answered
    assert not ended.answered
    assert ended.error == "it ended without an answer (exit code 3)"
    assert not after.answered


def test_an_error_in_a_call_ends_it_with_its_message():
    (answer,) = ask(calls(raises), 60)
    assert answer.error == "it ended without an answer (ValueError: of no use)"


def test_a_call_that_does_not_end_is_given_up():
    first, second = ask(calls(prints, waits), 8)
    assert first.answered
    assert second.error == "it did not end within 8 seconds"


def test_code_that_cannot_be_imported_there_is_an_error(monkeypatch, tmp_path):
    (tmp_path / "passing_by.py").write_text("def one():\n    return 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    import passing_by

    packed = pack(passing_by.one, (), set()), pack(passing_by.one, (), {"passing_by"})
    assert [answer.value for answer in ask(packed, 60)] == [1, 1]
    (tmp_path / "passing_by.py").unlink()
    by_name, by_value = ask(packed, 60)
    assert by_name.error == "ModuleNotFoundError: No module named 'passing_by'"
    assert by_value.value == 1


def test_modules_of_the_user_are_told_from_libraries():
    assert user_modules((np.mean, sf.portfolio.EqualWeight(), Path("x"))) == set()
    assert user_modules([prints]) == HERE
    assert user_modules((lambda: 1,)) == HERE


def test_a_library_class_that_was_changed_counts_as_the_users(monkeypatch):
    assert user_modules(sf.portfolio.EqualWeight()) == set()
    monkeypatch.setattr(sf.portfolio.EqualWeight, "decide", lambda self, history, holdings: {"AAPL": 1.0})
    assert user_modules(sf.portfolio.EqualWeight())


def test_without_a_python_it_says_so(monkeypatch):
    monkeypatch.setattr(new_process, "_PROGRAM", ("/no/such/python",))
    with pytest.raises(CannotStart, match="no/such/python"):
        ask(calls(prints), 60)
    monkeypatch.setattr(new_process, "_PROGRAM", (sys.executable, "-c", "raise SystemExit('no module')"))
    with pytest.raises(CannotStart, match="no module"):
        ask(calls(prints), 60)


class First:
    def decide(self, history, holdings):
        return {history.returns.columns[0]: 1.0}


class Hangs(First):
    """Hangs in every process but the one of the test."""

    home = os.getpid()

    def decide(self, history, holdings):
        if os.getpid() != self.home:
            time.sleep(60)
        return super().decide(history, holdings)


@pytest.fixture
def checks():
    def run(**policies):
        market = sf.Market(sf.load_demo().returns.iloc[:60, :3])
        runs = run_backtests(policies, market, cuts=2)
        return {name: result.causality for name, result in runs.items()}

    return run


def test_a_policy_that_hangs_there_does_not_affect_the_others(checks, monkeypatch):
    monkeypatch.setattr(decisions_apart, "SECONDS", 8.0)
    monkeypatch.setattr(decisions_apart, "TIMES_AS_LONG", 0.0)
    found = checks(hangs=Hangs(), first=First())
    assert found["hangs"].verdict == "cannot be checked"
    assert found["hangs"].detail.endswith("cannot be repeated in a new process: it did not end within 8 seconds")
    assert found["first"].verdict == "causal"
    assert "2 of them repeated in a new process" in str(found["first"])


def test_where_no_process_starts_the_sentence_says_so(checks, monkeypatch):
    monkeypatch.setattr(new_process, "_PROGRAM", ("/no/such/python",))
    check = checks(first=First())["first"]
    assert check.verdict == "causal"
    assert "none of them repeated in a new process (" in str(check)
    assert str(check).endswith("; files and unlabelled arrays are not searched")


def test_a_script_without_a_guard_runs_once(tmp_path):
    script = tmp_path / "script.py"
    text = """
        import statefolio as sf
        print("started")
        BEST = "AAPL"
        class Mine:
            def decide(self, history, holdings):
                return {BEST: 1.0}
        class Hidden:
            def decide(self, history, holdings):
                return {vars(__import__("sys").modules["__main__"])["BEST"]: 1.0}
        market = sf.Market(sf.load_demo().returns.iloc[:60, :3])
        for policy in (Mine(), Hidden()):
            print(sf.run_backtest(policy, market, cuts=2).causality)
    """
    script.write_text(dedent(text))
    said = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    started, mine, hidden = said.splitlines()
    assert started == "started"
    assert mine == (
        "no look-ahead found in 2 of 2 cuts, 2 of them repeated in a new process; unlabelled arrays that it "
        "carries, class attributes and files that compiled code reads are not searched"
    )
    assert hidden.startswith("cannot be checked: in a new process that has only the history until 2014-")
