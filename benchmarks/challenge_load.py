"""Measures the challenge's service under load: 500 simulated participants with time to think.

    python benchmarks/challenge_load.py [--users 500] [--seconds 60] [--think 5] [--scorers 0] [--database URL]

Makes a challenge on bundled data, starts the web process, joins every participant through the API, and lets each one
look at the board, list its submissions and submit. The load comes from this process over plain sockets, which costs
little: the service has the machine nearly for itself. Prints the 50th, 95th and 99th percentile of each kind of
request; targets: submit 250 ms, board 200 ms at the 95th, no status of 500 or more.
"""

import argparse
import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

TARGETS = {"submit": 0.250, "board": 0.200, "board page": 0.200}
MIX = (("board", 0.45), ("board page", 0.2), ("list", 0.2), ("submit", 0.15))


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "challenge"
        codes = make_challenge(folder, options.users, options.database)
        port = free_port()
        processes = [start("serve", str(folder), "--port", str(port))]
        if options.scorers:
            processes.append(start("score", str(folder), "--workers", str(options.scorers)))
        try:
            return asyncio.run(_measure(port, folder, codes, options))
        finally:
            for each in processes:
                each.terminate()
            for each in processes:
                each.wait(60)


def make_challenge(folder: Path, users: int, database: str | None) -> list[str]:
    """Open a challenge without limits that a load would reach, and return an invitation for each user."""
    from statefolio.challenge.folder import ChallengeFolder
    from statefolio.challenge.organiser.opening import open_challenge
    from statefolio.challenge.organiser.preparing import init_folder
    from statefolio.challenge.organiser.teams import invite_teams

    file = init_folder(folder)
    text = (
        file.read_text().replace("per_day = 5", "per_day = 100_000").replace("per_round = 150", "per_round = 100_000")
    )
    if database:
        text = text.replace("[server]\n", f'[server]\ndatabase = "{database}"\n')
    file.write_text(text)
    made = ChallengeFolder(folder)
    open_challenge(made)
    return list(invite_teams(made, [f"Participant {number}" for number in range(users)]).values())


def fill_board(folder: Path, tries: int = 10) -> None:
    """Give every team some scored submissions and a place on the board, as a round has after a few days."""
    import secrets

    from sqlalchemy import delete, insert, select

    from statefolio.challenge.folder import ChallengeFolder
    from statefolio.challenge.store import clock, tables
    from statefolio.challenge.store.rounds import round_of
    from statefolio.challenge.store.store import Store

    now, draw = clock.now(), random.Random(0)
    details = dict.fromkeys(("qlike", "sortino", "calmar", "maximum_drawdown", "daily_turnover", "cost_drag"), 0.5)
    entries, scored, places = [], [], []
    with Store.open(ChallengeFolder(folder).database) as store, store.transaction() as conn:
        engine = round_of(conn).engine_version
        teams = conn.scalars(select(tables.teams.c.id).where(tables.teams.c.benchmark.is_(False))).all()
        for rank, team in enumerate(teams, start=1):
            for number in range(tries):
                given = f"s_{secrets.token_hex(10)}"
                entries.append(
                    {"id": given, "team": team, "track": "forecast", "name": f"try {number}", "body": "{}",
                     "body_hash": "0" * 64, "created_at": now, "counts_quota": True, "state": "scored",
                     "window": "validation", "engine_version": engine, "attempts": 1}
                )  # fmt: skip
                scored.append(
                    {"submission": given, "engine_version": engine, "window": "validation", "value": draw.gauss(3, 1),
                     "standard_error": 0.1, "details": details, "failed_gates": [], "reasons": [],
                     "series_hash": "0" * 64, "improved": number == tries - 1, "scored_at": now}
                )  # fmt: skip
            places.append(
                {"team": team, "track": "forecast", "engine_version": engine, "submission": given,
                 "value": 5.0 - rank / 100, "rank": rank, "updated_at": now}
            )  # fmt: skip
        conn.execute(delete(tables.board))
        for table, rows in ((tables.submissions, entries), (tables.scores, scored), (tables.board, places)):
            conn.execute(insert(table), rows)


