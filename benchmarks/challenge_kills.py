"""kill -9 of scorers, of the web process and of both, at random instants, while participants submit over HTTP.

Counts submissions that were acknowledged and are lost, that were scored twice, and that never finish; and measures how
long a submission takes whose scorer was killed. On SQLite, and on PostgreSQL where it is installed.

    python benchmarks/challenge_kills.py                          # 1,000 instants on each database, quick scorings
    python benchmarks/challenge_kills.py --instants 100 --engine real

A launcher forks scorers and web processes from one that has everything imported and warmed, so that a killed process is
back within a fraction of a second and most instants hit work. A quick scoring takes .02 to .1 s in its own child, as a
real one does; the real engine scores the default forecast on bundled data.
"""

import argparse
import hashlib
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
from sqlalchemy import func, select

from statefolio.challenge.folder import ChallengeFolder
from statefolio.challenge.organiser.opening import open_challenge
from statefolio.challenge.organiser.teams import invite_teams
from statefolio.challenge.rules.settings import example_rules
from statefolio.challenge.scoring.engine_version import ENGINE_VERSION
from statefolio.challenge.store import audit
from statefolio.challenge.store.store import Store
from statefolio.challenge.store.tables import audit as audit_table
from statefolio.challenge.store.tables import board, scores, submissions

SCORERS = 2
TEAMS = 24
MOST_WAITING = 40
PAUSE = 0.4
"""Mean seconds between two kills."""


class QuickEngine:
    """Scores by the hash of the submission, in .02 to .1 s."""

    version = ENGINE_VERSION

    def warm(self):
        pass

    def score(self, body, window):
        number = int.from_bytes(hashlib.sha256(body.encode() + window.encode()).digest()[:4], "big") / 2**32
        end = time.process_time() + 0.02 + 0.08 * number
        while time.process_time() < end:
            pass
        content = {"value": number, "standard_error": 0.1, "details": {}, "failed_gates": [], "reasons": []}
        return content, {"values": np.full(3, number)}

    def improves(self, track, new, best, benchmark):  # noqa: ARG002
        return bool(new["values"][0] > best["values"][0])

    def ranks(self, track, results):  # noqa: ARG002
        values = {team: float(arrays["values"][0]) for team, arrays in results.items()}
        return {team: 1 + sum(other > value for other in values.values()) for team, value in values.items()}


@dataclass
class Found:
    """What a run found."""

    database: str
    kills: Counter = field(default_factory=Counter)
    acknowledged: int = 0
    stored: int = 0
    lost: int = 0
    doubled: int = 0
    scored_twice: int = 0
    stuck: int = 0
    failed: int = 0
    inconsistent: int = 0
    refused: list = field(default_factory=list)
    hit: int = 0
    recovery: list = field(default_factory=list)
    web_recovery: list = field(default_factory=list)
    seconds: float = 0.0

    @property
    def clean(self):
        faults = self.lost, self.doubled, self.scored_twice, self.stuck, self.failed, self.inconsistent, self.refused
        return self.acknowledged > 0 and not any(faults)

    def __str__(self):
        def spread(values):
            if not values:
                return "-"
            return f"median {statistics.median(values):.1f} s, longest {max(values):.1f} s"

        killed = ", ".join(f"{what} {count}" for what, count in sorted(self.kills.items()))
        return "\n".join(
            [
                f"{self.database}: {sum(self.kills.values())} instants ({killed}) in {self.seconds:.0f} s",
                f"  acknowledged {self.acknowledged}, stored {self.stored}",
                f"  lost {self.lost}, stored twice {self.doubled}, scored twice {self.scored_twice}, "
                f"stuck {self.stuck}, failed {self.failed}, inconsistent {self.inconsistent}",
                *(f"  an answer that was not expected: {text}" for text in self.refused[:3]),
                f"  scorings that a kill interrupted: {self.hit}; scored after {spread(self.recovery)}",
                f"  web process: answers again after {spread(self.web_recovery)}",
            ]
        )


