"""Changes one operator, number or statement of a source file at a time and lists the changes that no test notices.

    python benchmarks/mutation.py src/statefolio/risk/low_rank.py tests/risk/test_low_rank.py --sample 150

The tests are those given, and the examples of the file. A first run traces which test reaches which line; each changed
file, which exists only in memory, then runs in a forked process: first the tests that reach the changed line, the
quickest first, until one fails; where all pass, all tests. A change that no test notices is printed as
`file:line old -> new`: the rule is not tested, the code is superfluous, or the change makes no difference. Compiled
functions of the file are compiled anew, without the cache. Needs Linux, and Python's `fork`.
"""

import argparse
import ast
import importlib
import importlib.machinery
import json
import os
import random
import resource
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mutants import Mutant, mutants_of

IGNORED = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # plugins are imported before the fork


class Watcher:
    """A pytest plugin: traces which lines of the file each test reaches, or orders and selects tests."""

    def __init__(self, source: str, chosen: "list[str] | None" = None, trace: bool = False) -> None:
        self.source, self.chosen, self.tracing = source, chosen, trace
        self.now: set[int] = set()
        self.reached: dict[str, list[int]] = {}
        self.seconds: dict[str, float] = {}

    def pytest_collection_modifyitems(self, items: "list[pytest.Item]") -> None:
        if self.chosen is not None:
            place = {name: i for i, name in enumerate(self.chosen)}
            items[:] = sorted((item for item in items if item.nodeid in place), key=lambda item: place[item.nodeid])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: "pytest.Item") -> Any:
        self.now, start = set(), time.perf_counter()
        if self.tracing:
            threading.settrace(self._on_call)
            sys.settrace(self._on_call)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            self.reached[item.nodeid], self.seconds[item.nodeid] = sorted(self.now), time.perf_counter() - start

    def _on_call(self, frame: Any, _event: str, _value: Any) -> Any:
        if frame.f_code.co_filename != self.source:
            return None
        self.now.add(frame.f_lineno)
        return self._on_line

    def _on_line(self, frame: Any, _event: str, _value: Any) -> Any:
        self.now.add(frame.f_lineno)
        return self._on_line


def load(source: Path, code: Any) -> None:
    """Import the file, as `code`, and compile its compiled functions without the cache.

    It is imported before pytest runs, whose own loader would read the file.
    """
    loader = importlib.machinery.SourceFileLoader
    usual = loader.get_code

    def get_code(self: Any, name: str) -> Any:
        return code if self.path == str(source) else usual(self, name)

    loader.get_code = get_code  # type: ignore[method-assign]
    from numba.core.dispatcher import Dispatcher

    cached = Dispatcher.enable_caching

    def enable_caching(self: Any) -> None:
        if self.py_func.__code__.co_filename != str(source):
            cached(self)

    Dispatcher.enable_caching = enable_caching
    name = ".".join(source.with_suffix("").parts[source.parts.index("src") + 1 :])
    importlib.import_module(name)


def in_fork(work: Callable[[], int], timeout: float) -> int:
    """Run `work` in a forked process; return its exit status, or -1 after the timeout."""
    child = os.fork()
    if child == 0:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_AS, (12 << 30, 12 << 30))
        quiet = os.open(os.environ.get("MUTATION_LOG", os.devnull), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        status = 1
        try:
            status = int(work())
        except BaseException:  # noqa: BLE001
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 1
        time.sleep(0.01)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -1


def pytest_run(tests: list[str], plugin: Watcher) -> int:
    return int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--no-header", *IGNORED, *tests], plugins=[plugin]))


def baseline(source: Path, tests: list[str], timeout: float) -> dict[str, Any]:
    """Run the unchanged tests; return the lines reached and seconds by test, and the modules imported."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"

        def work() -> int:
            plugin = Watcher(str(source), trace=True)
            load(source, compile(source.read_text(), str(source), "exec"))
            status = pytest_run(tests, plugin)
            modules = [name for name, module in sys.modules.items() if _is_library(module)]
            report.write_text(json.dumps({"reached": plugin.reached, "seconds": plugin.seconds, "modules": modules}))
            return status

        if status := in_fork(work, timeout):
            raise SystemExit(f"the unchanged tests must pass, got exit status {status}")
        found: dict[str, Any] = json.loads(report.read_text())
    return found


def _is_library(module: Any) -> bool:
    return "-packages" in (getattr(module, "__file__", None) or "") and module.__name__ in sys.modules


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("tests", nargs="*")
    parser.add_argument("--sample", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds per change")
    parser.add_argument("--seconds", type=float, default=1800.0, help="no change is begun after so many seconds")
    parser.add_argument("--lines", nargs="*", type=int, help="only changes on these lines")
    options = parser.parse_args()
    source = options.source.resolve()
    tests = [*options.tests, str(options.source)]
    import numba  # noqa: F401

    start = time.monotonic()
    first = baseline(source, tests, 1800.0)
    for name in first["modules"]:
        try:
            importlib.import_module(name)
        except Exception:  # noqa: BLE001
            continue
    text = source.read_text()
    count = len(list(mutants_of(ast.parse(text))))
    places = random.Random(options.seed).sample(range(count), min(options.sample, count))
    totals = {"killed": 0, "timed out": 0, "survived": 0}
    for place in places:
        if time.monotonic() - start > options.seconds:
            break
        tree = ast.parse(text)
        mutant = list(mutants_of(tree))[place]
        if options.lines and mutant.line not in options.lines:
            continue
        mutant.apply()
        status = run(source, tree, mutant, first, options.timeout)
        if status == 0:
            totals["survived"] += 1
            print(f"{options.source.name}:{mutant.line} {mutant.text}", flush=True)
        else:
            totals["timed out" if status == -1 else "killed"] += 1
    found = ", ".join(f"{number} {name}" for name, number in totals.items())
    found += f"; {time.monotonic() - start:.0f} s"
    print(f"== {options.source.name}: {sum(totals.values())} of {count} changes: {found}", flush=True)


def run(source: Path, tree: ast.Module, mutant: Mutant, first: dict[str, Any], limit: float) -> int:
    """Return the exit status of the tests that reach a change, and of all tests where those pass."""
    try:
        code = compile(ast.fix_missing_locations(tree), str(source), "exec")
    except SyntaxError:
        return 1
    seconds = first["seconds"]
    everything = sorted(seconds, key=seconds.__getitem__)
    reaching = [name for name in everything if not set(mutant.lines).isdisjoint(first["reached"][name])]
    for chosen in (reaching, [name for name in everything if name not in reaching]):
        if not chosen:
            continue
        files = list(dict.fromkeys(name.partition("::")[0] for name in chosen))

        def work(chosen: list[str] = chosen, files: list[str] = files) -> int:
            load(source, code)
            return pytest_run(files, Watcher(str(source), chosen))

        if status := in_fork(work, limit + 3.0 * sum(seconds[name] for name in chosen)):
            return status
    return 0


if __name__ == "__main__":
    main()