def start(*arguments: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "statefolio", "challenge", *arguments]
    return subprocess.Popen(command, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Line:
    """A connection that is kept, with one request at a time."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def ask(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, bytes]:
        for fresh in (False, True):
            try:
                if self.writer is None or fresh:
                    self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
                return await self._ask(method, path, headers, body)
            except (ConnectionError, asyncio.IncompleteReadError):
                if fresh:
                    raise
        raise AssertionError

    async def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        assert self.reader is not None
        assert self.writer is not None
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        return int(head.split()[1]), await self.reader.readexactly(length)


async def _measure(port: int, folder: Path, codes: list[str], options: argparse.Namespace) -> int:
    await until_served(port)
    tokens = []
    for code in codes:
        status, body = await Line(port).ask("POST", "/v1/join", {"Content-Type": "application/json"}, _json(code=code))
        assert status == 201, body
        tokens.append(json.loads(body)["token"])
    fill_board(folder)
    seconds: dict[str, list[float]] = defaultdict(list)
    statuses: dict[int, int] = defaultdict(int)
    ends = time.perf_counter() + options.seconds
    kept = (ends, options.think, seconds, statuses)
    await asyncio.gather(*(_user(port, token, number, *kept) for number, token in enumerate(tokens)))
    return _report(seconds, statuses, options)


async def _user(
    port: int,
    token: str,
    number: int,
    ends: float,
    think: float,
    seconds: dict[str, list[float]],
    statuses: dict[int, int],
) -> None:
    draw, line, tries = random.Random(number), Line(port), 0
    await asyncio.sleep(draw.uniform(0.0, think))
    while time.perf_counter() < ends:
        kind = draw.choices([name for name, _ in MIX], [share for _, share in MIX])[0]
        headers, method, path, body = {"Authorization": f"Bearer {token}"}, "GET", "/v1/leaderboard", b""
        if kind == "board page":
            headers, path = {"Accept": "text/html"}, "/board"
        elif kind == "list":
            path = "/v1/submissions"
        elif kind == "submit":
            tries += 1
            method, path = "POST", "/v1/submissions"
            headers |= {"Content-Type": "application/json", "Idempotency-Key": f"load-{number:05d}-{tries:05d}"}
            body = _json(track="forecast", name=f"try {tries}", loadings={"tails": "gaussian"})
        started = time.perf_counter()
        status, _ = await line.ask(method, path, headers, body)
        seconds[kind].append(time.perf_counter() - started)
        statuses[status] += 1
        await asyncio.sleep(draw.expovariate(1.0 / think))


async def until_served(port: int) -> None:
    for _ in range(1_200):
        try:
            if (await Line(port).ask("GET", "/healthz", {}))[0] == 200:
                return
        except ConnectionError:
            pass
        await asyncio.sleep(0.1)
    raise TimeoutError("the service did not start")


def _report(seconds: dict[str, list[float]], statuses: dict[int, int], options: argparse.Namespace) -> int:
    total = sum(map(len, seconds.values()))
    rate = total / options.seconds
    print(f"{options.users} participants, {total} requests in {options.seconds:.0f} s: {rate:.0f} a second")
    print(f"{'kind':12} {'requests':>8} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8}")
    late = False
    for kind, values in sorted(seconds.items()):
        ordered = sorted(values)
        found = [ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.95, 0.99)]
        late |= found[1] > TARGETS.get(kind, 1e9)
        print(f"{kind:12} {len(ordered):8d} " + " ".join(f"{1e3 * each:8.1f}" for each in found))
    print("statuses:", dict(sorted(statuses.items())))
    failed = late or any(status >= 500 for status in statuses)
    print("targets missed" if failed else "targets met")
    return int(failed)


def _json(**values: object) -> bytes:
    return json.dumps(values).encode()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--think", type=float, default=5.0, help="mean seconds between two requests of a participant")
    parser.add_argument("--scorers", type=int, default=0)
    parser.add_argument("--database", help="URL of an empty PostgreSQL database; by default SQLite")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