def launch(folder: Path, port: int, engine: str) -> None:
    """Fork a process for each line of standard input; print its id. Runs in a process of its own."""
    import uvicorn

    from statefolio.challenge.service.app import make_app
    from statefolio.challenge.service.settings import ServiceSettings
    from statefolio.challenge.worker.process import make_scorer

    here = ChallengeFolder(folder)
    template = make_scorer(here, "0")
    if engine == "quick":
        template.engine = QuickEngine()
    template.engine.warm()
    template.engine.warm = lambda: None  # the forks are warm
    settings = ServiceSettings(database=here.database, public=here.public, rules=here.rules)
    app = make_app(settings)  # no connection is open yet
    print("ready", flush=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        what, name = line.split()
        pid = os.fork()
        if pid:
            print(pid, flush=True)
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        try:
            if what == "scorer":
                template.name = name
                template.run()
            else:
                config = uvicorn.Config(app, port=port, access_log=False, log_level="critical")
                uvicorn.Server(config).run()
        finally:
            os._exit(0)


class Launcher:
    """The launcher, from outside."""

    def __init__(self, folder, port, engine):
        command = [sys.executable, __file__, "--launch", str(folder), str(port), engine]
        one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **one}
        )
        assert self.process.stdout.readline().strip() == "ready", "the launcher did not start"
        self.pids, self.names, self.count = {}, {}, 0

    def start(self, what):
        self.count += 1
        self.names[what] = f"{what}-{self.count}"
        kind = "web" if what == "web" else "scorer"
        self.process.stdin.write(f"{kind} {self.names[what]}\n")
        self.process.stdin.flush()
        self.pids[what] = int(self.process.stdout.readline())

    def kill(self, what, number=signal.SIGKILL):
        try:
            os.kill(self.pids[what], number)
        except ProcessLookupError:
            return
        while _runs(self.pids[what]):
            time.sleep(0.002)

    def close(self):
        for what in self.pids:
            self.kill(what)
        self.process.kill()
        self.process.communicate()


class Load:
    """Participants who submit, and repeat a submission under the same key until it is acknowledged."""

    def __init__(self, address, tokens, seed):
        self.address, self.tokens = address, tokens
        self.random = random.Random(seed)
        self.acknowledged, self.refused, self.sent = {}, [], 0
        self.stopping, self.abandoned = threading.Event(), threading.Event()
        self.waiting = 0
        self.lock = threading.Lock()
        self.answers = []
        self.threads = [threading.Thread(target=self._submit, args=(number,)) for number in range(3)]
        self.threads.append(threading.Thread(target=self._look))

    def start(self):
        for each in self.threads:
            each.start()

    def stop(self):
        self.stopping.set()
        for each in self.threads:
            each.join()

    def _submit(self, number):
        with httpx.Client(base_url=self.address, timeout=30) as client:
            count = 0
            while not self.stopping.is_set():
                if self.waiting >= MOST_WAITING:
                    time.sleep(0.02)
                    continue
                count += 1
                key = f"participant-{number}-{count}"
                with self.lock:
                    self.sent += 1
                    token = self.random.choice(self.tokens)
                body = json.dumps({"track": "forecast", "name": key})
                headers = {
                    "Authorization": f"Bearer {token}",
                    "Idempotency-Key": key,
                    "Content-Type": "application/json",
                }
                self._until_acknowledged(client, key, body, headers)

    def _look(self):
        """Note when the web process answers from the database."""
        with httpx.Client(base_url=self.address, timeout=5) as client:
            while not self.stopping.is_set():
                try:
                    if client.get("/v1/round").status_code == 200:
                        self.answers.append(time.monotonic())
                except httpx.HTTPError:
                    pass
                time.sleep(0.05)

    def _until_acknowledged(self, client, key, body, headers):
        while not self.abandoned.is_set():
            try:
                answer = client.post("/v1/submissions", content=body, headers=headers)
            except httpx.HTTPError:
                time.sleep(0.02)
                continue
            if answer.status_code < 300:
                with self.lock:
                    self.acknowledged[key] = answer.json()["id"]
                return
            if answer.status_code != 503:
                self.refused.append(answer.text)
                self.stopping.set()
                return
            time.sleep(0.05)


