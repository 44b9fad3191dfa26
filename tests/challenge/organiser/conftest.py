"""An open challenge on bundled data, with a quick engine that makes a series for each submission."""

import hashlib
import shutil

import numpy as np
import pytest

from statefolio.challenge.folder import ChallengeFolder
from statefolio.challenge.organiser.opening import open_challenge
from statefolio.challenge.organiser.preparing import init_folder
from statefolio.challenge.organiser.teams import invite_teams
from statefolio.challenge.rules.submission import read_submission, submission_of_toml
from statefolio.challenge.scoring.engine_version import ENGINE_VERSION
from statefolio.challenge.scoring.round_data import RoundData
from statefolio.challenge.store import clock, credentials
from statefolio.challenge.store.store import Store
from statefolio.challenge.store.submissions import submit
from statefolio.challenge.worker.confinement import Limits
from statefolio.challenge.worker.scorer import Scorer


class SeriesEngine:
    """A submission's series is noise from the hash of its body."""

    version = ENGINE_VERSION

    def __init__(self, data):
        self.data = data

    def warm(self):
        pass

    def score(self, body, window):
        dates, index = self.data.windows.of(window), self.data.market.dates
        chosen = index[(index >= dates.first) & (index <= dates.last)]
        seed = int(hashlib.sha256(body.encode()).hexdigest()[:8], 16)
        values = np.random.default_rng([seed, len(window)]).normal(0.0005, 0.01, len(chosen))
        content = {"value": float(values.mean()), "standard_error": 0.1, "details": {}}
        arrays = {"dates": chosen.to_numpy().astype("datetime64[ns]").astype(np.int64), "values": values}
        return {**content, "failed_gates": [], "reasons": []}, arrays

    def improves(self, track, new, best, benchmark):
        return bool(new["values"].mean() > best["values"].mean())

    def ranks(self, track, results):
        return dict.fromkeys(results, 1)


@pytest.fixture(scope="session")
def opened_once(tmp_path_factory):
    """The folder of a challenge that was just opened."""
    path = tmp_path_factory.mktemp("opened") / "challenge"
    init_folder(path)
    open_challenge(ChallengeFolder(path))
    return path


@pytest.fixture
def folder(opened_once, tmp_path):
    shutil.copytree(opened_once, tmp_path / "challenge")
    return ChallengeFolder(tmp_path / "challenge")


@pytest.fixture
def data(folder):
    return RoundData.load(folder.data_file)


@pytest.fixture
def join(folder):
    """Let a team join; return it."""

    def join(name):
        code = invite_teams(folder, [name])[name]
        with Store.open(folder.database) as store, store.transaction() as conn:
            return credentials.redeem(conn, code, clock.now())[0]

    return join


@pytest.fixture
def send(folder, data):
    """Submit a forecast of this name; return its id."""

    def send(team, name):
        text = f'track = "forecast"\nname = "{name}"\n'
        entry = read_submission(submission_of_toml(text), data.universe)
        with Store.open(folder.database) as store, store.transaction() as conn:
            return submit(conn, team, entry, None, clock.now()).id

    return send


@pytest.fixture
def scorer(folder, data):
    """A scorer with the quick engine."""
    with Store.open(folder.database, pooled=False) as store:
        made = Scorer(store, SeriesEngine(data), "quick", folder.series, Limits())
        made._say("waiting")
        yield made


@pytest.fixture
def drain(scorer):
    """Score all that waits."""

    def drain(*_):
        scorer._say("waiting")
        while scorer.step():
            pass

    return drain


class Recorded:
    """A progress callback that remembers its calls."""

    def __init__(self):
        self.said, self.stages = [], []

    def say(self, text):
        self.said.append(text)

    def __call__(self, stage, done, total):
        self.stages.append((stage, done, total))


@pytest.fixture
def progress():
    return Recorded()
