"""A quick engine, and scorers with it."""

import json
import time
from datetime import timedelta

import numpy as np
import pytest

from statefolio.challenge.store import clock
from statefolio.challenge.store.rounds import create_round, open_round
from statefolio.challenge.worker.confinement import Limits
from statefolio.challenge.worker.scorer import Scorer


class QuickEngine:
    """Scores a submission by its name: "1.5" is a value, and words misbehave."""

    version = "1+1"

    def __init__(self):
        self.warmed = False

    def warm(self):
        self.warmed = True

    def score(self, body, window):
        word = json.loads(body)["name"]
        if word == "memory":
            return {"value": float(np.ones(2**33).sum())}, {}
        if word == "loop":
            while True:
                pass
        if word == "sleep":
            time.sleep(3600)
        if word == "error":
            raise RuntimeError("secret of 2021-03-04")
        if word.startswith("slow"):
            time.sleep(0.3)
            word = "1.0"
        gates = ["weight"] if word == "gate" else []
        value = None if word in ("gate", "undefined") else float(word) + (10.0 if window == "final" else 0.0)
        content = {"value": value, "standard_error": 0.1, "details": {"length": len(word)}}
        shown = {"failed_gates": gates, "reasons": ["Hold less."] if gates else []}
        return {**content, **shown}, {"values": np.full(3, np.nan if value is None else value)}

    def improves(self, track, new, best, benchmark):
        return bool(new["values"].mean() > best["values"].mean() + 0.2)

    def ranks(self, track, results):
        values = {team: float(arrays["values"].mean()) for team, arrays in results.items()}
        return {team: 1 + sum(other > value for other in values.values()) for team, value in values.items()}


@pytest.fixture
def live(store, a_round):
    """A database with an open round, by the real clock."""
    now = clock.now()
    with store.transaction() as conn:
        create_round(conn, a_round(opens_at=now - timedelta(days=1), closes_at=now + timedelta(days=1)), now)
        open_round(conn, data_hash="d", commitment="c", now=now)
    return store


@pytest.fixture
def make_scorer(live, url, tmp_path):
    from statefolio.challenge.store.store import Store

    made = []

    def make(name="one", **changes):
        limits = Limits(cpu_seconds=1.0, memory=300 * 2**20, wall_seconds=2.0)
        own = Store.open(url, pooled=False)
        values = {"engine": QuickEngine(), "name": name, "folder": tmp_path / "series", "limits": limits}
        made.append(Scorer(**{"store": own, "idle_seconds": 0.02, **values, **changes}))
        return made[-1]

    return make