def run(
    url: str,
    instants: int,
    engine: str = "quick",
    seed: int = 0,
    pause: float = PAUSE,
    port: int = 8765,
    lease: float = 10.0,
) -> Found:
    """Run the whole on one database."""
    found = Found(url.split(":")[0].split("+")[0])
    draws = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="challenge-kills-") as temporary:
        folder = ChallengeFolder(Path(temporary))
        tokens = prepare(folder, url, lease)
        launcher = Launcher(folder.path, port, engine)
        load = Load(f"http://127.0.0.1:{port}", tokens, seed)
        store = Store.open(folder.database)
        began = time.monotonic()
        try:
            for what in ("web", *(f"scorer{number}" for number in range(SCORERS))):
                launcher.start(what)
            load.start()
            _until(lambda: load.acknowledged, 60)
            hit, web_kills = {}, []
            for _ in range(instants):
                time.sleep(draws.expovariate(1 / pause))
                load.waiting = _unfinished(store)
                scorer = f"scorer{draws.randrange(SCORERS)}"
                what = draws.choice([("web",), (scorer,), (scorer,), ("web", scorer)])
                for each in what:
                    launcher.kill(each)
                    if each == "web":
                        web_kills.append(time.monotonic())
                    else:
                        hit |= _running(store, launcher.names[each])
                found.kills[" and ".join(each.rstrip("0123456789") for each in what)] += 1
                for each in what:
                    launcher.start(each)
            load.stop()
            _until(lambda: _unfinished(store) == 0, 600)
            found.seconds = time.monotonic() - began
            _count(found, store, load, hit, engine)
            back = [next((each for each in load.answers if each > kill), None) for kill in web_kills]
            found.web_recovery = [each - kill for each, kill in zip(back, web_kills, strict=True) if each is not None]
        finally:
            load.stopping.set()
            load.abandoned.set()
            launcher.close()
            store.close()
    return found


def prepare(folder: ChallengeFolder, url: str, lease: float) -> list[str]:
    """Open a challenge without limits and let teams join; return their tokens."""
    from statefolio.challenge.store import clock
    from statefolio.challenge.store.credentials import redeem

    database = f"sqlite:///{folder.database_file}" if url == "sqlite" else url
    text = example_rules()
    text = text.replace("per_day = 5", "per_day = 1_000_000").replace("per_round = 150", "per_round = 1_000_000")
    assert "1_000_000" in text
    tables = {"server": f'database = "{database}"', "scoring": f"attempts = 1_000_000\nlease_seconds = {lease}"}
    for name, line in tables.items():
        if f"\n[{name}]\n" in text:
            head, tail = text.split(f"\n[{name}]\n")
            text = (
                f"{head}\n[{name}]\n{line}\n" + tail[tail.index("\n[") :]
                if "\n[" in tail
                else f"{head}\n[{name}]\n{line}\n"
            )
        else:
            text += f"\n[{name}]\n{line}\n"
    folder.rules_file.write_text(text)
    open_challenge(folder)
    letters = "abcdefghijkopqstuxyz"
    names = [f"team {letters[i]} {letters[j]}" for i in range(1, 5) for j in range(10, 20)][:TEAMS]
    codes = invite_teams(folder, names)
    with Store.open(folder.database) as store, store.transaction() as conn:
        return [redeem(conn, code, clock.now())[1] for code in codes.values()]


