"""A challenge with teams and scored submissions, and its service."""

import json
import socket
import threading
import time
from datetime import timedelta

import httpx
import pytest
import uvicorn

from statefolio.challenge.rules.settings import example_rules, parse_rules, published
from statefolio.challenge.rules.submission import read_submission
from statefolio.challenge.rules.universe import Universe
from statefolio.challenge.service.serving import configuration
from statefolio.challenge.service.settings import ServiceSettings
from statefolio.challenge.store import clock
from statefolio.challenge.store.board import BoardChange, displayed
from statefolio.challenge.store.claims import Scored
from statefolio.challenge.store.credentials import invite, redeem
from statefolio.challenge.store.queue import claim, finish
from statefolio.challenge.store.rounds import Round, create_round, open_round
from statefolio.challenge.store.schema import migrate
from statefolio.challenge.store.store import Store
from statefolio.challenge.store.submissions import submit

ENGINE = "1+1"
UNIVERSE = Universe(("AAPL", "KO", "XOM", "PEP"), ("market", "size"))
FORECAST = {"track": "forecast", "name": "Gaussian tails", "loadings": {"tails": "gaussian"}}
PORTFOLIO = {"track": "portfolio", "name": "Equal weight", "portfolio": {"equal": {"objective": "equal_weight"}}}
WINDOWS = {"public": {"tune_until": "2018-12-28", "first": "2019-01-02", "last": "2019-06-28", "dates": 120}}
FACTOR_PAGE = {
    "as_of": "2019-06-28",
    "factors": [
        {
            "name": name,
            "windows": {
                "month": {"value": middle, "low": middle - 0.03, "high": middle + 0.03},
                "quarter": {"value": 2 * middle, "low": 2 * middle - 0.05, "high": 2 * middle + 0.05},
                "year": {"value": 3 * middle, "low": 3 * middle - 0.1, "high": 3 * middle + 0.1},
            },
        }
        for name, middle in (("market", 0.021), ("momentum", 0.052), ("value", -0.013), ("quality", 0.004))
    ],
}


def a_round(rules, **changes) -> Round:
    now = clock.now()
    values = {
        "state": "draft",
        "name": rules.challenge.name,
        "tutorial": rules.challenge.tutorial,
        "opens_at": now - timedelta(days=1),
        "closes_at": now + timedelta(days=10),
        "per_day": rules.limits.per_day,
        "per_round": rules.limits.per_round,
        "finalists": rules.limits.finalists,
        "attempts": rules.scoring.attempts,
        "rules": published(rules),
        "engine_version": ENGINE,
    }
    return Round(**{**values, **changes})


class Scene:
    """A challenge in a folder."""

    def __init__(self, folder, url=None, text=None, **changes):
        self.folder = folder
        self.url = url or f"sqlite:///{folder}/challenge.db"
        self.rules = parse_rules(text or example_rules(), "challenge.toml")
        self.public = folder / "public"
        self.public.mkdir(exist_ok=True)
        self.publish("rules.json", {"rules": published(self.rules), "universe": UNIVERSE.to_json(), "windows": WINDOWS})
        self.publish("factor_page.json", FACTOR_PAGE)
        (self.public / "returns.csv").write_text("date,KO\n2019-06-28,0.01\n")
        self.store = Store.open(self.url)
        migrate(self.store)
        with self.store.transaction() as conn:
            create_round(conn, a_round(self.rules, **changes), clock.now())
            open_round(conn, data_hash="d" * 64, commitment="c" * 64, now=clock.now())

    def publish(self, name, content):
        (self.public / name).write_text(json.dumps(content))

    def settings(self, **changes):
        values = {"database": self.url, "public": self.public, "rules": self.rules}
        return ServiceSettings(**{**values, **changes})

    def code(self, name):
        with self.store.transaction() as conn:
            return next(iter(invite(conn, [name], clock.now()).values()))

    def join(self, name):
        """Return a new team and its token."""
        code = self.code(name)
        with self.store.transaction() as conn:
            return redeem(conn, code, clock.now())

    def submit(self, team, given=FORECAST, key=None):
        entry = read_submission(json.dumps(given).encode())
        with self.store.transaction() as conn:
            return submit(conn, team, entry, key, clock.now())

    def score(self, value, *, improved=True, rank=None, gates=(), reasons=(), details=None):
        """Score the oldest submission of the queue, as a scorer does."""
        with self.store.transaction() as conn:
            held = claim(conn, "tests", ENGINE, clock.now(), timedelta(minutes=1))
            version, others = displayed(conn, held.track, ENGINE)
            values = {each.team: each.value for each in others} | {held.team: value}
            order = sorted(values, key=lambda team: -values[team])
            ranks = {team: place for place, team in enumerate(order, start=1)}
            change = None if gates else BoardChange(improved, version, rank or ranks)
            scored = Scored(
                value=value,
                standard_error=0.01,
                details=details
                or {
                    "sortino": 1.8,
                    "calmar": 0.9,
                    "maximum_drawdown": -0.12,
                    "daily_turnover": 0.021,
                    "cost_drag": 0.004,
                    "gross_exposure": 1.0,
                    "qlike": 1.27,
                },
                failed_gates=gates,
                reasons=reasons,
                series_hash="e" * 64,
            )
            assert finish(conn, held, scored, change, clock.now()) == "done"

    def client(self, token=None, **changes):
        """Return a client of the service, which runs in a thread of this process and ends with the client."""
        return Served(configuration(self.settings(**changes), "127.0.0.1", 0), token)


class Served(httpx.Client):
    """A client of an application that listens on a free port of this machine."""

    def __init__(self, config, token=None):
        self.app = config.app
        listener = socket.create_server(("127.0.0.1", 0))
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [listener]}, daemon=True)
        self.thread.start()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.port = listener.getsockname()[1]
        super().__init__(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=60)
        while not self.server.started:
            time.sleep(0.005)

    def close(self):
        super().close()
        self.server.should_exit = True
        self.thread.join(20)
        assert not self.thread.is_alive()

    def __exit__(self, *_):
        self.close()


@pytest.fixture
def make_scene(tmp_path):
    made = []

    def make(folder=tmp_path, **given):
        made.append(Scene(folder, **given))
        return made[-1]

    yield make
    for each in made:
        each.store.close()


@pytest.fixture
def scene(make_scene):
    return make_scene()
