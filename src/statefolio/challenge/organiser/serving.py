"""Starts the web process and the scorers, and the whole tutorial in one command."""

import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from statefolio.challenge.folder import ChallengeFolder
from statefolio.challenge.organiser.database import opened
from statefolio.challenge.organiser.opening import open_challenge
from statefolio.challenge.organiser.preparing import init_folder
from statefolio.challenge.organiser.teams import invite_teams
from statefolio.challenge.rules.settings import Rules, published
from statefolio.challenge.store.rounds import require_rules, round_of
from statefolio.challenge.worker.supervisor import Scorers
from statefolio.exceptions import InputError, StatefolioError

_READY_SECONDS = 180.0


def serve_challenge(folder: ChallengeFolder, host: str | None = None, port: int | None = None) -> None:
    """Serve the pages and the API until the process is asked to stop. It opens nothing of the hidden folder.

    Raises
    ------
    StatefolioError
        If the challenge is not open, or its rules were changed.
    """
    from statefolio.challenge.service.serving import serve
    from statefolio.challenge.service.settings import ServiceSettings

    rules = check_ready(folder)
    server = rules.server
    settings = ServiceSettings(
        database=folder.database,
        public=folder.public.absolute(),
        rules=rules,
        public_url=server.public_url,
        trusted_header=server.trusted_header,
        trusted_proxies=tuple(server.trusted_proxies),
    )
    with suppress(KeyboardInterrupt):  # the server has stopped by then
        serve(settings, host or server.host, port or server.port)


def score_challenge(folder: ChallengeFolder, workers: int, say: Callable[[str], None]) -> None:
    """Run scorers until the process is asked to stop.

    Raises
    ------
    StatefolioError
        If the challenge is not open, or all scorers refused to work.
    """
    check_ready(folder)
    scorers = Scorers(folder.path, workers, say)
    with _stopped_by_signals() as stopping:
        scorers.run(stopping)
        if not stopping():
            raise InputError("scorers must be able to work, and all refused, for the reasons above. Correct them.")


def run_tutorial(path: Path, say: Callable[[str], None], *, port: int = 8000, workers: int = 2) -> None:
    """Make a tutorial if there is none, serve it with scorers, and say its address and an invitation.

    Runs until the process is asked to stop; run it again to continue.

    Raises
    ------
    InputError
        If the port is taken.
    """
    folder = ChallengeFolder(path)
    _require_free(port)
    if not folder.rules_file.exists():
        init_folder(path, tutorial=True)
    if not folder.salt_file.exists() or not _is_open(folder):
        say("Making the data and the benchmark entries ...")
        open_challenge(folder)
    scorers = Scorers(path, workers, say)
    with _stopped_by_signals() as stopping:
        serve = [sys.executable, "-m", "statefolio", "challenge", "serve", str(path), "--port", str(port)]
        web = subprocess.Popen(serve, stdin=subprocess.DEVNULL)
        try:
            scorers.start()
            address = f"http://127.0.0.1:{port}"
            _wait_until_ready(address, web, stopping)
            for line in _welcome(folder, address):
                say(line)
            while not stopping() and web.poll() is None and scorers.watch():
                time.sleep(0.2)
        finally:
            web.send_signal(signal.SIGTERM)
            scorers.stop()
            try:
                web.wait(10)
            except subprocess.TimeoutExpired:
                web.kill()
                web.wait()


def check_ready(folder: ChallengeFolder) -> Rules:
    """Return the rules of an open challenge, which are those it was opened with."""
    rules = folder.rules
    with opened(folder) as store, store.reading() as conn:
        require_rules(round_of(conn), published(rules))
    return rules


def _welcome(folder: ChallengeFolder, address: str) -> Iterator[str]:
    name = f"Team {secrets.token_hex(2)}"
    code = invite_teams(folder, [name])[name]
    yield f"The challenge is at {address}"
    yield f"Join it as {name}, in another terminal:"
    yield f"  statefolio challenge join {address} {code}"
    yield f"Invite others:  statefolio challenge invite TEAM --folder {folder.path}"
    yield "Stop with Ctrl-C; nothing is lost."


def _is_open(folder: ChallengeFolder) -> bool:
    try:
        with opened(folder) as store, store.reading() as conn:
            round_of(conn)
    except StatefolioError:
        return False
    return True


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise InputError(f"--port must be free, got {port}, which is taken. Pass another --port.") from error


def _wait_until_ready(address: str, web: subprocess.Popen[bytes], stopping: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not stopping():
        if web.poll() is not None or time.monotonic() > deadline:
            raise InputError("the web process must start, and ended or did not answer; see its message above.")
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)


@contextmanager
def _stopped_by_signals() -> Iterator[Callable[[], bool]]:
    """Note SIGTERM and SIGINT instead of ending at once."""
    asked: list[int] = []
    before = {kind: signal.signal(kind, lambda number, _: asked.append(number)) for kind in _SIGNALS}
    try:
        yield lambda: bool(asked)
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


_SIGNALS = (signal.SIGTERM, signal.SIGINT)