def _count(found: Found, store: Store, load: Load, hit: dict, engine: str) -> None:
    with store.reading() as conn:
        rows = {row.id: row for row in conn.execute(select(submissions))}
        mine = {id_: row for id_, row in rows.items() if row.counts_quota}
        counted = Counter(conn.scalars(select(scores.c.submission)))
        entries = conn.execute(select(audit_table.c.action, audit_table.c.details)).all()
        finished = Counter(details["submission"] for action, details in entries if action == "score")
        shown = conn.execute(select(board.c.team, board.c.track, board.c.value)).all()
        every = select(submissions.c.team, submissions.c.track, scores.c.value)
        best: dict = {}
        for row in conn.execute(every.join(scores, scores.c.submission == submissions.c.id)):
            best[row.team, row.track] = max(best.get((row.team, row.track), -1.0), row.value)
        chained = audit.verify(conn)
        assert chained == len(entries)
    found.acknowledged, found.stored = len(load.acknowledged), len(mine)
    found.lost = sum(id_ not in rows for id_ in load.acknowledged.values())
    found.doubled = len(mine) - load.sent if len(mine) > load.sent else 0
    found.doubled += len(load.acknowledged) - len(set(load.acknowledged.values()))
    found.scored_twice = sum(count > 1 for count in counted.values()) + sum(count > 1 for count in finished.values())
    found.stuck = sum(row.state in ("queued", "running") for row in rows.values())
    found.failed = sum(row.state == "failed" for row in rows.values())
    # Every finished submission has its score and its entry in the log; the board shows each team's best.
    done = {id_ for id_, row in rows.items() if row.state == "scored"}
    found.inconsistent = len(done ^ set(counted)) + len(done ^ set(finished))
    if engine == "quick":
        found.inconsistent += sum(row.value != best[row.team, row.track] for row in shown)
        found.inconsistent += len(best) - len(shown)
    found.refused = load.refused
    found.hit = len(hit)
    found.recovery = [
        (rows[id_].finished_at - killed).total_seconds() for id_, killed in hit.items() if rows[id_].finished_at
    ]


def _running(store: Store, name: str) -> dict:
    now = datetime.now(UTC)
    query = select(submissions.c.id).where(submissions.c.state == "running", submissions.c.scorer == name)
    with store.reading() as conn:
        return dict.fromkeys(conn.scalars(query), now)


def _unfinished(store: Store) -> int:
    query = select(func.count()).where(submissions.c.state.in_(("queued", "running")))
    with store.reading() as conn:
        return conn.execute(query).scalar()


def _until(true, seconds):
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return
        time.sleep(0.1)


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@contextmanager
def postgresql() -> Iterator[str]:
    """A private cluster, with its durability on."""
    import pwd
    import shutil

    programs = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
    if programs is None:
        yield ""
        return
    folder = Path(tempfile.mkdtemp(prefix="sf-pg-"))
    runner = []
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        runner = ["runuser", "-u", "postgres", "--"]

    def call(program, *arguments):
        command = [*runner, str(programs / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, timeout=120)

    data = str(folder / "data")
    call("initdb", "-D", data, "-A", "trust", "-U", "postgres")
    call("pg_ctl", "-D", data, "-l", str(folder / "log"), "-o", f"-c listen_addresses='' -k {folder}", "-w", "start")
    try:
        yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
    finally:
        call("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--instants", type=int, default=1000)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--engine", choices=["quick", "real"], default="quick")
    parser.add_argument("--pause", type=float, default=PAUSE, help="mean seconds between two kills")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--launch", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.launch:
        launch(Path(options.launch[0]), int(options.launch[1]), options.launch[2])
        return 0
    clean = True
    if options.database in ("sqlite", "both"):
        found = run("sqlite", options.instants, options.engine, options.seed, options.pause, options.port)
        print(found, flush=True)
        clean &= found.clean
    if options.database in ("postgresql", "both"):
        with postgresql() as url:
            if not url:
                print("postgresql: not installed, so it was skipped")
                return 0 if clean else 1
            found = run(url, options.instants, options.engine, options.seed, options.pause, options.port)
            print(found, flush=True)
            clean &= found.clean
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main())
